"""Files of requests and of verdicts, CSV or JSON Lines: read line by line, written whole or not at all."""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from bot.messages import Json

CSV, JSONL = ".csv", ".jsonl"

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet would take for a formula: somebody's words must not become one."""


def checked(file: Path) -> Path:
    """The file, if its name tells which kind it is. Raises ValueError."""
    if file.suffix not in (CSV, JSONL):
        raise ValueError(f"{file}: neither .csv nor .jsonl")
    return file


@contextmanager
def whole(file: Path, *, encoding: str) -> Iterator[IO[str]]:
    """A file that gets its name only once all of it is on the disk; only its owner may read it (mode 0600).

    Raises FileExistsError where there is one of that name.
    """
    if file.exists():
        raise FileExistsError(f"{file} is there already: give another name")
    folder = file.parent
    with NamedTemporaryFile(
        "w", encoding=encoding, newline="", dir=folder, prefix=f".{file.name}.", delete=False
    ) as draft:
        try:
            yield draft
            draft.flush()
            os.fsync(draft.fileno())
            os.replace(draft.name, file)
        except BaseException:
            os.unlink(draft.name)
            raise
    listed = os.open(folder, os.O_RDONLY)
    os.fsync(listed)  # the name too survives a power cut
    os.close(listed)


def cell(value: Json) -> Json:
    """A value as a spreadsheet may read it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def lines(file: Path) -> Iterator[tuple[int, Mapping[str, Json]]]:
    """The lines of a file with their numbers; one that cannot be read is empty. Raises ValueError."""
    with checked(file).open(encoding="utf-8-sig", newline="") as text:
        if file.suffix == JSONL:
            yield from ((number, _object(line)) for number, line in enumerate(text, 1) if line.strip())
            return
        rows = csv.DictReader(text)
        try:
            for row in rows:
                yield rows.line_num, {str(name).strip(): value for name, value in row.items()}
        except csv.Error as fault:
            raise ValueError(f"{file}: after line {rows.line_num}: {fault}") from None


def _object(line: str) -> Mapping[str, Json]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""What an import leaves in files beside the database: the rows that were not taken, and the keys that it saw.

Both are written before the rows are committed. An import that goes on first cuts off what was not.
"""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.imports.prepare import Reject

KEY_BYTES = 8
HEADER = ",".join(Reject._fields).encode()

CHUNK = 1 << 20
"""Keys that are looked at together."""


class RejectsFile:
    """A CSV file with a line for each reason; there is none until there is one."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def begin(self, done: int) -> None:
        """Leave what is said of the first `done` rows. ValueError: it cannot be written."""
        try:
            if self.file.exists() and not self._ours():
                raise ValueError(
                    f"{self.file} is there and lists something else: name another with --rejects"
                )
            if done == 0:
                self.file.unlink(missing_ok=True)
            if not self.file.exists():
                self.file.touch()
                self.file.unlink()
                return
            with self.file.open("rb+") as file:
                file.truncate(_end(file, done))
        except OSError as fault:
            raise ValueError(
                f"{self.file}: {fault.strerror}; name with --rejects where rows not taken can be listed"
            ) from None

    def _ours(self) -> bool:
        with self.file.open("rb") as file:
            return file.readline().removeprefix(b"\xef\xbb\xbf").rstrip() in (b"", HEADER)

    def add(self, rejects: Sequence[Reject]) -> None:
        """List reasons, for good once this returns."""
        if not rejects:
            return
        fresh = not self.file.exists()
        # With the mark by which spreadsheets know UTF-8.
        with self.file.open("a", encoding="utf-8-sig" if fresh else "utf-8", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(Reject._fields)
            writer.writerows(one._replace(value=" ".join(one.value.split())) for one in rejects)
            file.flush()
            os.fsync(file.fileno())


def _end(file: Iterator[bytes], done: int) -> int:
    """Where the first line begins that is about a later row, or was not written whole."""
    end = 0
    for place, line in enumerate(file):
        if not line.endswith(b"\n") or (place and int(line.split(b",", 1)[0]) > done):
            break
        end += len(line)
    return end


class KeysFile:
    """The keys of all rows in 8 bytes each, 0 for a row without: on disk, because there may be millions."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def begin(self, done: int) -> None:
        """Leave those of the first `done` rows."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("ab") as file:
            file.truncate(done * KEY_BYTES)

    def add(self, keys: bytes, rows: int) -> None:
        """Note the keys of so many rows; those that are left have none."""
        with self.file.open("ab") as file:
            file.write(keys.ljust(rows * KEY_BYTES, b"\0"))

    def end(self) -> int:
        """How many rows have a key that another row had before; the file is removed."""
        rows = self.file.stat().st_size // KEY_BYTES
        shares = rows // CHUNK + 1
        found = sum(_repeated(self._share(share, shares)) for share in range(shares))
        self.file.unlink()
        return found

    def _share(self, share: int, shares: int) -> NDArray[np.uint64]:
        """The keys that belong to one of so many shares: equal ones to the same."""
        found = []
        with self.file.open("rb") as file:
            while len(keys := np.frombuffer(file.read(CHUNK * KEY_BYTES), np.uint64)):
                found.append(keys[(keys % shares == share) & (keys != 0)])
        return np.concatenate(found) if found else np.empty(0, np.uint64)


def _repeated(keys: NDArray[np.uint64]) -> int:
    keys.sort()
    return int((keys[1:] == keys[:-1]).sum())

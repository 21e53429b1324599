"""Hands requests to those who keep the registry, as a file.

A request counts as exported only when it stands in a whole file: who is stopped in the middle begins anew,
and no request is lost.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

from bot.messages import Json
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.updates import requests
from services.updates.files import CSV, cell, checked, lines, whole
from services.updates.kinds import load_kinds
from services.updates.requests import FIRST_STATUS, UNSETTLED, AnyRow

BATCH = 500
"""Requests of one statement: memory does not grow with their number."""


def export(
    store: Store,
    keys: Keys,
    file: Path,
    *,
    kind: str | None = None,
    since: datetime | None = None,
    again: bool = False,
    note: Callable[[int], None] = lambda count: None,
) -> int:
    """Write the new requests to a `.csv` or `.jsonl` file that only its owner may read; how many.

    `since` leaves older ones out; `again` takes in those that were exported before and are not settled. CNICs
    stand in it in plain, because the registry finds people by them. `note` is told how many, before the file
    gets its name: so none is there that is not on record. Raises FileExistsError, ValueError.
    """
    statuses = UNSETTLED if again else (FIRST_STATUS,)
    as_csv = checked(file).suffix == CSV
    told = (_told(keys, row) for row in _rows(store, statuses, kind=kind, since=since))
    # The mark at the beginning tells a spreadsheet that this is not the alphabet of its own country.
    with whole(file, encoding="utf-8-sig" if as_csv else "utf-8") as out:
        count = _write_csv(out, told) if as_csv else _write_jsonl(out, told)
        note(count)
    return count


def mark(store: Store, file: Path, at: datetime) -> int:
    """Count the requests of a whole file as exported; how many of them were new."""
    references = (str(line["reference"]) for _, line in lines(file))
    marked = 0
    while batch := list(islice(references, BATCH)):
        marked += store.run_now(partial(requests.mark_exported, references=batch, at=at))
    return marked


def _rows(
    store: Store, statuses: Iterable[str], *, kind: str | None = None, since: datetime | None = None
) -> Iterator[AnyRow]:
    """The requests of these statuses, oldest first, read in parts."""
    part = partial(requests.part, statuses=tuple(statuses), kind=kind, since=since, most=BATCH)
    after: AnyRow | None = None
    while found := store.read_now(partial(part, after=after)):
        yield from found
        after = found[-1]


def columns() -> list[str]:
    """Those of the CSV: one for each thing that is asked of any kind of change."""
    asked = dict.fromkeys(field.name for kind in load_kinds().values() for field in kind.fields)
    return ["reference", "at", "kind", "cnic", "proven", *asked, "papers"]


def as_printed(number: str | None) -> str | None:
    """A CNIC as the card shows it: of 13 bare digits a spreadsheet would round the last."""
    return f"{number[:5]}-{number[5:12]}-{number[12:]}" if number else None


def _told(keys: Keys, row: AnyRow) -> dict[str, Json]:
    facts, kind = json.loads(keys.open(row.facts)), load_kinds().get(row.kind)
    return {
        "reference": row.reference,
        "at": row.at.isoformat(),
        "kind": row.kind,
        "cnic": as_printed(facts["cnic"]),
        "proven": row.proven,
        "said": {name: value_of(answer) for name, answer in facts["said"].items()},
        "papers": [paper.name for paper in kind.papers] if kind else [],
    }


def value_of(answer: Mapping[str, Json]) -> Json:
    """What was said of one thing, None where it is not known."""
    return as_printed(answer["value"]) if answer["how"] == "number" else answer["value"]


def _write_csv(out: IO[str], told: Iterable[dict[str, Json]]) -> int:
    table, written = csv.DictWriter(out, columns(), extrasaction="ignore"), 0
    table.writeheader()
    for request in told:
        said = {name: cell(value) for name, value in request["said"].items()}
        table.writerow({**request, "papers": " ".join(request["papers"]), **said})
        written += 1
    return written


def _write_jsonl(out: IO[str], told: Iterable[dict[str, Json]]) -> int:
    written = 0
    for request in told:
        out.write(json.dumps(request, ensure_ascii=False) + "\n")
        written += 1
    return written

"""What the checks found, by district and in all."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from services.quality.checks import Check, Count, Limits, questions, totals
from services.store.engine import Store

COLUMNS = ("district", "check", "found", "of", "share")


@dataclass(frozen=True, slots=True)
class Report:
    """Rows by district, of each group and of each check: district -> how many."""

    checks: Sequence[Check]
    total: Mapping[str, Mapping[str, int]]
    found: Mapping[str, Mapping[str, int]]

    def count(self, check: Check, district: str | None) -> tuple[int, int]:
        """How many were found of how many, in a district or (None) in all."""
        found, total = self.found[check.id], self.total[check.of]
        if district is None:
            return sum(found.values()), sum(total.values())
        return found.get(district, 0), total.get(district, 0)

    def worst(self, check: Check) -> str | None:
        """The district with the largest share, where any has one."""
        found = [(self.share(check, district), district) for district in self.found[check.id]]
        share, district = max(found, default=(0.0, ""))
        return district if share else None

    def share(self, check: Check, district: str | None) -> float:
        """The part that was found, 0 where there is nothing."""
        found, total = self.count(check, district)
        return found / total if total else 0.0

    def districts(self) -> list[str]:
        """Those that have anything, in order."""
        return sorted({district for counted in self.total.values() for district in counted})


def look(
    store: Store, checks: Sequence[Check], limits: Limits, today: date, tell: Callable[[str], None]
) -> Report:
    """Ask the database everything, one question after the other; `tell` is told which is next.

    Only counts leave the database, so memory does not grow with the registry.
    """
    asked = {**totals(), **questions(limits, today)}
    counted: dict[str, dict[str, int]] = {}
    for name, question in asked.items():
        tell(name)
        counted[name] = store.read_now(partial(_counts, question))
    return Report(checks, {check.of: counted[check.of] for check in checks}, counted)


def write(report: Report, file: Path) -> int:
    """All counts as CSV, the whole file or none; how many lines."""
    draft = file.with_name(f".{file.name}.part")
    lines = 0
    try:
        with draft.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(COLUMNS)
            for row in _lines(report):
                writer.writerow(row)
                lines += 1
        os.replace(draft, file)
    except OSError as fault:
        raise ValueError(f"{file}: cannot be written ({fault.strerror})") from None
    return lines


def _lines(report: Report) -> Iterator[tuple[str, str, int, int, str]]:
    for district in report.districts():
        for check in report.checks:
            found, total = report.count(check, district)
            yield district, check.id, found, total, f"{report.share(check, district):.4f}"


def _counts(question: Count, connection: Connection) -> dict[str, int]:
    return {district: int(count) for district, count in connection.execute(question)}

"""Values as real systems send them: numbers in quotes, "" for nothing at all, days written three ways."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?!\d)")
_DOTTED = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})")


def text(value: Any) -> str:
    """A text without the space around it; numbers as text; "" for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def number(value: Any) -> int | None:
    """A whole number, also one in quotes; None for anything else."""
    written = text(value)
    return int(written) if re.fullmatch(r"-?\d{1,9}", written, re.ASCII) else None


def part(value: Any) -> Mapping[str, Any]:
    """An object; an empty one for "", null and whatever else stands there instead."""
    return value if isinstance(value, Mapping) else {}


def parts(value: Any) -> tuple[Mapping[str, Any], ...]:
    """The objects of a list, or the one that stands there without a list."""
    return tuple(map(part, value)) if isinstance(value, list) else (value,) if part(value) else ()


def first(value: Mapping[str, Any], *names: str) -> Any:
    """The first member that is there under one of its spellings and is not empty; None without one."""
    return next((value[name] for name in names if value.get(name) not in (None, "", [], {})), None)


def moment(value: Any) -> datetime | None:
    """A moment with its time zone, in UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text(value))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def day(value: Any) -> date | None:
    """A day written 2024-05-02, with or without a time behind it, or 02.05.2024; None for anything else."""
    written = text(value)
    if dotted := _DOTTED.fullmatch(written):
        written = f"{dotted[3]}-{dotted[2]}-{dotted[1]}"
    found = _DAY.match(written)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def cnic(value: Any) -> str | None:
    """The 13 digits of an identity number, written with or without dashes; None for anything else."""
    digits = re.sub(r"[\s-]", "", text(value))
    return digits if re.fullmatch(r"\d{13}", digits, re.ASCII) else None

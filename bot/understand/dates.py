"""Days, months and lengths of time that a text names."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from bot.messages import Json

_DATE = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})[/.-](20\d\d|\d\d)(?![\d/.-])")
_YEAR = re.compile(r"(?:19|20)\d\d")
_UNITS = {"day": "D", "week": "W", "month": "M", "year": "Y"}
MONTHS_OF_A_QUARTER = 3


def dates(
    text: str, words: Sequence[str], months: Mapping[str, int], units: Mapping[str, str], today: date
) -> dict[str, Json]:
    """Slots `date` (ISO day), `month` (1 to 12) and `duration` (ISO 8601: "3 mahine" is P3M).

    `text` is plain, `words` are its loosely normalised ones. A day without a year is the nearest to `today`.
    """
    found: dict[str, Json] = {}
    written = _DATE.search(text)
    if written:
        day = _day(int(written[3]) % 100 + 2000, int(written[2]), int(written[1]))
        if day:
            found["date"] = day.isoformat()
    for place, word in enumerate(words):
        number = _number(words[place - 1]) if place else 0
        if word in months:
            after = _number(words[place + 1]) if place + 1 < len(words) else 0
            found.setdefault("month", months[word])
            year = next((int(w) for w in words[place + 1 : place + 3] if _YEAR.fullmatch(w)), 0)
            on = number or after
            named = _day(year, months[word], on) if year else _nearest(months[word], on, today)
            if named and "date" not in found:
                found["date"] = named.isoformat()
        elif number and word in units:
            found.setdefault("duration", _duration(number, units[word]))
    return found


def _duration(number: int, unit: str) -> str:
    if unit == "quarter":
        return f"P{number * MONTHS_OF_A_QUARTER}M"
    return f"P{number}{_UNITS[unit]}"


def _number(word: str) -> int:
    return int(word) if word.isdecimal() and len(word) <= 2 else 0


def _nearest(month: int, day: int, today: date) -> date | None:
    days = [_day(year, month, day) for year in (today.year - 1, today.year, today.year + 1)]
    return min((d for d in days if d), key=lambda d: abs((d - today).days), default=None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

"""What a field of an extract says: each kind of value as its text is read, or why it cannot be."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from rapidfuzz import process

from bot.understand.normalise import loose, plain
from bot.understand.slots import CNIC_DIGITS, PHONE
from services.imports.layout import Layout

Read: TypeAlias = Callable[[str], Any]
"""The value of a text that is neither empty nor has space around it; raises `Wrong`."""

EARLIEST = "1900-01-01"
LARGEST = 2**31 - 1
NEAR = 70
"""From this likeness (0-100) on a known spelling is suggested."""

KEPT_WORDS = 1 << 16
"""Different texts of a column with few different values that are remembered."""

_NOT_WORD = re.compile(r"[\W_]+")
_APART = re.compile(r"[\s\-().]")
_AMOUNT = re.compile(r"(?:(?:rs|pkr)\.?\s*)?(-?)\s*(\d[\d,]*)(?:\.0+)?\s*(?:/-|/=)?", re.I)
_CYCLE = re.compile(r"(\d{4})\s*-?\s*Q([1-4])", re.I)
_YES, _NO = ("yes", "true", "1", "y"), ("no", "false", "0", "n")


class Wrong(Exception):
    """This text cannot be what the column is for; the message ends the sentence `<column> ...`."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What values are measured by.

    `places`: districts as `services.locales.load_places` reads them. `programmes`: id -> its names.
    `complaints`: their categories -> whether local staff must not see one.
    """

    today: date
    places: Mapping[str, Mapping[str, Any]]
    programmes: Mapping[str, Iterable[str]]
    complaints: Mapping[str, bool]
    layout: Layout = field(default_factory=Layout)

    @property
    def latest(self) -> str:
        """The last day that may have been: it is tomorrow in Pakistan five hours before it is in UTC."""
        return (self.today + timedelta(days=1)).isoformat()


def thirteen(text: str) -> str:
    """The digits of a CNIC or B-form number, with or without dashes. Raises `Wrong`."""
    if len(text) == CNIC_DIGITS and text.isdecimal() and text.isascii() and text.count(text[0]) < CNIC_DIGITS:
        return text  # as nearly all are written
    digits = text.replace("-", "").replace(" ", "")
    if not digits.isascii():
        digits = plain(digits)
    if not digits.isdecimal():
        raise Wrong("is no CNIC or B-form number: these have 13 digits, with or without dashes")
    if len(digits) != CNIC_DIGITS:
        raise Wrong(f"has {len(digits)} digits; a CNIC or B-form number has {CNIC_DIGITS}")
    if digits == digits[0] * CNIC_DIGITS:
        raise Wrong("is the same digit again and again, which is nobody's number")
    return digits


def mobile(text: str) -> str:
    """A mobile number as +923..., from any form that people write. Raises `Wrong`."""
    found = PHONE.fullmatch(_APART.sub("", text if text.isascii() else plain(text)))
    if not found:
        raise Wrong("is no mobile number such as 0300 1234567")
    return f"+92{found[1]}"


def as_it_is(text: str) -> str:
    """Any text."""
    return text


def text_of(longest: int) -> Read:
    """Some words, with single spaces between."""

    def read(text: str) -> str:
        text = " ".join(text.split())
        if len(text) > longest:
            raise Wrong(f"has {len(text)} characters; {longest} fit")
        if "\0" in text:
            raise Wrong("has a character that is none")
        return text

    return read


def account(text: str) -> str:
    """An account's number -> its last four digits or letters; the rest is kept nowhere. Raises `Wrong`."""
    marks = _NOT_WORD.sub("", text)
    if len(marks) < 4:
        raise Wrong("has less than four digits")
    return marks[-4:]


def reference(text: str) -> str:
    """The number that a complaint has where it was filed; ours, which look otherwise, raise `Wrong`."""
    if len(text) > 12:
        raise Wrong(f"has {len(text)} characters; 12 fit")
    if re.fullmatch(r"\d{4}-\d{4}", text):
        raise Wrong("looks like a number that this service has given; put a letter before it")
    return text.upper()


def day(terms: Terms, column: str) -> Read:
    """A day, as ISO text: as the layout says that days are written, or 2026-11-25."""
    formats = terms.layout.dates

    @lru_cache(KEPT_WORDS)
    def read(text: str) -> str:
        found = _iso(text)
        for form in formats:
            if found:
                break
            try:
                found = datetime.strptime(text, form).date().isoformat()
            except ValueError:
                continue
        if not found:
            told = " or ".join(_shown(form) for form in ("%Y-%m-%d", *formats))
            raise Wrong(f"is no day that there is, written as {told}")
        if found < EARLIEST:
            raise Wrong(f"is before {EARLIEST}")
        return found

    return read


def past_day(terms: Terms, column: str) -> Read:
    """A day that has been."""
    read, latest = day(terms, column), terms.latest

    def told(text: str) -> str:
        found: str = read(text)
        if found > latest:
            raise Wrong("is in the future")
        return found

    return told


def moment(terms: Terms, column: str) -> Read:
    """A day that has been, as the first moment of it, written as both databases take it."""
    read = past_day(terms, column)
    return lambda text: f"{read(text)} 00:00:00.000000"


def amount(text: str) -> int:
    """Whole rupees. Raises `Wrong`."""
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise Wrong("is no whole number of rupees")
    rupees = int(found[2].replace(",", ""))
    if found[1] and rupees:
        raise Wrong("is negative")
    if rupees > LARGEST:
        raise Wrong(f"is more than {LARGEST}")
    return rupees


def score(text: str) -> float:
    """A poverty score, 0 to 100. Raises `Wrong`."""
    try:
        found = round(float(text), 2)
    except ValueError:
        raise Wrong("is no number") from None
    if not 0 <= found <= 100:
        raise Wrong("is not between 0 and 100")
    return found


def cycle(text: str) -> str:
    """A year and its quarter. Raises `Wrong`."""
    found = _CYCLE.fullmatch(text)
    if not found:
        raise Wrong("is no year and quarter such as 2026-Q3")
    return f"{found[1]}-Q{found[2]}"


def yes_no(terms: Terms, column: str) -> Read:
    """Yes or no; the layout may give the extract's own words for them."""
    words = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
    return _one_of(words, terms, column, "is neither yes nor no")


def one_of(codes: Iterable[str]) -> Callable[[Terms, str], Read]:
    """One of our codes, or a word that the layout translates into one."""
    known = tuple(codes)

    def made(terms: Terms, column: str) -> Read:
        return _one_of({code: code for code in known}, terms, column, f"is none of {', '.join(known)}")

    return made


def complaint(terms: Terms, column: str) -> Read:
    """A category of complaints."""
    return one_of(terms.complaints)(terms, column)


def programme(terms: Terms, column: str) -> Read:
    """A programme that we have the rules of, by its id or one of its names."""
    words = {name: id for id, names in terms.programmes.items() for name in (id, *names)}
    return _one_of(words, terms, column, "is no programme that is known here")


def district(terms: Terms, column: str) -> Read:
    """A district's code, from any spelling in the list of places or in the layout."""
    words = {
        name: code
        for code, place in terms.places.items()
        for name in (code, place["en"], place["ur"], *place["also"])
        if name
    }
    return _one_of(words, terms, column, "is no district that is known here", terms.layout.districts)


def province(terms: Terms, column: str) -> Read:
    """A province's code."""
    known = sorted({place["province"] for place in terms.places.values()})
    return one_of(known)(terms, column)


def _one_of(
    words: Mapping[str, Any], terms: Terms, column: str, why: str, theirs: Mapping[str, str] | None = None
) -> Read:
    known = {_bare(word): value for word, value in words.items()}
    theirs = terms.layout.codes.get(column, {}) if theirs is None else theirs
    wrong = sorted({code for code in theirs.values() if _bare(code) not in known})
    if wrong:
        raise ValueError(f"the mapping translates into {', '.join(wrong)}: {column} {why}")
    known |= {_bare(word): known[_bare(code)] for word, code in theirs.items()}

    @lru_cache(KEPT_WORDS)
    def read(text: str) -> Any:
        found = known.get(_bare(text))
        if found is None:
            raise Wrong(why + _nearest(text, known))
        return found

    return read


def _nearest(text: str, known: Mapping[str, Any]) -> str:
    near = process.extractOne(_bare(text), known.keys(), score_cutoff=NEAR)
    return f"; did you mean {known[near[0]]}?" if near else ""


def _bare(word: str) -> str:
    return _NOT_WORD.sub(" ", word if word.isascii() else loose(word)).strip().casefold()


def _iso(text: str) -> str:
    if len(text) != 10 or text[4] != "-":
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _shown(form: str) -> str:
    return date(2026, 11, 25).strftime(form)

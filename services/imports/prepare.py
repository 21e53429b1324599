"""Rows as they were written, made into rows as they are kept: read, checked, hashed and sealed by columns."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.imports import values
from services.imports.keeping import Columns, Keep
from services.imports.kinds import Column, Kind
from services.imports.reading import Part
from services.imports.values import Read, Terms, Wrong
from services.privacy.identifiers import Keys

MISSING = "is missing"
ODD = "the row has more or fewer fields than the header: a comma or a quotation mark is missing or too much"
ELSEWHERE = "lies in another province than the extract says"

MOST_SHOWN = 60
"""Characters of a wrong value that are repeated."""

_NUMBER = re.compile(r"\d(?:[\s-]?\d){8,}")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")


class Reject(NamedTuple):
    """Why a row is not taken: `column` is the extract's, `value` never anybody's number."""

    row: int
    column: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A part that can be written: `columns` of the rows with these `numbers`, one row a key.

    `keys`: what every whole row is known by, in 8 bytes each, before rows that are repeated were left out.
    `rejects` may have several reasons for one row; `through` as in `Part`.
    """

    columns: Columns
    numbers: Sequence[int]
    keys: bytes
    rejects: list[Reject]
    through: int


def kept(kind: Kind, bound: Mapping[str, str]) -> list[str]:
    """The columns that rows of an extract with these columns are kept in."""
    read = [name for column in kind.columns if column.name in bound for name in column.kept]
    return [*read, *(name for name in kind.made if name not in read)]


def preparer(kind: Kind, bound: Mapping[str, str], terms: Terms, keys: Keys) -> Callable[[Part], Prepared]:
    """What makes a part ready. `bound`: our column -> the extract's. ValueError: the mapping is wrong."""
    columns = [(one, one.read(terms, one.name)) for one in kind.columns if one.name in bound]
    province = _province(terms)
    empty = {"", *terms.layout.empty}

    def prepare(part: Part) -> Prepared:
        numbers = part.numbers
        rejects = [Reject(number, "", "", ODD) for number in part.odd]
        bad = np.zeros(len(numbers), bool)
        made: Columns = {}
        for column, read in columns:
            told = _distinct(part.columns[column.name], read, needed=column.needed, empty=empty)
            if told.wrong:
                _reject(told, column, bound[column.name], numbers, rejects, bad)
            places = told.indices.tolist()
            for name, kept in zip(column.kept or (column.name,), told.kept(column.keep, keys), strict=True):
                made[name] = list(map(kept.__getitem__, places))
        if "district" in made and (province or "province" in made):
            strangers = _elsewhere(made, province, terms, bad)
            rejects += [Reject(numbers[place], bound["district"], "", ELSEWHERE) for place in strangers]
        if bad.any():
            made, numbers = _only(np.flatnonzero(~bad).tolist(), made, numbers)
        fingerprints = _fingerprints(made, kind.key)
        last = {key: place for place, key in enumerate(zip(*(made[name] for name in kind.key), strict=True))}
        if len(last) < len(numbers):
            made, numbers = _only(sorted(last.values()), made, numbers)
        kind.finish(made, terms, keys)
        return Prepared(made, numbers, fingerprints, sorted(rejects), part.through)

    return prepare


def _province(terms: Terms) -> str | None:
    if terms.layout.province is None:
        return None
    try:
        found: str = values.province(terms, "province")(terms.layout.province)
    except Wrong as fault:
        raise ValueError(f"the mapping's province {fault}") from None
    return found


@dataclass(frozen=True, slots=True)
class _Distinct:
    """The different texts of a column, which are read once each; `indices` says which of them a row has."""

    texts: Sequence[str]
    values: Sequence[Any]
    indices: NDArray[np.int32]
    wrong: Mapping[int, str]

    def kept(self, keep: Keep, keys: Keys) -> Sequence[Sequence[Any]]:
        """The columns in which the values are kept, of the different texts."""
        whole = [value for value in self.values if value is not None]
        columns = keep(keys, whole)
        if len(whole) == len(self.values):
            return columns
        found = []
        for column in columns:
            one = iter(column)
            found.append([None if value is None else next(one) for value in self.values])
        return found


def _distinct(texts: pa.Array, read: Read, *, needed: bool, empty: Set[str]) -> _Distinct:
    encoded = texts.dictionary_encode()
    words: list[str] = pc.utf8_trim_whitespace(encoded.dictionary).to_pylist()
    indices = encoded.indices
    if indices.null_count:
        indices = pc.fill_null(indices, len(words))
        words.append("")
    elif empty.isdisjoint(words):
        with suppress(Wrong):  # nearly always so: then all at once
            return _Distinct(words, list(map(read, words)), indices.to_numpy(), {})
    found: list[Any] = []
    wrong = {}
    for code, word in enumerate(words):
        value = None
        try:
            if word not in empty:
                value = read(word)
            elif needed:
                raise Wrong(MISSING)
        except Wrong as fault:
            wrong[code] = str(fault)
        found.append(value)
    return _Distinct(words, found, indices.to_numpy(), wrong)


def _reject(
    told: _Distinct,
    column: Column,
    name: str,
    numbers: Sequence[int],
    rejects: list[Reject],
    bad: NDArray[np.bool_],
) -> None:
    places = np.flatnonzero(np.isin(told.indices, list(told.wrong)))
    bad[places] = True
    for place in places.tolist():
        code = int(told.indices[place])
        rejects.append(Reject(numbers[place], name, masked(told.texts[code], column.shown), told.wrong[code]))


def masked(text: str, shown: bool) -> str:
    """What may be repeated of a wrong value: its shape, or all of it but what may be somebody's number."""
    text = text[:MOST_SHOWN]
    if shown:
        return _NUMBER.sub(lambda found: _DIGIT.sub("#", found[0]), text)
    return _LETTER.sub("x", _DIGIT.sub("#", text))


def _elsewhere(made: Columns, province: str | None, terms: Terms, bad: NDArray[np.bool_]) -> list[int]:
    """Places of rows whose district is in another province than they say."""
    told = made.get("province") or [province] * len(bad)
    found = [
        place
        for place, (district, said) in enumerate(zip(made["district"], told, strict=True))
        if district and said and terms.places[district]["province"] != said
    ]
    bad[found] = True
    return found


def _only(places: Sequence[int], made: Columns, numbers: Sequence[int]) -> tuple[Columns, Sequence[int]]:
    kept = {name: [values[place] for place in places] for name, values in made.items()}
    return kept, [numbers[place] for place in places]


def _fingerprints(made: Columns, names: Sequence[str]) -> bytes:
    """8 bytes of each row's key: of a hash its first half, of text a hash; of several all of them mixed."""
    mixed = np.zeros(len(made[names[0]]), np.uint64)
    for name in names:
        values = made[name]
        if values and isinstance(values[0], bytes):
            mixed ^= np.frombuffer(b"".join(values), np.uint64)[::2]
        else:
            mixed ^= np.array(list(map(_of_text, values)), np.uint64)
    return mixed.tobytes()


@lru_cache(1 << 10)
def _of_text(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")

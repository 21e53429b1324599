"""Rows as they were written, made into rows as they are kept: read, checked, hashed and sealed by columns."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.imports import values
from services.imports.kinds import Column, Columns, Kind
from services.imports.reading import Part
from services.imports.values import Read, Terms, Wrong

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


def preparer(kind: Kind, bound: Mapping[str, str], terms: Terms) -> Callable[[Part], Prepared]:
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
            texts = part.columns[column.name]
            told = _distinct(texts, read, needed=column.needed, empty=empty)
            if told.wrong:
                _reject(told, column, bound[column.name], numbers, rejects, bad)
            made |= told.kept(column.kept or (column.name,))
        if "district" in made and (province or "province" in made):
            places = _elsewhere(made, province, terms, bad)
            rejects += [Reject(numbers[place], bound["district"], "", ELSEWHERE) for place in places]
        if bad.any():
            made, numbers = _only(np.flatnonzero(~bad).tolist(), made, numbers)
        keys = _fingerprints(made, kind.key)
        last = {key: place for place, key in enumerate(zip(*(made[name] for name in kind.key), strict=True))}
        if len(last) < len(numbers):
            made, numbers = _only(sorted(last.values()), made, numbers)
        kind.finish(made, terms)
        return Prepared(made, numbers, keys, sorted(rejects), part.through)

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

    texts: Sequence[str | None]
    values: Sequence[Any]
    indices: NDArray[np.int32]
    wrong: Mapping[int, str]

    def kept(self, names: Sequence[str]) -> Columns:
        """The columns of all rows that the values make: each is for one column, or a tuple for several."""
        places = self.indices.tolist()
        if len(names) == 1:
            return {names[0]: list(map(self.values.__getitem__, places))}
        found = {}
        for number, name in enumerate(names):
            part = [None if value is None else value[number] for value in self.values]
            found[name] = list(map(part.__getitem__, places))
        return found


def _distinct(texts: pa.Array, read: Read, *, needed: bool, empty: Set[str]) -> _Distinct:
    encoded = texts.dictionary_encode()
    words: list[str | None] = encoded.dictionary.to_pylist()
    indices = encoded.indices
    if indices.null_count:
        indices = pc.fill_null(indices, len(words))
        words.append(None)
    found: list[Any] = []
    wrong = {}
    for code, word in enumerate(words):
        text = word.strip() if word else ""
        value = None
        try:
            if text not in empty:
                value = read(text)
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


def masked(text: str | None, shown: bool) -> str:
    """What may be repeated of a wrong value: its shape, or all of it but what may be somebody's number."""
    text = (text or "").strip()[:MOST_SHOWN]
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
    parts = [b"".join(map(_eight, made[name])) for name in names]
    mixed: NDArray[np.uint64] = np.bitwise_xor.reduce([np.frombuffer(part, np.uint64) for part in parts])
    return mixed.tobytes()


@lru_cache(1 << 10)
def _of_text(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _eight(value: bytes | str) -> bytes:
    return value[:8] if isinstance(value, bytes) else _of_text(value)

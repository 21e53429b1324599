"""Households as tables: Arrow columns in, columns for the rules and a list of rejects out, and verdicts back.

A column that bears a fact's name holds that fact: numbers, true and false (also yes/no, 1/0), or one of a
choice's values; nothing where it is not known. `<fact>_low` and `<fact>_high` hold bounds instead, and
`<fact>_on` the day of the statement, after which it ages. All other columns are carried through.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.eligibility.decision import Rules
from services.eligibility.facts import Fact, Vocabulary
from services.eligibility.masks import VERDICTS, Columns, Judged, Masks, settled

YES = ("true", "yes", "1", "t", "y")
NO = ("false", "no", "0", "f", "n")

_DATE = r"^\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])$"

NEAR = 0.88
"""From this likeness on a column's name is a misspelt fact."""

MOST_SHOWN = 60
"""Characters of a rejected value that are repeated."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A value that cannot be: the household of this row (1 is the first) is not judged."""

    row: int
    column: str
    value: str
    why: str


@dataclass(slots=True)
class Batch:
    """Some households: their facts as columns, and which of them cannot be judged."""

    columns: Columns
    bad: NDArray[np.bool_]
    rejects: list[Reject] = field(default_factory=list)


class Reader:
    """Turns tables of one shape into columns. ValueError: none of them is a fact's."""

    def __init__(self, vocabulary: Vocabulary, names: Sequence[str], as_of: date) -> None:
        self._vocabulary = vocabulary
        self._as_of = as_of
        self._facts = [name for name in vocabulary.facts if self._held(name, names)]
        held = {f"{name}{end}" for name in vocabulary.facts for end in ("", "_low", "_high", "_on")}
        self.carried = [name for name in names if name not in held]
        for name in self.carried:
            near = get_close_matches(name, held, n=1, cutoff=NEAR)
            if near:
                raise ValueError(f"column {name!r} is no fact; did you mean {near[0]}? Otherwise rename it")
        if not self._facts:
            known = ", ".join(sorted(vocabulary.facts))
            raise ValueError(f"no column is called like a fact; facts are {known}")

    @staticmethod
    def _held(name: str, names: Sequence[str]) -> bool:
        return any(f"{name}{end}" in names for end in ("", "_low", "_high"))

    def read(self, table: pa.RecordBatch, first: int) -> Batch:
        """One batch of rows, of which the first is row number `first`."""
        batch = Batch(Columns(table.num_rows), np.zeros(table.num_rows, bool))
        low: dict[str, NDArray[np.float64]] = {}
        high: dict[str, NDArray[np.float64]] = {}
        codes: dict[str, NDArray[np.int8]] = {}
        for name in self._facts:
            fact = self._vocabulary.facts[name]
            old = self._old(table, fact, batch, first)
            if fact.kind == "number":
                low[name], high[name] = self._bounds(table, fact, batch, first)
                if old is not None:
                    low[name], high[name] = (
                        np.where(old, np.nan, low[name]),
                        np.where(old, np.nan, high[name]),
                    )
            else:
                codes[name] = self._codes(table, fact, batch, first)
                if old is not None:
                    codes[name][old] = -1
        batch.columns = settled(Columns(table.num_rows, low, high, codes), self._vocabulary)
        return batch

    def _bounds(
        self, table: pa.RecordBatch, fact: Fact, batch: Batch, first: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if fact.name in table.schema.names:
            exact = self._numbers(table, fact.name, fact, batch, first)
            return exact, exact
        low = np.full(table.num_rows, fact.low)
        high = np.full(table.num_rows, fact.high)
        for bound, end in ((low, "_low"), (high, "_high")):
            column = f"{fact.name}{end}"
            if column in table.schema.names:
                told = self._numbers(table, column, fact, batch, first)
                np.copyto(bound, told, where=~np.isnan(told))
        crossed = low > high
        self._reject(batch, first, crossed, f"{fact.name}_low", low, "is above the upper bound")
        return low, high

    def _numbers(
        self, table: pa.RecordBatch, column: str, fact: Fact, batch: Batch, first: int
    ) -> NDArray[np.float64]:
        raw = written = table.column(column)
        if pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type):
            raw = _emptied(raw)
            proper = pc.fill_null(pc.match_substring_regex(raw, r"^[+-]?\d+(\.\d+)?$"), True)
            wrong = ~proper.to_numpy(zero_copy_only=False)
            self._reject(batch, first, wrong, column, raw, "is no number")
            raw = pc.if_else(proper, raw, pa.scalar(None, raw.type))
        numbers = pc.cast(raw, pa.float64()).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            out = (numbers < fact.low) | (numbers > fact.high)
            self._reject(batch, first, out, column, written, f"is not between {fact.low:g} and {fact.high:g}")
            if fact.whole:
                broken = (numbers != np.floor(numbers)) & ~np.isnan(numbers)
                self._reject(batch, first, broken, column, written, "is not a whole number")
        return np.asarray(numbers)

    def _codes(self, table: pa.RecordBatch, fact: Fact, batch: Batch, first: int) -> NDArray[np.int8]:
        raw = table.column(fact.name)
        if pa.types.is_boolean(raw.type):
            return np.array(pc.fill_null(pc.cast(raw, pa.int8()), -1))
        if pa.types.is_dictionary(raw.type):
            raw = raw.dictionary_decode()
        text = _emptied(pc.utf8_lower(pc.cast(raw, pa.string())))
        values = (*NO, *YES) if fact.kind == "yes_no" else fact.values
        place = pc.index_in(text, value_set=pa.array(values))
        found = pc.fill_null(place, -1).to_numpy(zero_copy_only=False)
        wrong = (found < 0) & pc.is_valid(text).to_numpy(zero_copy_only=False)
        allowed = "yes, no" if fact.kind == "yes_no" else ", ".join(fact.values)
        self._reject(batch, first, wrong, fact.name, raw, f"is none of {allowed}")
        if fact.kind == "yes_no":
            return np.where(found < 0, -1, found >= len(NO)).astype(np.int8)
        return np.asarray(found, np.int8)

    def _old(self, table: pa.RecordBatch, fact: Fact, batch: Batch, first: int) -> NDArray[np.bool_] | None:
        column = f"{fact.name}_on"
        if column not in table.schema.names:
            return None
        raw = table.column(column)
        if not pa.types.is_date(raw.type):
            text = _emptied(pc.cast(raw, pa.string()))
            proper = pc.fill_null(pc.match_substring_regex(text, _DATE), True)
            wrong = ~proper.to_numpy(zero_copy_only=False)
            self._reject(batch, first, wrong, column, text, "is no date such as 2026-11-25")
            raw = pc.cast(pc.if_else(proper, text, pa.scalar(None, pa.string())), pa.date32())
        days = pc.cast(raw, pa.date32())
        after = pc.fill_null(pc.greater(days, pa.scalar(self._as_of)), False).to_numpy(zero_copy_only=False)
        self._reject(batch, first, after, column, raw, f"is after {self._as_of}")
        if fact.lasts is None:
            return None
        oldest = pa.scalar(self._as_of - min(fact.lasts, timedelta(days=36500)))
        return np.array(pc.fill_null(pc.less(days, oldest), False))

    @staticmethod
    def _reject(
        batch: Batch, first: int, wrong: NDArray[np.bool_], column: str, values: Any, why: str
    ) -> None:
        if not wrong.any():
            return
        batch.bad |= wrong
        for place in np.flatnonzero(wrong):
            value = values[int(place)]
            shown = str(value.as_py() if hasattr(value, "as_py") else value)[:MOST_SHOWN]
            batch.rejects.append(Reject(first + int(place), column, shown, why))


def verdicts(batch: Batch, masks: Sequence[Masks]) -> Iterator[tuple[Rules, Judged]]:
    """How every programme's rules judge a batch."""
    for one in masks:
        yield one.rules, one.judge(batch.columns)


def told(batch: Batch, judged: Mapping[str, tuple[Rules, Judged]]) -> dict[str, pa.Array]:
    """Verdicts and reasons as columns: `<programme>`, `<programme>.failed`, `<programme>.unknown`."""
    found = {}
    bad = pa.array(batch.bad)
    for programme, (rules, one) in judged.items():
        names = [criterion.id for criterion in rules.criteria]
        found[programme] = _masked(pa.DictionaryArray.from_arrays(one.verdict.astype(np.int8), VERDICTS), bad)
        for part, bits in (("failed", one.failed), ("unknown", one.unknown)):
            found[f"{programme}.{part}"] = _masked(_named(bits, names), bad)
    return found


def _named(bits: NDArray[Any], names: Sequence[str]) -> pa.Array:
    """Bits as the names of their criteria, with a space between."""
    present = np.flatnonzero(np.bincount(bits, minlength=1))
    place = np.zeros(int(present[-1]) + 1 if len(present) else 1, np.int16)
    place[present] = np.arange(len(present))
    words = [" ".join(name for n, name in enumerate(names) if mask >> n & 1) for mask in map(int, present)]
    return pa.DictionaryArray.from_arrays(place[bits], pa.array(words, pa.string()))


def _masked(column: pa.Array, bad: pa.Array) -> pa.Array:
    if not pc.any(bad).as_py():
        return column
    indices = pc.if_else(bad, pa.scalar(None, column.indices.type), column.indices)
    return pa.DictionaryArray.from_arrays(indices, column.dictionary)


def _emptied(text: Any) -> Any:
    """With nothing where there is only white space."""
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text)

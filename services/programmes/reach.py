"""Whom to visit first: by district and programme, who qualifies and is not enrolled, and whose answer
hangs on one fact."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.eligibility.decision import Rules
from services.eligibility.facts import Vocabulary
from services.eligibility.masks import Masks, hanging
from services.programmes.bulk import Source
from services.programmes.households import Reader

DISTRICT, ENROLLED = "district", "enrolled"
"""Columns: the district's code, and the programmes that a household is in already, with a space between."""

NOWHERE = "-"


@dataclass(slots=True)
class Reach:
    """Households by (district, programme). `hanging` by (district, programme, fact)."""

    rows: int = 0
    rejected: int = 0
    eligible: Counter[tuple[str, ...]] = field(default_factory=Counter)
    enrolled: Counter[tuple[str, ...]] = field(default_factory=Counter)
    hanging: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def lines(self) -> Iterator[dict[str, str | int]]:
        """One line for each district and programme where anybody is to be reached, the most first."""
        one_fact: dict[tuple[str, ...], Counter[str]] = {}
        for (*place, fact), households in self.hanging.items():
            one_fact.setdefault(tuple(place), Counter())[fact] += households
        places = self.eligible.keys() | one_fact.keys()
        ranked = sorted(places, key=lambda at: (-self.eligible[at], -one_fact.get(at, Counter()).total(), at))
        for at in ranked:
            facts = one_fact.get(at, Counter())
            yield {
                "district": at[0],
                "programme": at[1],
                "enrolled": self.enrolled[at],
                "eligible_not_enrolled": self.eligible[at],
                "one_fact_missing": facts.total(),
                "facts": " ".join(f"{fact}={households}" for fact, households in facts.most_common()),
            }


def count(
    source: Source,
    rules: Sequence[Rules],
    vocabulary: Vocabulary,
    as_of: date,
    progress: Callable[[int], None] = lambda rows: None,
    *,
    told_by: Mapping[str, str] | None = None,
) -> Reach:
    """Count all households of a source. `told_by`: programme -> the fact that says a family has it already.
    ValueError: the source says of nobody where they live."""
    if DISTRICT not in source.names:
        raise ValueError(f"a column {DISTRICT!r} is needed: the code of the district")
    reader = Reader(vocabulary, source.names, as_of)
    masks = [Masks(one, vocabulary) for one in rules]
    found = Reach()
    for raw in source.batches(0):
        batch = reader.read(raw, found.rows + 1)
        codes, names = _districts(raw)
        good = ~batch.bad
        for one in masks:
            programme = one.rules.programme
            judged = one.judge(batch.columns)
            inside = _enrolled(raw, programme) & good
            has_it = batch.columns.codes.get((told_by or {}).get(programme, ""))
            inside = inside if has_it is None else inside | (good & (has_it == 1))
            _add(found.enrolled, codes[inside], names, (programme,))
            outside = good & ~inside
            _add(found.eligible, codes[outside & (judged.verdict == 0)], names, (programme,))
            for fact, waits in hanging(judged, one.rules, batch.columns).items():
                _add(found.hanging, codes[outside & waits], names, (programme, fact))
        found.rows += raw.num_rows
        found.rejected += int(batch.bad.sum())
        progress(found.rows)
    return found


def _districts(raw: pa.RecordBatch) -> tuple[NDArray[np.int32], list[str]]:
    text = pc.utf8_lower(pc.utf8_trim_whitespace(pc.cast(raw.column(DISTRICT), pa.string())))
    named = pc.replace_substring(pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text), " ", "_")
    column = pc.fill_null(named, NOWHERE).dictionary_encode()
    return column.indices.to_numpy(zero_copy_only=False), column.dictionary.to_pylist()


def _enrolled(raw: pa.RecordBatch, programme: str) -> NDArray[np.bool_]:
    if ENROLLED not in raw.schema.names:
        return np.zeros(raw.num_rows, bool)
    text = pc.fill_null(pc.cast(raw.column(ENROLLED), pa.string()), "")
    return np.array(pc.match_substring_regex(text, rf"(^|[ ,;|]){programme}([ ,;|]|$)"))


def _add(
    counter: Counter[tuple[str, ...]], codes: NDArray[np.int32], names: list[str], rest: tuple[str, ...]
) -> None:
    for code, number in enumerate(np.bincount(codes, minlength=len(names)) if len(codes) else ()):
        if number:
            counter[(names[code], *rest)] += int(number)

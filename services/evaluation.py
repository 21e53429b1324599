"""`haqdar evaluate`: how well messages are understood, against what people say that they mean.

A file has a message a line: `language<TAB>text<TAB>intent<TAB>slots as JSON`; "-" stands for not told.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from time import perf_counter

from rich.console import Console
from rich.table import Table

from bot.messages import Heard, Json
from bot.understand import Expects, Words, understand

UNTOLD = "-"
UNSURE = "not sure"
CONFIDENT = 0.8
"""To be wrong with this confidence is what must hardly ever happen."""

BINS = (0.0, 0.4, 0.6, 0.8, 0.9, 1.01)
MOST_CONFUSIONS = 15
FIELDS = 4
AT = datetime(2026, 1, 1, tzinfo=UTC)


class BadLine(ValueError):
    """A line that is not of the form; the text says which and what is wrong."""


@dataclass(frozen=True, slots=True)
class Case:
    """One message with what it means. `language` and `intent` may be `UNTOLD`."""

    language: str
    text: str
    intent: str
    slots: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case, what was heard, and the seconds that took."""

    case: Case
    heard: Heard
    seconds: float

    @property
    def top(self) -> str:
        """The intent that was stated, or the first guess."""
        return self.heard.intent or next(iter(self.heard.guesses), UNSURE)

    @property
    def right(self) -> bool:
        """Whether the likeliest intent is the right one, stated or not."""
        return self.top in self.case.intent.split("|")


def read(lines: Iterable[str]) -> Iterator[Case]:
    """Cases of a file's lines; empty ones are skipped. Raises `BadLine`."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        parts = line.rstrip("\n").split("\t")
        if len(parts) < FIELDS - 1:
            raise BadLine(f"line {number}: language, text and intent are wanted, with tabs between them")
        try:
            slots = json.loads(parts[3]) if len(parts) >= FIELDS else {}
        except json.JSONDecodeError as fault:
            raise BadLine(f"line {number}: the slots are not JSON: {fault}") from None
        yield Case(parts[0], parts[1], parts[2], slots)


def judge(cases: Iterable[Case], words: Words) -> list[Outcome]:
    """Understand each message by itself, as the first of a conversation."""
    found = []
    for case in cases:
        began = perf_counter()
        heard = understand(case.text, Expects(), words, at=AT)
        found.append(Outcome(case, heard, perf_counter() - began))
    return found


def slot_right(wanted: Json, heard: Json) -> bool:
    """Whether a slot is as told; names are compared without case and spaces."""
    return _plain(wanted) == _plain(heard)


def report(outcomes: Sequence[Outcome], out: Console) -> None:
    """Print the tables."""
    told = [outcome for outcome in outcomes if outcome.case.intent != UNTOLD]
    out.print(_by_language(outcomes))
    out.print(_by_intent(told))
    confused = Counter((o.case.intent, o.top) for o in told if not o.right)
    for (wanted, heard), count in confused.most_common(MOST_CONFUSIONS):
        out.print(f"{count:4} {wanted} taken for {heard}")
    out.print(_calibration(told))
    out.print(_slots(outcomes))
    seconds = sorted(outcome.seconds for outcome in outcomes)
    if seconds:
        half, most = seconds[len(seconds) // 2], seconds[min(len(seconds) - 1, len(seconds) * 99 // 100)]
        out.print(f"time a message: median {half * 1e6:.0f} us, 99 of 100 within {most * 1e6:.0f} us")


def _by_language(outcomes: Sequence[Outcome]) -> Table:
    table = Table(
        "language",
        "messages",
        "intent right",
        "stated",
        "right if stated",
        "wrong and sure",
        "language right",
    )
    groups: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.case.language].append(outcome)
    for tag, group in [*sorted(groups.items()), ("all", list(outcomes))]:
        told = [o for o in group if o.case.intent != UNTOLD]
        stated = [o for o in told if o.heard.intent]
        sure = [o for o in told if not o.right and o.heard.confidence >= CONFIDENT]
        named = [o for o in group if o.case.language != UNTOLD]
        table.add_row(
            tag, str(len(group)), _share([o.right for o in told]),
            _share([bool(o.heard.intent) for o in told]),
            _share([o.right for o in stated]), _share([o in sure for o in told]),
            _share([o.heard.language == o.case.language for o in named]),
        )  # fmt: skip
    return table


def _by_intent(outcomes: Sequence[Outcome]) -> Table:
    table = Table("intent", "messages", "precision", "recall")
    for intent in sorted({o.case.intent for o in outcomes}):
        wanted = [o for o in outcomes if o.case.intent == intent]
        given = [o for o in outcomes if o.top == intent]
        table.add_row(
            intent, str(len(wanted)), _share([o.right for o in given]), _share([o.right for o in wanted])
        )
    return table


def _calibration(outcomes: Sequence[Outcome]) -> Table:
    table = Table("confidence", "messages", "mean", "right")
    for low, high in pairwise(BINS):
        inside = [o for o in outcomes if low <= o.heard.confidence < high]
        mean = sum(o.heard.confidence for o in inside) / len(inside) if inside else 0
        table.add_row(
            f"{low:.1f} to {min(high, 1):.1f}",
            str(len(inside)),
            f"{mean:.3f}",
            _share([o.right for o in inside]),
        )
    return table


def _slots(outcomes: Sequence[Outcome]) -> Table:
    table = Table("slot", "told", "right", "heard where none was told")
    named = sorted({name for o in outcomes for name in o.case.slots})
    for name in named:
        told = [o for o in outcomes if name in o.case.slots]
        other = [o for o in outcomes if name not in o.case.slots]
        table.add_row(
            name,
            str(len(told)),
            _share([slot_right(o.case.slots[name], o.heard.slots.get(name)) for o in told]),
            str(sum(name in o.heard.slots for o in other)),
        )
    return table


def _share(marks: Sequence[bool]) -> str:
    return f"{sum(marks) / len(marks):.3f}" if marks else "-"


def _plain(value: Json) -> str:
    text = str(value).lower().replace(" ", "_")
    return f"+92{text[1:]}" if text.startswith("03") else text

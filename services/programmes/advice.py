"""Advice to one family: which question comes next, or which programmes may fit and why.

Answers the call `eligibility.next`. Facts travel as the session keeps them: a value, {low, high}, "?" for
"don't know", "-" for "won't say". A district may stand for its province.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from math import inf
from typing import Any, TypeAlias

from bot.messages import Json
from services.eligibility.decision import Criterion, Decision, Row, Rules, decide, open_facts
from services.eligibility.facts import Settled, Statement
from services.eligibility.interview import Interview, Question
from services.eligibility.rules import Among, Household, Range, Within, atoms, facts_of
from services.programmes.programme import Programme, Programmes

DONT_KNOW, WONT_SAY = "?", "-"

MOST_QUESTIONS = 12
"""After so many questions an answer is due, whatever is still open."""

MOST_IN_A_ROW = 3
"""After so many answers in a row that tell nothing, asking on would only tire."""

WORTH = 0.03
"""Bits that a question must settle for its cost where every programme is in play: it costs an SMS."""

HELD_BACK = frozenset({"poverty_score", "punjab_score"})
"""Facts that only the programme knows and that are a score, not a list."""

CORE = "kafaalat"
"""The programme that most people mean who ask for anything: a no to it is told first, with its reason."""

PLACE = "province"
"""The fact of where a family lives."""

SHOWN = {"eligible": "met", "not_eligible": "failed", "not_yet_known": "unknown"}


Frozen: TypeAlias = tuple[tuple[str, Any], ...]
"""Facts that are known, as a key."""


class Advice:
    """All that the bot is told about eligibility."""

    def __init__(self, programmes: Programmes, provinces: Mapping[str, str]) -> None:
        """`provinces`: code of a district -> its province."""
        self._programmes = programmes
        self._provinces = provinces
        self._interview = Interview(programmes.vocabulary)
        self._chosen = lru_cache(maxsize=4096)(self._choose)

    def next(
        self,
        said: Mapping[str, Json],
        asked: Sequence[str],
        on: date,
        *,
        programme: str | None = None,
        known: Mapping[str, Statement] | None = None,
    ) -> dict[str, Json]:
        """`ask`: the next question; or `fits`: how each programme in play stands, the best first, with
        `refused`: the core programme, if it is not for this family; or `state` of the one programme that was
        named, where it takes nobody. `known`: what a registry says."""
        if programme:
            named = self._programmes.by_id.get(programme)
            if named is None:
                return {"state": "unsure", "programme": programme}
            if not named.open(on) or not named.rules(on).criteria:
                return self._programmes.facts(programme, on) or {"state": "unsure", "programme": programme}
            in_play = [named]
        else:
            in_play = self._programmes.open(on)
        settled = self._settled(said, known or {}, on)
        if programme:
            in_play = [self._meant(in_play[0], settled.household, on)]
        else:
            in_play = [
                one for one in in_play if settled.household.facts.get(one.file.enrolled or "") is not True
            ]
        rules = [one.rules(on) for one in in_play]
        decisions = [decide(rule, settled.household, on) for rule in rules]
        worth = 0.0 if programme else WORTH
        if not _enough(said, asked):
            question = self._chosen(tuple(rules), _frozen(settled.household), tuple(asked), worth)
            if question:
                return {"ask": self._question(question, rules), "first": not asked}
        fits = self._fits(in_play, decisions, on, all_of_them=not programme)
        return {"fits": fits, **({} if programme else self._refused(in_play, decisions, on))}

    def _meant(self, named: Programme, household: Household, on: date) -> Programme:
        """The programme that people of their province mean by the name, as far as one serves there."""
        for one in (named, *(self._programmes.by_id[id] for id in named.file.elsewhere)):
            if one.open(on) and not _elsewhere(decide(one.rules(on), household, on)):
                return one
        return named

    def _choose(
        self,
        rules: tuple[Rules, ...],
        facts: tuple[tuple[str, Any], ...],
        asked: tuple[str, ...],
        worth: float,
    ) -> Question | None:
        household = Household(dict(facts))
        decisions = [decide(rule, household, date.min) for rule in rules]
        return self._interview.next(rules, household, decisions, closed=asked, worth=worth)

    def _settled(self, said: Mapping[str, Json], known: Mapping[str, Statement], on: date) -> Settled:
        statements: dict[str, list[Statement]] = {name: [told] for name, told in known.items()}
        for name, value in said.items():
            if name not in self._programmes.vocabulary.facts or value == DONT_KNOW:
                continue
            if name == PLACE:
                value = self._provinces.get(str(value), value)
            refused = value == WONT_SAY
            told = Statement(None if refused else value, "citizen", refused=refused)
            statements.setdefault(name, []).append(told)
        return self._programmes.vocabulary.settle(statements, on)

    def _question(self, question: Question, rules: Sequence[Rules]) -> dict[str, Json]:
        fact = self._programmes.vocabulary.facts[question.fact]
        asked: dict[str, Json] = {"fact": question.fact, "kind": fact.kind}
        of = [one for rule in rules for one in rule.criteria if question.fact in facts_of(one.rule)]
        args = {name: value for one in of for name, value in one.args.items()}
        if args:
            asked["args"] = args
        if fact.kind == "number":
            asked |= {"low": fact.low, "high": fact.high, "whole": fact.whole}
            if self._programmes.units.get(question.fact) == "rupees":
                asked["bands"] = [[band.low, band.high] for band in question.bands]
        return asked

    def _fits(
        self, in_play: Sequence[Programme], decisions: Sequence[Decision], on: date, *, all_of_them: bool
    ) -> list[Json]:
        """Those that may fit: sure ones before open ones, and the most helpful first. A named one always."""
        fits = [self._fit(p, decision, on) for p, decision in zip(in_play, decisions, strict=True)]
        # A stable sort: those of equal standing stay as the programmes came, the most helpful first.
        fits.sort(key=lambda fit: (fit["verdict"] == "not_eligible", fit["hangs"] == "answers"))
        if not all_of_them:
            return fits
        fits = [fit for fit in fits if fit["verdict"] != "not_eligible"]
        return [fit for fit in fits if fit["hangs"] != "answers"] or fits

    def _refused(
        self, in_play: Sequence[Programme], decisions: Sequence[Decision], on: date
    ) -> dict[str, Json]:
        for programme, decision in zip(in_play, decisions, strict=True):
            if programme.file.id == CORE and decision.verdict == "not_eligible":
                return {"refused": self._fit(programme, decision, on)}
        return {}

    def _fit(self, programme: Programme, decision: Decision, on: date) -> dict[str, Json]:
        facts = self._programmes.facts(programme.file.id, on) or {}
        told = {key: facts[key] for key in ("apply", "link", "number", "documents") if facts.get(key)}
        return {
            "programme": programme.file.id,
            "verdict": decision.verdict,
            "hangs": _hangs(decision, self._asked),
            "registry": programme.file.registry,
            "rules": decision.rules.version,
            "why": reasons(self._programmes, decision),
            **told,
        }

    def _asked(self, name: str) -> bool:
        return self._programmes.vocabulary.facts[name].asked


def _elsewhere(decision: Decision) -> bool:
    """Whether it is not for those who live where the family does."""
    return any(
        row.state == "failed" and set(facts_of(row.criterion.rule)) == {PLACE} for row in decision.rows
    )


def reasons(programmes: Programmes, decision: Decision) -> list[Json]:
    """[key, arguments] of the sentence of each criterion: those that decide first, and last those that
    nobody but the programme can look at."""
    facts = programmes.vocabulary.facts
    run_by = programmes.by_id[decision.rules.programme].file.run_by.model_dump()

    def place(row: Row) -> tuple[bool, bool]:
        names = facts_of(row.criterion.rule)
        own = any(facts[name].asked or name in HELD_BACK for name in names)
        return row.state == "unknown" and not own, row.state != SHOWN[decision.verdict]

    rows = sorted(decision.rows, key=place)
    return [
        [
            f"why.{row.criterion.id}.{row.state}",
            {**_told(programmes, row.criterion, decision.household), "run_by": run_by},
        ]
        for row in rows
    ]


def _told(programmes: Programmes, criterion: Criterion, household: Household) -> dict[str, Json]:
    """What the sentence of a criterion may name: who says so, the family's value, and the bounds."""
    facts = programmes.vocabulary.facts
    args: dict[str, Json] = {**criterion.args, **programmes.cited(criterion.source)}
    limits = [atom for atom in atoms(criterion.rule) if isinstance(atom, Within)]
    for bound in limits:
        value = household.facts.get(bound.fact)
        if isinstance(value, Range):
            value = value.low if value.high >= facts[bound.fact].high else value.high
        if value is not None:
            args["value"] = _whole(value)
    highs = [bound.high for bound in limits if bound.high < inf]
    lows = [bound.low for bound in limits if bound.low > -inf]
    if highs:
        args |= {"limit": _whole(min(highs)), "limit_most": _whole(max(highs))}
        # The highest that is still allowed: who earns just the bound of "below" is not within it.
        args["most"] = _whole(
            min(b.high - (b.open_high and facts[b.fact].whole) for b in limits if b.high < inf)
        )
    if lows:
        args["least"] = _whole(min(lows))
    for atom in atoms(criterion.rule):
        if isinstance(atom, Among) and atom.fact == "province":
            args["only"] = [value for value in facts["province"].values if value in atom.values]
    return args


def _hangs(decision: Decision, asked: Any) -> str | None:
    """What an open verdict waits for: "score", "list", or "answers" that the family itself could give."""
    if decision.verdict != "not_yet_known":
        return None
    own = False
    for criterion in decision.decided_by:
        waiting = open_facts(criterion.rule, decision.household)
        if all(asked(name) for name in waiting):
            own = True
    if own:
        return "answers"
    return "score" if HELD_BACK & set(decision.missing) else "list"


def _enough(said: Mapping[str, Json], asked: Sequence[str]) -> bool:
    last = [said.get(name) for name in asked[-MOST_IN_A_ROW:]]
    tired = len(last) == MOST_IN_A_ROW and all(value in (DONT_KNOW, WONT_SAY) for value in last)
    return tired or len(asked) >= MOST_QUESTIONS


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value


def _frozen(household: Household) -> Frozen:
    return tuple(sorted(household.facts.items()))

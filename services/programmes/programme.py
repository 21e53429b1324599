"""Programmes as the rest of the house sees them: what holds of one on a day, and who says so."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import inf
from typing import Any, NamedTuple

from bot.messages import Json
from services.eligibility.decision import Criterion, Decision, Rules, decide
from services.eligibility.facts import Settled, Vocabulary
from services.eligibility.rules import Members, Rule, Within, as_data, atoms
from services.programmes.model import (
    TIMES_A_YEAR,
    TOLD,
    Amount,
    Benefit,
    Condition,
    Dated,
    File,
    Forms,
    Source,
    Standing,
    newest,
)

SCORES = {"score_above": "poverty_score"}
"""What registries call a reason for a refusal -> the criterion that it is, where the names differ."""


class Version(NamedTuple):
    """A criterion as it stands from some day on."""

    condition: Condition
    rule: Rule
    excludes: bool


@dataclass(frozen=True)
class Programme:
    """One programme: its file, and its conditions read into rules, by the id of the criterion."""

    file: File
    conditions: Mapping[str, Sequence[Version]]
    _kept: dict[frozenset[str], Rules] = field(default_factory=dict)

    def state(self, on: date) -> Standing | None:
        """Whether it takes people on a day. What is not confirmed counts as "unsure"."""
        held = [state for state in self.file.states if state.holds(on)]
        told = newest(held, on)
        return told or max(held, key=lambda state: state.since, default=None)

    def name(self, tag: str) -> str:
        """What it is called in a language, at length."""
        name = self.file.names[tag]
        return name if isinstance(name, str) else name.long

    def open(self, on: date) -> bool:
        """Whether it surely takes people on a day."""
        state = newest(self.file.states, on)
        return state is not None and state.state == "open"

    def benefit(self) -> Benefit | None:
        """The main one, which stands first in the file."""
        return next(iter(self.file.benefits.values()), None)

    def amount(self, on: date) -> Amount | None:
        """What the main benefit is on a day, as far as confirmed."""
        benefit = self.benefit()
        return newest(benefit.amounts, on) if benefit else None

    def worth(self, on: date) -> float:
        """Rupees a year that it may bring, for putting programmes in order; a loan must be paid back."""
        total = 0.0
        for benefit in self.file.benefits.values():
            amount = newest(benefit.amounts, on)
            if amount and not benefit.loan:
                total += max(rate.rupees for rate in amount.rates) * TIMES_A_YEAR[benefit.per]
        return total

    def rules(self, on: date) -> Rules:
        """The conditions of a day, as far as confirmed."""
        found = []
        for id, versions in self.conditions.items():
            condition = newest([version.condition for version in versions], on)
            if condition is not None:
                version = next(version for version in versions if version.condition is condition)
                found.append(_criterion(id, version))
        gaps = tuple(sorted(self._to_come(on) - {one.id for one in found}))
        key = frozenset([*(f"{one.id} {one.since}" for one in found), *gaps])
        if key not in self._kept:
            self._kept[key] = Rules(self.file.id, tuple(found), self._version(found, gaps), gaps)
        return self._kept[key]

    def _to_come(self, on: date) -> set[str]:
        """Criteria, not exclusions, of which something confirmed is known for a later day: there may have
        been one before that nobody told. One that ended is no condition any more."""
        return {
            id
            for id, versions in self.conditions.items()
            if any(
                v.condition.confidence in TOLD and not v.excludes and v.condition.since > on for v in versions
            )
        }

    def days(self) -> list[date]:
        """Days on which a confirmed condition begins or ends."""
        conditions = (version.condition for versions in self.conditions.values() for version in versions)
        every = [one for one in conditions if one.confidence in TOLD]
        return sorted({one.since for one in every} | {one.until for one in every if one.until})

    def _version(self, found: Sequence[Criterion], gaps: tuple[str, ...]) -> str:
        """The same for the same rules, whatever the order of the file's other parts."""
        told = [
            (one.id, as_data(one.rule), one.source, one.since.isoformat(), one.confidence, one.excludes)
            for one in sorted(found, key=lambda one: one.id)
        ]
        return hashlib.sha256(json.dumps([self.file.id, told, *gaps]).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Programmes:
    """All programmes, with their sources and the facts that their rules speak of."""

    by_id: Mapping[str, Programme]
    sources: Mapping[str, Source]
    vocabulary: Vocabulary
    units: Mapping[str, str]

    def open(self, on: date) -> list[Programme]:
        """Those that surely take people on a day and say for whom, the most helpful first. Special cases of
        another are not among them."""
        open_ = [one for one in self.by_id.values() if one.open(on) and not one.file.part_of]
        taking = [one for one in open_ if one.rules(on).criteria]
        return sorted(taking, key=lambda one: (-one.worth(on), one.file.id))

    def decide(self, id: str, settled: Settled) -> Decision:
        """Judge a household for a programme by the rules of its day. KeyError: no such programme."""
        return decide(self.by_id[id].rules(settled.as_of), settled.household, settled.as_of)

    def facts(self, id: str, on: date) -> dict[str, Json] | None:
        """What may be told of a programme on a day, None for one that is not known.

        `programme`, `state` and who it is `run_by` (in both scripts) always; where they are known `amount`
        (and `amount_to`, where it depends on the person) in rupees `per` period `since` a day, with `source`
        and `source_date`; `documents` and `apply`, codes of texts, with the `link` and `number` that the way
        names.
        """
        programme = self.by_id.get(id)
        state = programme.state(on) if programme else None
        if programme is None or state is None:
            return None
        told = state.state if state.confidence in TOLD else "unsure"
        facts: dict[str, Json] = {"programme": id, "state": told, **self.cited(state.source)}
        facts["run_by"] = programme.file.run_by.model_dump()
        amount, benefit = programme.amount(on), programme.benefit()
        if amount and benefit:
            rupees = sorted(rate.rupees for rate in amount.rates)
            facts |= {"amount": rupees[0], "since": amount.since.isoformat(), "per": benefit.per}
            facts |= self.cited(amount.source)
            if rupees[-1] > rupees[0]:
                facts["amount_to"] = rupees[-1]
        documents = newest(programme.file.documents, on)
        if documents:
            facts["documents"] = list(documents.bring)
        way = newest(programme.file.apply, on)
        if way:
            facts |= {"apply": way.how, "link": way.link, "number": way.number}
        return facts

    def rule(self, id: str, reason: str | None) -> dict[str, Json]:
        """Who says that `reason` excludes, and the score limit if it is one; empty where nobody does."""
        programme = self.by_id.get(id)
        versions = programme.conditions.get(SCORES.get(reason or "", reason or "")) if programme else None
        if not versions:
            return {}
        version = max(versions, key=lambda one: (one.condition.confidence in TOLD, one.condition.since))
        cited = self.cited(version.condition.source)
        return {**cited, "cut_off": _lowest_limit(version.rule)} if reason in SCORES else cited

    def quarterly_amount(self, id: str, on: date, sex: str, age: int) -> int | None:
        """Rupees that such a person is paid for the quarter of a day, None where nothing is."""
        amount = self.by_id[id].amount(on)
        rates = (rate.rupees for rate in amount.rates if rate.holds(sex, age)) if amount else ()
        return next(iter(rates), None)

    @cached_property
    def score_limit(self) -> float:
        """The highest poverty score that the core programme takes from every household."""
        return float(self.rule("kafaalat", "score_above")["cut_off"])

    def texts(self) -> dict[str, dict[str, tuple[str, str]]]:
        """Language -> text key -> what a programme is called and what it is, at length and short."""
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for id, programme in self.by_id.items():
            for tag, name in programme.file.names.items():
                both = (name.long, name.short) if isinstance(name, Forms) else (name, "")
                found.setdefault(tag, {})[f"programme.name.{id}"] = both
            for tag, about in programme.file.about.items():
                found.setdefault(tag, {})[f"programme.about.{id}"] = (about, "")
        return found

    def typed_names(self) -> dict[str, tuple[str, ...]]:
        """Programme -> every name that people type for it."""
        return {id: programme.file.also for id, programme in self.by_id.items()}

    def cited(self, source: str) -> dict[str, Any]:
        """`source` in both scripts and `source_date`, where it has one."""
        found = self.sources[source]
        cited: dict[str, Json] = {"source": found.name.model_dump()}
        if found.date is not None:
            cited["source_date"] = str(found.date)
        return cited


def _criterion(id: str, version: Version) -> Criterion:
    said: Dated = version.condition
    args = {**_ages(version.rule), **version.condition.args}
    return Criterion(id, version.rule, said.source, said.since, said.confidence, version.excludes, args)


def _ages(rule: Rule) -> dict[str, float]:
    """The ages that a rule asks of somebody of the home: `age_from`, `age_to`."""
    found: dict[str, float] = {}
    for one in atoms(rule):
        for atom in atoms(one.part) if isinstance(one, Members) else ():
            if isinstance(atom, Within) and atom.fact == "age":
                found |= {"age_from": int(atom.low)} if atom.low > -inf else {}
                found |= {"age_to": int(atom.high)} if atom.high < inf else {}
    return found


def _lowest_limit(rule: Rule) -> float:
    return min(atom.high for atom in atoms(rule) if isinstance(atom, Within))

"""Reads the programmes: one YAML file each, every fact with its source; anything unknown is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.messages import Json

FOLDER: Traversable = files("services.programmes")
SOURCES, SERVICE = "sources.yaml", "service.yaml"

State: TypeAlias = Literal["open", "closed", "suspended", "unsure"]
Confidence: TypeAlias = Literal["official", "press", "unconfirmed"]
Code: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Data(BaseModel):
    """What every table of the files has in common: no unknown key, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Name(Data):
    """A name in both scripts."""

    en: str
    ur: str


class Source(Data):
    """Where a fact comes from. `date` is a year, month or day, as exact as the source shows it."""

    grade: Literal["official", "press", "guide"]
    name: Name
    title: str
    url: str | None = None
    date: Any = None


class Standing(Data):
    """Whether a programme takes people, from a day on (without one: as far back as is known)."""

    state: State
    source: str
    since: date = date.min


class Rate(Data):
    """Rupees, for everybody or for one sex and ages (first and last, both included)."""

    rupees: Annotated[int, Field(gt=0)]
    sex: Literal["f", "m"] | None = None
    ages: tuple[int, int] | None = None

    def holds(self, sex: str, age: int) -> bool:
        """Whether this is the rate of such a person."""
        of_sex = self.sex is None or self.sex == sex
        return of_sex and (self.ages is None or self.ages[0] <= age <= self.ages[1])


class Amount(Data):
    """What is paid from a day on."""

    since: date
    source: str
    confidence: Confidence
    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]


class Rule(Data):
    """Why a household may be not eligible, and who says so; `limit` is a poverty score."""

    source: str
    limit: float | None = None
    limit_disabled: float | None = None


class Programme(Data):
    """One programme as its file has it."""

    id: Code
    states: Annotated[tuple[Standing, ...], Field(min_length=1)]
    per: Code | None = None
    amounts: tuple[Amount, ...] = ()
    documents: tuple[Code, ...] = ()
    documents_source: str | None = None
    apply: Code | None = None
    apply_source: str | None = None
    rules: Mapping[str, Rule] = {}

    def state(self, on: date) -> Standing | None:
        """The newest state that holds on a day."""
        return max((s for s in self.states if s.since <= on), key=lambda s: s.since, default=None)

    def amount(self, on: date) -> Amount | None:
        """The newest amount that is confirmed and holds on a day."""
        confirmed = (a for a in self.amounts if a.since <= on and a.confidence != "unconfirmed")
        return max(confirmed, key=lambda amount: amount.since, default=None)


@dataclass(frozen=True)
class Programmes:
    """All programmes with their sources."""

    by_id: Mapping[str, Programme]
    sources: Mapping[str, Source]

    def facts(self, id: str, on: date) -> dict[str, Json] | None:
        """What may be told of a programme on a day, None for one that is not known.

        `programme` and `state` always; where they are known `amount` (and `amount_to`, where it
        depends on the person) in rupees `per` period `since` a day, with `source` and `source_date`;
        `documents` and `apply`, codes of texts.
        """
        programme = self.by_id.get(id)
        state = programme.state(on) if programme else None
        if programme is None or state is None:
            return None
        facts: dict[str, Json] = {
            "programme": id,
            "state": state.state,
            **self._cited(state.source),
        }
        amount = programme.amount(on)
        if amount:
            rupees = sorted(rate.rupees for rate in amount.rates)
            facts |= {"amount": rupees[0], "since": amount.since.isoformat(), "per": programme.per}
            facts |= self._cited(amount.source)
            if rupees[-1] > rupees[0]:
                facts["amount_to"] = rupees[-1]
        if programme.documents:
            facts["documents"] = list(programme.documents)
        if programme.apply:
            facts["apply"] = programme.apply
        return facts

    def rule(self, id: str, reason: str | None) -> dict[str, Json]:
        """Who says that `reason` excludes, and the score limit if it is one; empty where nobody does."""
        programme = self.by_id.get(id)
        rule = programme.rules.get(reason or "") if programme else None
        if rule is None:
            return {}
        cited = self._cited(rule.source)
        return cited if rule.limit is None else {**cited, "cut_off": rule.limit}

    def quarterly_amount(self, id: str, on: date, sex: str, age: int) -> int | None:
        """Rupees that such a person is paid for the quarter of a day, None where nothing is."""
        amount = self.by_id[id].amount(on)
        rates = (rate.rupees for rate in amount.rates if rate.holds(sex, age)) if amount else ()
        return next(iter(rates), None)

    @cached_property
    def score_limit(self) -> float:
        """The highest poverty score that the core programme takes."""
        limit = self.by_id["kafaalat"].rules["score_above"].limit
        assert limit is not None
        return limit

    def _cited(self, source: str) -> dict[str, Json]:
        found = self.sources[source]
        cited: dict[str, Json] = {"source": found.name.model_dump()}
        if found.date is not None:
            cited["source_date"] = str(found.date)
        return cited


def load_programmes(folder: Traversable = FOLDER) -> Programmes:
    """Every programme of a folder. ValueError names the file and what to mend in it."""
    sources = {key: _parsed(Source, raw, SOURCES) for key, raw in _read(folder, SOURCES).items()}
    by_id: dict[str, Programme] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml") and file.name not in (SOURCES, SERVICE):
            programme = _parsed(Programme, _read(folder, file.name), file.name)
            if programme.id != file.name.removesuffix(".yaml"):
                raise ValueError(f"{file.name}: id is {programme.id!r}, the file's name says another")
            _cites(programme, sources, file.name)
            by_id[programme.id] = programme
    return Programmes(by_id, sources)


def service_facts(folder: Traversable = FOLDER) -> dict[str, str]:
    """The service's own numbers, by the name that texts use."""
    return {name: str(fact["value"]) for name, fact in _read(folder, SERVICE).items()}


def _read(folder: Traversable, name: str) -> dict[str, Any]:
    try:
        read = yaml.safe_load((folder / name).read_text("utf-8"))
    except yaml.YAMLError as fault:
        raise ValueError(f"{name}: {fault}") from None
    if not isinstance(read, dict):
        raise ValueError(f"{name}: holds no table")
    return read


def _parsed(kind: Any, raw: Any, file: str) -> Any:
    try:
        return kind.model_validate(raw)
    except ValidationError as fault:
        told = "; ".join(
            f"{'.'.join(str(step) for step in error['loc']) or 'file'}: {error['msg']}"
            for error in fault.errors()
        )
        raise ValueError(f"{file}: {told}") from None


def _cites(programme: Programme, sources: Mapping[str, Source], file: str) -> None:
    cited = {
        *(state.source for state in programme.states),
        *(amount.source for amount in programme.amounts),
        *(rule.source for rule in programme.rules.values()),
        *(s for s in (programme.documents_source, programme.apply_source) if s),
    }
    unknown = sorted(cited - sources.keys())
    if unknown:
        raise ValueError(f"{file}: {', '.join(unknown)} is not in {SOURCES}")
    if programme.documents and not programme.documents_source:
        raise ValueError(f"{file}: documents need documents_source")
    if programme.apply and not programme.apply_source:
        raise ValueError(f"{file}: apply needs apply_source")
    if programme.amounts and not programme.per:
        raise ValueError(f"{file}: amounts need per (the period)")
    amounts = (amount.source for amount in programme.amounts)
    for source in (*amounts, *(rule.source for rule in programme.rules.values())):
        if sources[source].date is None:
            raise ValueError(f"{file}: {source} has no date, and people are told it with one")
    for amount in programme.amounts:
        if amount.confidence == "official" and sources[amount.source].grade != "official":
            raise ValueError(f"{file}: {amount.source} is not official, the amount of {amount.since} is")

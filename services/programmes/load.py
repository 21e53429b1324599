"""Reads the programmes and the facts that their rules speak of; refuses, by line, what cannot be right."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib.resources.abc import Traversable
from typing import Any

from services.eligibility.facts import Clause, Fact, Vocabulary, implication, union
from services.eligibility.rules import Rule
from services.programmes.grammar import opposite, rule_of
from services.programmes.model import GRADES, Condition, Dated, FactEntry, FactFile, File, Source, overlap
from services.programmes.names import FOLDER, programme_files
from services.programmes.programme import Programme, Programmes, Version
from services.programmes.reading import Fault, Path, Read
from services.programmes.sense import Sense

SOURCES, SERVICE, FACTS = "sources.yaml", "service.yaml", "facts.yaml"


def load_programmes(folder: Traversable = FOLDER) -> Programmes:
    """Every programme of a folder. ValueError names file and line, and what to mend there."""
    file = Read(folder, SOURCES)
    sources = {key: file.parsed(Source, (key,)) for key in file.data}
    vocabulary, units = load_facts(folder, sources)
    by_id = {}
    for entry in programme_files(folder):
        programme = _programme(Read(folder, entry.name), sources, vocabulary)
        by_id[programme.file.id] = programme
    _told_apart(by_id)
    return Programmes(by_id, sources, vocabulary, units)


def _told_apart(programmes: Mapping[str, Programme]) -> None:
    """What people type must mean one programme."""
    owners: dict[str, str] = {}
    for id, programme in programmes.items():
        for name in programme.file.also:
            other = owners.setdefault(name.lower(), id)
            if other != id:
                raise ValueError(f"{id}.yaml: also: {name!r} is a name of {other} too")


def load_facts(folder: Traversable, sources: Mapping[str, Source]) -> tuple[Vocabulary, dict[str, str]]:
    """The facts that rules may speak of, and the unit of those that are numbers."""
    read = Read(folder, FACTS)
    file = read.parsed(FactFile)
    _cited(read, sources, file.chances, ("chances",))
    chances = max(file.chances, key=lambda entry: entry.since)
    place = ("chances", file.chances.index(chances), "of")
    with read.telling():
        facts = {
            name: _fact(name, entry, chances.of.get(name), (*place, name))
            for name, entry in file.facts.items()
        }
        for name, entry in file.facts.items():
            _yes_no(facts, filter(None, (entry.after,)), ("facts", name, "after"))
        unknown = chances.of.keys() - facts.keys()
        if unknown:
            raise Fault((*place, min(unknown)), "no such fact")
        members = {
            n: _fact(n, entry, None, ("members", n), common=False) for n, entry in file.members.items()
        }
        clauses = _clauses(file, facts)
    units: dict[str, str] = {name: entry.unit for name, entry in file.facts.items() if entry.unit}
    return Vocabulary(facts, members, tuple(clauses)), units


def service_facts(folder: Traversable = FOLDER) -> dict[str, str]:
    """The service's own numbers, by the name that texts use."""
    return {name: str(fact["value"]) for name, fact in Read(folder, SERVICE).data.items()}


def _clauses(file: FactFile, facts: Mapping[str, Fact]) -> list[Clause]:
    clauses: list[Clause] = []
    for number, one in enumerate(file.implications):
        path: Path = ("implications", number)
        if len(one.given) != 1 or len(one.then) != 1:
            raise Fault(path, "needs one fact under if and one under then")
        (given,), (then,) = one.given.items(), one.then.items()
        _yes_no(facts, (given[0], then[0]), path)
        clauses += implication(given, then)
    for name, parts in file.unions.items():
        _yes_no(facts, (name, *parts), ("unions", name))
        clauses += union(name, parts)
    return clauses


def _fact(name: str, entry: FactEntry, chance: Any, path: Path, *, common: bool = True) -> Fact:
    if common and chance is None:
        raise Fault(path, "has no chance under chances")
    if (entry.kind == "choice") != bool(entry.values):
        raise Fault(path, "values are for choices, and choices need them")
    if entry.kind == "number" and (entry.low is None or entry.high is None):
        raise Fault(path, "a number needs low and high")
    fact = Fact(
        name=name,
        kind=entry.kind,
        low=float("-inf") if entry.low is None else entry.low,
        high=float("inf") if entry.high is None else entry.high,
        whole=entry.whole,
        values=entry.values,
        asked=entry.asked,
        after=entry.after or "",
        cost=entry.cost,
        changes=entry.changes,
        lasts=timedelta(days=entry.lasts_days) if entry.lasts_days else None,
        chance=_chance(entry, chance, path),
    )
    return fact


def _chance(entry: FactEntry, chance: Any, path: Path) -> dict[Any, float]:
    if chance is None:
        return {}
    if entry.kind == "yes_no":
        if not isinstance(chance, (int, float)) or not 0 < chance < 1:
            raise Fault(path, f"{chance!r} is no share between 0 and 1")
        return {True: float(chance), False: 1 - float(chance)}
    if not isinstance(chance, dict):
        raise Fault(path, "needs a share of each value")
    shares = {key: float(share) for key, share in chance.items()}
    if entry.kind == "choice":
        if set(shares) != set(entry.values) or abs(sum(shares.values()) - 1) > 1e-6:
            raise Fault(path, f"needs shares of {', '.join(entry.values)} that add up to 1")
    elif list(shares) != sorted(shares) or list(shares.values()) != sorted(shares.values()):
        raise Fault(path, "needs rising numbers with rising shares")
    elif list(shares.values())[-1] != 1:
        raise Fault(path, "the last share is not 1")
    return shares


def _yes_no(facts: Mapping[str, Fact], names: Iterable[str], path: Path) -> None:
    for name in names:
        if name not in facts or facts[name].kind != "yes_no":
            raise Fault(path, f"{name} is no yes-or-no fact")


def _programme(read: Read, sources: Mapping[str, Source], vocabulary: Vocabulary) -> Programme:
    file = read.parsed(File)
    if file.id != read.name.removesuffix(".yaml"):
        raise read.refused(("id",), f"is {file.id!r}, the file's name says another")
    for tag in ("en", "ur"):
        for table in ("names", "about"):
            if tag not in getattr(file, table):
                raise read.refused((table,), f"needs {tag}")
    others = {"part_of": (file.part_of,) if file.part_of else (), "elsewhere": file.elsewhere}
    for key, named in others.items():
        for other in named:
            if not (read.folder / f"{other}.yaml").is_file():
                raise read.refused((key,), f"there is no {other}.yaml")
    if file.enrolled:
        with read.telling():
            _yes_no(vocabulary.facts, (file.enrolled,), ("enrolled",))
    lists: dict[Path, tuple[Dated, ...]] = {
        ("states",): file.states,
        ("documents",): file.documents,
        ("apply",): file.apply,
        ("codes",): file.codes,
        ("helplines",): file.helplines,
        ("free",): file.free,
        **{("benefits", name, "amounts"): benefit.amounts for name, benefit in file.benefits.items()},
        **{("criteria", name): versions for name, versions in file.criteria.items()},
        **{("exclusions", name): versions for name, versions in file.exclusions.items()},
    }
    for path, values in lists.items():
        _cited(read, sources, values, path)
    both = file.criteria.keys() & file.exclusions.keys()
    if both:
        raise read.refused(("exclusions", min(both)), "is a criterion too")
    conditions = {
        id: tuple(
            Version(condition, _rule(read, condition, vocabulary, (kind, id, place, "rule"), bars=bars), bars)
            for place, condition in enumerate(versions)
        )
        for kind, bars in (("criteria", False), ("exclusions", True))
        for id, versions in getattr(file, kind).items()
    }
    programme = Programme(file, conditions)
    sense = Sense(vocabulary)
    with read.telling():
        for day in programme.days():
            sense.check(programme.rules(day), file.exclusions)
    return programme


def _rule(read: Read, condition: Condition, vocabulary: Vocabulary, path: Path, *, bars: bool) -> Rule:
    with read.telling():
        rule = rule_of(condition.rule, vocabulary.facts, vocabulary, path)
    return opposite(rule, vocabulary.facts) if bars else rule


def _cited(read: Read, sources: Mapping[str, Source], values: tuple[Dated, ...], path: Path) -> None:
    """Every value has a source that is known and good enough, and none is in another's way."""
    for place, value in enumerate(values):
        source = sources.get(value.source)
        if source is None:
            raise read.refused((*path, place, "source"), f"{value.source} is not in {SOURCES}")
        if source.grade not in GRADES[value.confidence]:
            told = f"{value.confidence}, but {value.source} is of grade {source.grade}"
            raise read.refused((*path, place, "confidence"), told)
        if source.date is None and value.since.year > 1 and value.confidence == "official":
            raise read.refused((*path, place, "source"), f"{value.source} has no date")
    clash = overlap(values)
    if clash is not None:
        raise read.refused((*path, clash), "overlaps another value of the same time")

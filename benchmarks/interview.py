"""How many questions an interview takes, beside the fewest possible where that can be worked out exactly."""

import random
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

from benchmarks.eligibility import row
from services.eligibility.decision import Criterion, Rules, decide
from services.eligibility.facts import Fact, Vocabulary, implication
from services.eligibility.interview import Interview
from services.eligibility.rules import AllOf, Among, AnyOf, Rule
from services.programmes.load import load_programmes

ON = date(2026, 11, 25)
LIMIT = 1.05
"""Mean number of questions to the exact optimum."""


def run() -> bool:
    """The mean number of questions beside the fewest possible, where that can be worked out exactly."""
    ratios = []
    for name, vocabulary, rules in _small_models():
        asked = _mean_asked(vocabulary, rules)
        best = _optimum(vocabulary, rules)
        ratios.append(asked / best)
        print(f"questions, {name}: {asked:.2f} asked, {best:.2f} at best, ratio {asked / best:.3f}")  # noqa: T201
    ratio = sum(ratios) / len(ratios)
    print(f"questions, mean ratio to the exact optimum: {ratio:.3f}, limit {LIMIT}")  # noqa: T201
    _real_programmes()
    return ratio <= LIMIT


def _small_models() -> Iterator[tuple[str, Vocabulary, list[Rules]]]:
    """Programmes over ten yes-or-no facts: a conjunction, several that share facts, alternatives, a tie."""
    chances = (0.62, 0.9, 0.93, 0.3, 0.8, 0.15, 0.5, 0.06, 0.35, 0.7)
    facts = {
        f"f{n}": Fact(f"f{n}", "yes_no", chance={True: share, False: 1 - share})
        for n, share in enumerate(chances)
    }

    def holds(n: int, value: bool = True) -> Rule:
        return Among(f"f{n}", frozenset({value}))

    def programme(id: str, *parts: Rule) -> Rules:
        criteria = tuple(Criterion(f"c{n}", part, "S", date.min, "official") for n, part in enumerate(parts))
        return Rules(id, criteria, id)

    core = [holds(0), holds(1), holds(2), holds(3, value=False), holds(4)]
    plain = Vocabulary(facts)
    yield "one conjunction", plain, [programme("a", *core)]
    several = [
        programme("a", *core),
        programme("b", holds(0), holds(1), holds(6)),
        programme("c", holds(0), holds(5)),
        programme("d", holds(7), holds(8)),
    ]
    yield "four programmes that share facts", plain, several
    either = [
        programme("a", AnyOf((holds(5), AllOf((holds(0), holds(6))))), holds(4)),
        programme("b", AnyOf((holds(7), holds(8), holds(9))), holds(1)),
    ]
    yield "alternatives", plain, either
    tied = Vocabulary(facts, clauses=tuple(implication(("f5", True), ("f6", True))))
    both = [programme("a", holds(6), holds(5)), programme("b", holds(6), holds(0))]
    yield "a fact that implies another", tied, both


def _mean_asked(vocabulary: Vocabulary, rules: list[Rules], sample: int = 3000) -> float:
    interview, chance, total = Interview(vocabulary), random.Random(9), 0
    chosen: dict[frozenset[tuple[str, bool]], str | None] = {}
    for _ in range(sample):
        truth = _household(vocabulary, chance)
        known: dict[str, bool] = {}
        while True:
            key = frozenset(known.items())
            if key not in chosen:
                household = vocabulary.household(known, ON).household
                decisions = [decide(one, household, ON) for one in rules]
                question = interview.next(rules, household, decisions)
                chosen[key] = question.fact if question else None
            fact = chosen[key]
            if fact is None:
                break
            known[fact] = truth[fact]
            total += 1
    return total / sample


def _household(vocabulary: Vocabulary, chance: random.Random) -> dict[str, bool]:
    truth = {name: chance.random() < fact.chance[True] for name, fact in vocabulary.facts.items()}
    for clause in vocabulary.clauses:
        if clause.then[1] and all(truth[name] is value for name, value in clause.given):
            truth[clause.then[0]] = True
    return truth


def _optimum(vocabulary: Vocabulary, rules: list[Rules]) -> float:
    """The fewest questions on average, by looking through every state of knowledge."""
    names = sorted({name for one in rules for name in one.facts()})
    worlds = _worlds(vocabulary, names)

    @cache
    def needed(known: tuple[bool | None, ...]) -> float:
        said = {name: value for name, value in zip(names, known, strict=True) if value is not None}
        household = vocabulary.household(said, ON).household
        if all(decide(one, household, ON).verdict != "not_yet_known" for one in rules):
            return 0.0
        inside = [entry for entry in worlds if _agrees(known, entry[0])]
        whole = sum(share for _, share in inside)
        best = float("inf")
        for place, value in enumerate(known):
            if value is None:
                cost = 1.0
                for answer in (True, False):
                    share = sum(s for w, s in inside if w[place] is answer) / whole
                    if share:
                        cost += share * needed((*known[:place], answer, *known[place + 1 :]))
                best = min(best, cost)
        return best

    return needed((None,) * len(names))


def _agrees(known: tuple[bool | None, ...], world: tuple[bool, ...]) -> bool:
    return all(said is None or said == value for said, value in zip(known, world, strict=True))


def _worlds(vocabulary: Vocabulary, names: list[str]) -> list[tuple[tuple[bool, ...], float]]:
    found: dict[tuple[bool, ...], float] = {}
    for number in range(2 ** len(names)):
        truth = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        share = 1.0
        for name, value in truth.items():
            share *= vocabulary.facts[name].chance[value]
        for clause in vocabulary.clauses:
            if clause.then[1] and all(truth.get(name) is value for name, value in clause.given):
                truth[clause.then[0]] = True
        world = tuple(truth[name] for name in names)
        found[world] = found.get(world, 0.0) + share
    return list(found.items())


def _real_programmes() -> None:
    programmes = load_programmes()
    interview, chance = Interview(programmes.vocabulary), random.Random(4)
    drawn = interview._drawn
    in_play = programmes.open(ON)
    for title, some, worth in (
        ("all open programmes", in_play, 0.03),
        ("all open programmes, to the last doubt", in_play, 0.0),
        *((one.file.id, [one], 0.0) for one in in_play),
    ):
        rules = [one.rules(ON) for one in some]
        counts = []
        for _ in range(60 if len(some) > 1 else 200):
            number = chance.randrange(drawn.size)
            truth = row(list(programmes.vocabulary.facts.values()), drawn, number)
            said: dict[str, Any] = {}
            asked: list[str] = []
            while True:
                household = programmes.vocabulary.household(said, ON).household
                decisions = [decide(one, household, ON) for one in rules]
                question = interview.next(rules, household, decisions, closed=asked, worth=worth)
                if question is None:
                    break
                asked.append(question.fact)
                said[question.fact] = truth[question.fact]
            counts.append(len(asked))
        print(  # noqa: T201
            f"questions, {title}: {sum(counts) / len(counts):.1f} on average, {max(counts)} at most"
        )

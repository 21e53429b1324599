"""The vocabulary of all languages, compiled once: what people type, by meaning."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from bot.messages import Json
from bot.understand.answers import LISTED, SAYINGS, Particles, compile_particles
from bot.understand.linear import Linear
from bot.understand.money import NumberWords, Role
from bot.understand.names import FACT, Names
from bot.understand.normalise import loose, loose_all, plain
from bot.understand.skeleton import spelt_or_bare
from bot.understand.together import Sides

RawWords = Mapping[str, Mapping[str, Iterable[str]]]
"""One language's `words.toml`: the tables `language`, `words` and `answers`."""


class Place(NamedTuple):
    """One name of a place: its district's code, the tehsil's name or "", and whether it is spelt right."""

    name: str
    district: str
    tehsil: str
    official: bool


FUZZY = frozenset({"district", "programme"})
"""Slots whose names are also found misspelt."""

LARGEST_UNIT = 100

MEASURES = frozenset({"age", "other_units"})
"""Topics that are no facts of the home."""

_YEHS = ("\u06cc", "\u06d2")
DECLINED = {"a": ("e", "ay"), "o": ("e", "ay"), "\u0627": _YEHS, "\u06c1": _YEHS, "\u0648": _YEHS}
"""Last letter of a name -> its endings before a word that governs it, in Urdu, Punjabi and Sindhi."""

SHORTEST_DECLINED = 5
SHORT_NAME = 4
"""Names of tehsils of so few letters are taken for everyday words, unless they are listed as certain."""


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that understanding knows. Keys of the mappings are loosely normalised texts."""

    meaning: Linear
    language: Linear
    commands: Mapping[str, str]
    """Whole message -> intent."""
    shared: frozenset[str]
    """Whole messages that are said in several languages, and so tell none."""
    names: Names
    languages: Mapping[str, str]
    ordinals: Mapping[str, int]
    """Number word -> which choice of a menu."""
    numbers: NumberWords
    months: Mapping[str, int]
    units: Mapping[str, str]
    codes: frozenset[str]
    joins: frozenset[str]
    """Words between two sentences of one text."""
    particles: Particles
    topics: Mapping[str, frozenset[str]]
    """Fact of the home ("": any) -> words that a question for it is about, and the skeletons of long ones."""
    sides: Sides
    """Words of which two tell a fact of the home together."""
    undeniable: frozenset[str]
    """Slots of facts of which one name may be denied and another be true: no widow, but a wife."""
    countable: tuple[str, ...]
    """Facts that are numbers, of which a denial says 0."""
    examples: Mapping[str, frozenset[str]]
    """What the bot itself tells people to write -> the languages that tell so."""


def compile_words(
    meaning: Linear,
    language: Linear,
    said: Mapping[str, RawWords],
    slots: Mapping[str, Mapping[str, object]],
    places: Iterable[Place],
) -> Words:
    """Build the vocabulary from what the data files hold.

    `said` is by tag.
    """
    commands: dict[str, str] = {}
    shared: set[str] = set()
    ordinary: set[str] = set()
    for raw in said.values():
        own = dict(_inverted(raw.get("words", {})))
        shared |= own.keys() & commands.keys()
        commands |= own
        ordinary.update(loose_all(raw.get("language", {}).get("words", ())))
    particles = compile_particles(
        {tag: _does(raw) for tag, raw in said.items() if "answers" in raw},
        {tag: _loose(raw["language"]["words"]) for tag, raw in said.items() if "answers" in raw},
    )
    examples: defaultdict[str, set[str]] = defaultdict(set)
    for tag, raw in said.items():
        for example in loose_all(raw["language"].get("examples", ())):
            examples[example].add(tag)
    listed = list(places)
    spelt = loose_all(place.name for place in listed)
    named = list(_named(slots))
    right = {name for name, place in zip(spelt, listed, strict=True) if place.official}
    right |= {name for name, slot, _ in named if slot == "programme"}
    guarded = slots["places"]
    ordinary |= _loose(guarded["ordinary"])
    short = {n for n, place in zip(spelt, listed, strict=True) if place.tehsil and len(n) <= SHORT_NAME}
    doubtful = _loose(guarded["doubtful"]) | short
    return Words(
        meaning=meaning,
        language=language,
        commands=commands,
        shared=frozenset(shared),
        names=Names.of(
            chain(named, _placed(listed, spelt), _sayings(said)),
            fuzzy=right,
            ordinary=frozenset(ordinary),
            doubtful=doubtful - _loose(guarded["certain"]),
            beside=_loose(guarded["beside"]),
            leaving=_loose(guarded["leaving"]),
            leaving_from=_loose(guarded["leaving_from"]),
        ),
        languages=dict(_inverted(slots["languages"])),
        ordinals={word: int(number) for word, number in _inverted(slots["ordinals"])},
        numbers=_numbers(slots["amounts"]),
        months={word: int(number) for word, number in _inverted(slots["months"])},
        units=dict(_inverted(slots["units"])),
        codes=frozenset(_texts(slots["codes"]["known"])),
        joins=frozenset(plain(word).lower() for word in _texts(slots["clauses"]["joins"])),
        particles=particles,
        topics=_topics(slots["topics"]),
        sides=_sides(slots["together"]),
        undeniable=frozenset(FACT + fact for fact in _texts(slots["denials"]["undeniable"])),
        countable=tuple(_texts(slots["denials"]["countable"])),
        examples={example: frozenset(tags) for example, tags in examples.items()},
    )


def _topics(table: Mapping[str, object]) -> dict[str, frozenset[str]]:
    topics = {
        fact: frozenset(chain.from_iterable(map(spelt_or_bare, loose_all(_texts(told)))))
        for fact, told in table.items()
    }
    return {**topics, "": frozenset().union(*(told for fact, told in topics.items() if fact not in MEASURES))}


def _sides(table: Mapping[str, object]) -> Sides:
    sides: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for fact, listed in table.items():
        assert isinstance(listed, Mapping)
        for side, told in listed.items():
            for word in loose_all(_texts(told)):
                sides[word][fact, side] = None
    return {key: tuple(found) for key, found in sides.items()}


def _does(raw: RawWords) -> dict[str, Iterable[str]]:
    """What the phrases of one language do in answers: those of `answers`, and whole messages that count."""
    listed = {
        kind: texts
        for kind, texts in raw["answers"].items()
        if kind in ("back", "drop") or kind not in SAYINGS
    }
    for intent in LISTED:
        listed[intent] = (*listed.get(intent, ()), *raw["words"].get(intent, ()))
    return listed


def _sayings(said: Mapping[str, RawWords]) -> Iterator[tuple[str, str, Json]]:
    for raw in said.values():
        for kind in (*SAYINGS, "complaint"):
            for phrase in loose_all(raw.get("answers", {}).get(kind, ())):
                if " " in phrase or kind == "complaint":
                    yield phrase, kind, True


def _named(slots: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str, Json]]:
    for slot, table in (
        ("programme", "programmes"), ("person", "person"), ("asks", "asks"), ("paper", "papers"),
        ("period", "period"), ("province", "provinces"), ("change", "changes"), ("measure", "measures"),
        ("unknown", "unknown"),
    ):  # fmt: skip
        for word, value in _inverted(slots[table]):
            yield word, slot, value
    for word, kind in _inverted(slots.get("complaints", {})):
        yield word, "category", kind
    for table, said in (("facts", True), ("facts_not", False)):
        for word, fact in _inverted(slots.get(table, {})):
            yield word, FACT + fact, said


def _placed(places: Sequence[Place], spelt: Sequence[str]) -> Iterator[tuple[str, str, Json]]:
    for own, place in zip(spelt, places, strict=True):
        for name in (own, *oblique(own)):
            yield name, "district", place.district
            if place.tehsil:
                yield name, "tehsil", place.tehsil


def oblique(name: str) -> tuple[str, ...]:
    """How a place is called before "in" and "from": Okara is "Okare mein", Larkano is "Larkane mein"."""
    if len(name) < SHORTEST_DECLINED or name[-1] not in DECLINED:
        return ()
    return tuple(name[:-1] + ending for ending in DECLINED[name[-1]])


def _numbers(table: Mapping[str, object]) -> NumberWords:
    common: dict[str, Role] = {}
    for role in ("unit", "add", "scale"):
        values = table[role]
        assert isinstance(values, Mapping)
        for value, words in values.items():
            common.update({loose(word): (role, float(value)) for word in _texts(words)})
    only = table["only"]
    assert isinstance(only, Mapping)
    own = {tag: {loose(word): _role(float(value)) for word, value in ws.items()} for tag, ws in only.items()}
    return NumberWords(common, own, _loose(table["joins"]), _loose(table["rupees"]))


def _role(value: float) -> Role:
    if value >= LARGEST_UNIT:
        return "scale", value
    return ("add" if value < 1 else "unit"), value


def _inverted(table: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    pairs = [(word, key) for key, words in table.items() for word in _texts(words)]
    return zip(loose_all(word for word, _ in pairs), (key for _, key in pairs), strict=True)


def _loose(value: object) -> frozenset[str]:
    return frozenset(loose_all(_texts(value)))


def _texts(value: object) -> list[str]:
    assert isinstance(value, (list, tuple))
    return [str(item) for item in value]

"""The vocabulary of all languages, compiled once: what people type, by meaning."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.understand.intents import Model, train
from bot.understand.language import Tongue
from bot.understand.normalise import loose, strict

RawPhrases = Mapping[str, Mapping[str, Iterable[str]]]
"""One language's `phrases.toml`: the tables `language`, `words` and `intents`."""


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that understanding knows. Keys of the mappings are loosely normalised texts."""

    tongues: tuple[Tongue, ...]
    commands: Mapping[str, str]
    """Whole message -> intent."""
    model: Model
    places: Mapping[str, str]
    """Name of a district or town -> district code."""
    programmes: Mapping[str, str]
    about: Mapping[str, str]
    asks: Mapping[str, str]
    """Words that tell what is asked about a thing: its "status"."""
    papers: Mapping[str, str]
    """Words for what is wrong with a paper."""
    languages: Mapping[str, str]
    ordinals: Mapping[str, int]
    """Number word -> which choice of a menu."""
    amounts: Mapping[str, tuple[str, float]]
    """Number word -> its role (unit, add, scale) and value."""
    codes: frozenset[str]


def compile_words(
    phrases: Mapping[str, RawPhrases],
    scripts: Mapping[str, str],
    slots: Mapping[str, Mapping[str, object]],
    places: Mapping[str, Mapping[str, object]],
) -> Words:
    """Build the vocabulary from what the data files hold: by tag, `phrases` and `scripts` (Arab, Latn)."""
    tongues = tuple(
        Tongue(
            tag,
            scripts[tag] == "Arab",
            frozenset(strict(word) for word in raw.get("language", {}).get("words", ())),
            frozenset("".join(raw.get("language", {}).get("letters", ()))),
        )
        for tag, raw in phrases.items()
    )
    commands = {
        loose(word): intent
        for raw in phrases.values()
        for intent, words in raw.get("words", {}).items()
        for word in words
    }
    examples = [
        (intent, text)
        for raw in phrases.values()
        for intent, texts in raw.get("intents", {}).items()
        for text in texts
    ]
    return Words(
        tongues=tongues,
        commands=commands,
        model=train(examples),
        places=_places(places),
        programmes=_inverted(slots["programmes"]),
        about=_inverted(slots["about"]),
        asks=_inverted(slots["asks"]),
        papers=_inverted(slots["papers"]),
        languages=_inverted(slots["languages"]),
        ordinals={loose(w): int(n) for n, ws in slots["ordinals"].items() for w in _texts(ws)},
        amounts=_amounts(slots["amounts"]),
        codes=frozenset(_texts(slots["codes"]["known"])),
    )


def _places(places: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for code, place in places.items():
        for name in (
            code.replace("_", " "),
            place["en"],
            place["ur"],
            *_texts(place.get("also", ())),
        ):
            names.setdefault(loose(str(name)), code)
    return names


def _amounts(table: Mapping[str, object]) -> dict[str, tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {}
    for role, values in table.items():
        assert isinstance(values, Mapping)
        for value, words in values.items():
            found.update({loose(word): (role, float(value)) for word in _texts(words)})
    return found


def _inverted(table: Mapping[str, object]) -> dict[str, str]:
    return {loose(word): key for key, words in table.items() for word in _texts(words)}


def _texts(value: object) -> list[str]:
    assert isinstance(value, (list, tuple))
    return [str(item) for item in value]

"""What is learnt from: the phrases and sentences in `locales/`, and corpora that stay outside."""

from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from random import Random

from services.learning.fit import FOLDS, NOTHING, SEED, Example
from services.learning.noise import gibberish, keyboards, window
from services.locales import read_table, tags

MOST_OF_A_CORPUS = 2500
"""Sentences of one language: so that those with much text do not drown those with little."""

OTHER_NAMES = {"pnb": "pa-Arab"}
"""What a corpus calls a language -> BCP 47."""

LEFT_OUT = frozenset({"pnb"})
"""Corpora that teach wrong: these are words of a map's menus, half of them Urdu."""

TELL_NOTHING = frozenset({"greeting", "thanks", "yes", "no", "language_change"})
"""Intents whose phrases are said in every language, or name another one."""

ONLY_ALONE = frozenset({"why", "dont_know", "wont_say", "privacy", "helper", "who_asked", "forget_me"})
"""Intents of whole messages: inside a sentence their words mean other things."""

FEWEST_WORDS = 2
COPIES_OF_WORDS = 80
COPIES_OF_SENTENCES = 1
"""Prose of our own stands for corpora that there are not: it is read twice, in other pieces."""

BLOCK, MEASURED = 20, 10
"""Every tenth block of so many lines of a corpus is kept for measuring."""

GIBBERISH = 1500
VAGUE = 60
"""Texts a language of nothing but its commonest words: they are about nothing yet."""


def of_meaning(folder: Traversable) -> list[Example]:
    """Every phrase and every whole message, labelled with its intent."""
    found = _gibberish()
    chance = Random(SEED)
    for tag in tags(folder):
        vague = read_table(folder, tag, "words.toml", "language").get("words", [])
        for number in range(VAGUE if vague else 0):
            text = " ".join(chance.sample(vague, min(chance.randint(1, 4), len(vague))))
            found.append(Example(NOTHING, text, number))
        for intent, texts in read_table(folder, tag, "words.toml", "words").items():
            if intent in ONLY_ALONE:
                continue
            found += [Example(intent, text, number) for number, text in enumerate(texts)]
        for intent, texts in read_table(folder, tag, "phrases.toml", "intents").items():
            # A thought told in two scripts stands at about the same place of both files: one group.
            found += [
                Example(intent, text, number * FOLDS // len(texts)) for number, text in enumerate(texts)
            ]
    return found


def of_language(folder: Traversable, corpora: Path | None) -> list[Example]:
    """Texts labelled with their language: whole, in pieces of few words, and from other keyboards."""
    chance = Random(SEED)
    found = _gibberish()
    for number, (tag, text) in enumerate(_texts(folder, corpora, chance)):
        group = number % FOLDS
        found.append(Example(tag, text, group))
        found.append(Example(tag, window(text, 3, 7, chance), group))
        found.append(Example(tag, window(text, 1, 3, chance), group))
        if not text.isascii() and chance.random() < 0.5:
            found.append(Example(tag, keyboards(window(text, 2, 20, chance), chance), group))
    return found


def _gibberish() -> list[Example]:
    chance = Random(SEED)
    return [Example(NOTHING, gibberish(chance), number) for number in range(GIBBERISH)]


def _texts(folder: Traversable, corpora: Path | None, chance: Random) -> Iterator[tuple[str, str]]:
    for tag in tags(folder):
        for intent, texts in read_table(folder, tag, "phrases.toml", "intents").items():
            if intent not in TELL_NOTHING:
                yield from ((tag, text) for text in texts if len(text.split()) >= FEWEST_WORDS)
        words = read_table(folder, tag, "words.toml", "language").get("words", [])
        for _ in range(COPIES_OF_WORDS if words else 0):
            yield tag, " ".join(chance.sample(words, min(3, len(words))))
        written = folder / tag / "sentences.txt"
        if written.is_file():
            for _ in range(COPIES_OF_SENTENCES):
                yield from ((tag, line) for line in written.read_text("utf-8").splitlines())
    for tag, learnt, _ in corpus_lines(corpora) if corpora else ():
        yield from ((tag, line) for line in chance.sample(learnt, min(MOST_OF_A_CORPUS, len(learnt))))


def corpus_lines(corpora: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """(language, lines to learn from, lines to measure with) of a folder of corpora.

    `train/<language>.txt` is for both: blocks of neighbouring lines stay together, so that one article is
    never on both sides. `test-only/<language>-<anything>.txt` has no licence to be learnt from.
    """
    lines: dict[str, tuple[list[str], list[str]]] = {}
    for file in sorted(corpora.glob("train/*.txt")):
        learnt, measured = lines.setdefault(_tag(file.stem), ([], []))
        if file.stem in LEFT_OUT:
            continue
        for number, line in enumerate(file.read_text("utf-8").splitlines()):
            if line.strip():
                (measured if number // BLOCK % MEASURED == 0 else learnt).append(line.strip())
    for file in sorted(corpora.glob("test-only/*.txt")):
        _, measured = lines.setdefault(_tag(file.stem.partition("-")[0]), ([], []))
        measured += filter(None, map(str.strip, file.read_text("utf-8").splitlines()))
    yield from ((tag, learnt, measured) for tag, (learnt, measured) in lines.items())


def _tag(name: str) -> str:
    return OTHER_NAMES.get(name, name.replace("_", "-"))

"""What is wrong with the phrases: said twice, said for two intents, or of no known intent."""

from collections import defaultdict
from collections.abc import Iterator
from importlib.resources.abc import Traversable

from bot.topics import OPENINGS
from bot.understand.normalise import loose
from services.locales import read_table, tags

KNOWN = frozenset(OPENINGS) | {"yes", "no", "dont_know", "wont_say", "out_of_scope"}


def lint(folder: Traversable) -> list[str]:
    """Faults, each naming its file and phrase."""
    meant: defaultdict[str, set[str]] = defaultdict(set)
    faults: list[str] = []
    for tag in tags(folder):
        seen: set[str] = set()
        for file, intent, text in phrases(folder, tag):
            simple = loose(text)
            if intent not in KNOWN:
                faults.append(f"locales/{tag}/{file}: there is no intent {intent!r}")
            if not simple:
                faults.append(f"locales/{tag}/{file}: {text!r} has no words")
            elif simple in seen:
                faults.append(f"locales/{tag}/{file}: {text!r} stands twice")
            seen.add(simple)
            meant[simple].add(intent)
    clashes = {simple: intents for simple, intents in meant.items() if len(intents) > 1}
    faults += [f"{simple!r} is said to mean {' and '.join(sorted(i))}" for simple, i in clashes.items()]
    return faults


def phrases(folder: Traversable, tag: str) -> Iterator[tuple[str, str, str]]:
    """(file, intent, text) of one language's words and phrases."""
    for file, name in (("words.toml", "words"), ("phrases.toml", "intents")):
        for intent, texts in read_table(folder, tag, file, name).items():
            for text in texts:
                yield file, intent, text

"""Reads what people say: words of every language, names of places, and the weights of understanding."""

import tomllib
from collections.abc import Iterator
from importlib.resources.abc import Traversable

from bot.understand import Words, compile_words
from bot.understand.words import Place
from services import weights
from services.locales import FOLDER, load_languages, load_places


def load_words(folder: Traversable = FOLDER) -> Words:
    """The vocabulary of all languages that have a `words.toml`."""
    said = {}
    for tag in load_languages(folder):
        file = folder / tag / "words.toml"
        if file.is_file():
            said[tag] = tomllib.loads(file.read_text("utf-8"))
    slots = tomllib.loads((folder / "slots.toml").read_text("utf-8"))
    place = folder / "weights"
    meaning, language = weights.load(weights.MEANING, place), weights.load(weights.LANGUAGE, place)
    return compile_words(meaning, language, said, slots, _places(folder))


def _places(folder: Traversable) -> Iterator[Place]:
    """Every name of a place: districts before the tehsils and towns within them."""
    for code, place in load_places(folder).items():
        for name in (code.replace("_", " "), place["en"], place["ur"]):
            yield Place(name, code, "", official=True)
        for name in place.get("also", ()):
            yield Place(name, code, "", official=False)
    for line in (folder / "tehsils.tsv").read_text("utf-8").splitlines():
        code, english, urdu, also = line.split("\t")
        for name in (english, urdu):
            yield Place(name, code, english, official=True)
        for name in also.split("|"):
            yield Place(name, code, english, official=False)

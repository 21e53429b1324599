"""Reads what people say: words of every language, names of places, and the weights of understanding."""

import gc
from collections.abc import Iterator
from importlib.resources.abc import Traversable

import tomli

from bot.understand import Words, compile_words
from bot.understand.words import Place
from services import weights
from services.locales import FOLDER, load_places, read_tables, tags
from services.programmes.names import typed_names


def load_words(folder: Traversable = FOLDER) -> Words:
    """The vocabulary of all languages that have a `words.toml`, and what people type for each programme."""
    collects = gc.isenabled()
    gc.disable()  # the vocabulary stays: to look through it again and again while it grows is lost time
    try:
        return _load(folder)
    finally:
        if collects:
            gc.enable()


def _load(folder: Traversable) -> Words:
    read = {tag: read_tables(folder, tag, "words.toml") for tag in tags(folder)}
    said = {tag: tables for tag, tables in read.items() if tables}
    slots = {**tomli.loads((folder / "slots.toml").read_text("utf-8")), "programmes": typed_names()}
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

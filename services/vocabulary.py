"""Reads what people say: the phrases of every language, places and number words."""

import tomllib
from importlib.resources.abc import Traversable

from bot.understand import Words, compile_words
from services.locales import FOLDER, load_languages, load_places


def load_words(folder: Traversable = FOLDER) -> Words:
    """The vocabulary of all languages that have a `phrases.toml`."""
    languages = load_languages(folder)
    phrases = {}
    for tag in languages:
        file = folder / tag / "phrases.toml"
        if file.is_file():
            phrases[tag] = tomllib.loads(file.read_text("utf-8"))
    slots = tomllib.loads((folder / "slots.toml").read_text("utf-8"))
    scripts = {tag: language.script for tag, language in languages.items()}
    return compile_words(phrases, scripts, slots, load_places(folder))

"""Reads what we say: the languages and their catalogues."""

import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable

from babel.messages.pofile import read_po

from bot.texts import Catalogue, Entry, Form, Language, Texts
from services.locales import FOLDER, load_places, tags


def load_languages(folder: Traversable = FOLDER) -> dict[str, Language]:
    """Every language by its tag. TypeError names a field that is wrong."""
    found = {}
    for tag in tags(folder):
        fields = tomllib.loads((folder / tag / "language.toml").read_text("utf-8"))
        fields["fallback"] = tuple(fields.get("fallback", ()))
        found[tag] = Language(**fields)
    return found


Names = Mapping[str, Mapping[str, tuple[str, str]]]
"""Language -> key -> a name at length and short ("" where that is the same)."""


def load_texts(folder: Traversable, tag: str) -> Texts:
    """The catalogue of one language, empty where it has none of its own yet."""
    source = folder / tag / "messages.po"
    if not source.is_file():
        return {}
    with source.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    texts: dict[tuple[str, Form], Entry] = {}
    for message in catalogue:
        if not message.id or not message.string:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        words = (message.string,) if isinstance(message.string, str) else message.string
        form: Form = "short" if message.context == "short" else "long"
        texts[key, form] = Entry(words[0], "".join(words[1:2]), _review(message.user_comments))
    return texts


def load_catalogue(
    facts: Mapping[str, str], names: Names | None = None, folder: Traversable = FOLDER
) -> Catalogue:
    """All languages with their texts; `facts` are constants such as the short code and the helpline,
    `names` what the programmes are called."""
    languages = load_languages(folder)
    texts = {tag: {**load_texts(folder, tag), **_named((names or {}).get(tag, {}))} for tag in languages}
    return Catalogue(languages, texts, facts, load_places(folder))


def _named(names: Mapping[str, tuple[str, str]]) -> dict[tuple[str, Form], Entry]:
    found: dict[tuple[str, Form], Entry] = {}
    for key, (long, short) in names.items():
        found[key, "long"] = Entry(long)
        if short:
            found[key, "short"] = Entry(short)
    return found


def _review(comments: list[str]) -> str:
    for comment in comments:
        name, _, state = comment.partition(":")
        if name.strip() == "review":
            return state.strip()
    return "needed"

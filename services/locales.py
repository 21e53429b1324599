"""Reads the words of every language: `language.toml`, `messages.po` and the places."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from bot.texts import Catalogue, Entry, Form, Language, Texts

FOLDER: Traversable = files("locales")


def load_languages(folder: Traversable = FOLDER) -> dict[str, Language]:
    """Every folder with a `language.toml`, by tag. TypeError names a field that is wrong."""
    found = {}
    for place in sorted(folder.iterdir(), key=lambda entry: entry.name):
        described = place / "language.toml"
        if described.is_file():
            fields = tomllib.loads(described.read_text("utf-8"))
            fields["fallback"] = tuple(fields.get("fallback", ()))
            found[fields["tag"]] = Language(**fields)
    return found


def read_table(folder: Traversable, tag: str, file: str, name: str) -> dict[str, list[str]]:
    """One table of one file of a language, empty where there is none."""
    place = folder / tag / file
    if not place.is_file():
        return {}
    table: dict[str, list[str]] = tomllib.loads(place.read_text("utf-8")).get(name, {})
    return table


def load_places(folder: Traversable = FOLDER) -> dict[str, dict[str, str]]:
    """Code of a district -> its names in English ("en") and Urdu ("ur"), and its province."""
    places: dict[str, dict[str, str]] = tomllib.loads((folder / "places.toml").read_text("utf-8"))
    return places


def load_texts(folder: Traversable, tag: str) -> Texts:
    """The catalogue of one language, empty where it has none of its own yet."""
    from babel.messages.pofile import read_po  # here: to understand takes no catalogue

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


def load_catalogue(facts: Mapping[str, str], folder: Traversable = FOLDER) -> Catalogue:
    """All languages with their texts; `facts` are constants such as the short code and the helpline."""
    languages = load_languages(folder)
    texts = {tag: load_texts(folder, tag) for tag in languages}
    return Catalogue(languages, texts, facts, load_places(folder))


def _review(comments: list[str]) -> str:
    for comment in comments:
        name, _, state = comment.partition(":")
        if name.strip() == "review":
            return state.strip()
    return "needed"

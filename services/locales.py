"""Reads the data of every language as it lies in `locales/`: tables, and the places."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import tomli  # as the standard library's, but compiled: a third of the time that words take to read

FOLDER: Traversable = files("locales")


def tags(folder: Traversable = FOLDER) -> list[str]:
    """The languages: every folder with a `language.toml`."""
    return sorted(place.name for place in folder.iterdir() if (place / "language.toml").is_file())


def read_tables(folder: Traversable, tag: str, file: str) -> dict[str, dict[str, list[str]]]:
    """All tables of one file of a language, empty where there is none."""
    place = folder / tag / file
    return tomli.loads(place.read_text("utf-8")) if place.is_file() else {}


def read_table(folder: Traversable, tag: str, file: str, name: str) -> dict[str, list[str]]:
    """One table of one file of a language, empty where there is none."""
    return read_tables(folder, tag, file).get(name, {})


def load_places(folder: Traversable = FOLDER) -> dict[str, dict[str, Any]]:
    """Code of a district -> its names in English ("en") and Urdu ("ur"), `province`, other names (`also`)."""
    places = {}
    for line in (folder / "districts.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            code, province, english, urdu, also = line.split("\t")
            names = also.split("|")
            places[code] = {"en": english, "ur": urdu, "province": province, "also": names}
    return places

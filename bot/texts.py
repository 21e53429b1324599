"""What the bot says: a key, a language and arguments become a sentence of the catalogue.

A placeholder is `{name}` or `{name:kind}`. Kinds: money and number (grouped, Western digits), date and
day (of an ISO date), when (of an ISO year, month or day), cycle ("2026-Q3"), place (a district's code),
language (a tag: its own name, in short Latin texts the English one), local (a value that holds the name in
both scripts), or a key prefix that ends in a dot: `{reason:eligibility.reason.}` is the text of
"eligibility.reason." + value, which may name the same arguments. A list value becomes the list of its texts.
"""

import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal, TypeAlias

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal

from bot.messages import Json

Form: TypeAlias = Literal["long", "short"]
Piece: TypeAlias = tuple[str, str, str]
"""Literal text, then the name and kind of the placeholder after it ("" where there is none)."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language: `tag` is BCP 47, `babel` the CLDR locale for dates and numbers, `reply` is true
    where its texts are complete, `fallback` is the chain that stands in for missing ones."""

    tag: str
    name: str
    english: str
    script: Literal["Arab", "Latn"]
    direction: Literal["rtl", "ltr"]
    babel: str
    fallback: tuple[str, ...] = ()
    reply: bool = False
    review: str = "needed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One text as written: `plural` is used where the argument `n` is not 1."""

    text: str
    plural: str = ""
    review: str = "needed"


LONGEST_NAME = {"Latn": 60, "Arab": 36}
"""Characters that the short form gives to the name of a place: what one SMS, or two in Urdu, leaves."""

Texts: TypeAlias = Mapping[tuple[str, Form], Entry]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All texts of all languages. `facts` are constants that every text may name; `places` gives the
    name of a district's code in English ("en") and Urdu ("ur")."""

    languages: Mapping[str, Language]
    texts: Mapping[str, Texts]
    facts: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def text(
        self,
        key: str,
        language: str,
        args: Mapping[str, Json] | None = None,
        *,
        form: Form = "long",
    ) -> str:
        """The sentence. KeyError, naming what is missing, for a key or an argument that is not there."""
        tag, entry = self._find(key, language, form)
        args = args or {}
        template = entry.plural if entry.plural and args.get("n") != 1 else entry.text
        spoken = self.languages[tag]
        out: list[str] = []
        for literal, name, kind in _compiled(template):
            out.append(literal)
            if name:
                value = args[name] if name in args else self.facts.get(name)
                if value is None:
                    raise KeyError(f"{key} ({language}, {form}) needs {{{name}}}")
                out.append(self._shown(value, kind, spoken, form, args))
        return "".join(out)

    def language(self, tag: str) -> Language:
        """The language of a tag; of an unknown tag, the one whose texts are used for it."""
        return self.languages.get(tag) or self.languages["ur"]

    def chain(self, tag: str) -> tuple[str, ...]:
        """The tags whose texts stand in for a language, itself first."""
        return (tag, *self.language(tag).fallback)

    def keys(self, tag: str) -> frozenset[str]:
        """Keys that a language itself has."""
        return frozenset(key for key, _ in self.texts.get(tag, {}))

    def missing(self, tag: str) -> frozenset[str]:
        """Keys that some language has and this one has not."""
        return frozenset().union(*(self.keys(other) for other in self.texts)) - self.keys(tag)

    def entry(self, key: str, tag: str, form: Form) -> Entry | None:
        """A language's own text as written, None where it has none in that form."""
        return self.texts.get(tag, {}).get((key, form))

    def _find(self, key: str, language: str, form: Form) -> tuple[str, Entry]:
        for tag in self.chain(language):
            texts = self.texts.get(tag, {})
            entry = texts.get((key, form)) or texts.get((key, "long"))
            if entry:
                return tag, entry
        raise KeyError(f"no language of {language}'s chain has the text {key}")

    def _shown(self, value: Json, kind: str, language: Language, form: Form, args: Mapping[str, Json]) -> str:
        if isinstance(value, list):
            listed = [self._shown(item, kind, language, form, args) for item in value]
            return (", " if language.script == "Latn" else "\u060c ").join(listed)
        if kind.endswith("."):
            return self.text(f"{kind}{value}", language.tag, args, form=form)
        if kind == "cycle":
            year, _, quarter = str(value).partition("-")
            return self.text(f"cycle.{quarter}", language.tag, {"year": year}, form=form)
        if kind == "language":
            named = self.language(str(value))
            return named.english if form == "short" and language.script == "Latn" else named.name
        if kind == "place":
            value, kind = self.places.get(value) or str(value).replace("_", " ").title(), "local"
        if kind == "local":
            own = "ur" if language.script == "Arab" else "en"
            name = str(value[own]) if isinstance(value, Mapping) else str(value)
            return _clipped(name, LONGEST_NAME[language.script]) if form == "short" else name
        return _FORMATS[kind](value, language.babel) if kind else str(value)


def _clipped(name: str, longest: int) -> str:
    """A name of somebody else's making, at whole words so that the message stays within its budget."""
    return name if len(name) <= longest else name[: longest + 1].rpartition(" ")[0].rstrip(",\u060c -")


def placeholders(template: str) -> frozenset[tuple[str, str]]:
    """The placeholders of a text as (name, kind)."""
    return frozenset((name, kind) for _, name, kind in _compiled(template) if name)


@lru_cache(maxsize=4096)
def _compiled(template: str) -> tuple[Piece, ...]:
    parsed: Iterable[tuple[str, str | None, str | None, str | None]]
    parsed = string.Formatter().parse(template)
    return tuple((literal, name or "", kind or "") for literal, name, kind, _ in parsed)


@lru_cache(maxsize=4096)
def _number(value: int, locale: str) -> str:
    # CLDR's Pashto groups by a dot, which on money reads as a fraction, and others by letters that old
    # phones lack: the separators are always those of Urdu and English, whatever the locale.
    return format_decimal(value, locale="en")


@lru_cache(maxsize=4096)
def _date(value: str, locale: str) -> str:
    return str(format_date(date.fromisoformat(value[:10]), "d MMMM y", locale=locale))


@lru_cache(maxsize=4096)
def _day(value: str, locale: str) -> str:
    return str(format_date(date.fromisoformat(value[:10]), "d MMMM", locale=locale))


@lru_cache(maxsize=4096)
def _when(value: str, locale: str) -> str:
    year, *rest = (int(number) for number in value.split("-"))
    if not rest:
        return str(year)
    pattern = "MMM y" if len(rest) == 1 else "d MMM y"
    return str(format_date(date(year, rest[0], rest[-1] if rest[1:] else 1), pattern, locale=locale))


_FORMATS: Mapping[str, Callable[[Json, str], str]] = {
    "money": _number,
    "number": _number,
    "date": _date,
    "day": _day,
    "when": _when,
}


def known_locale(babel: str) -> bool:
    """Whether CLDR has this locale, so that a wrong one is found at start and not at a message."""
    try:
        Locale.parse(babel, sep="_")
    except (UnknownLocaleError, ValueError):
        return False
    return True

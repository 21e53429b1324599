"""The kinds of change that people tell of, as `kinds.toml` lists them; what is strange there is refused."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, Self, TypeAlias

import tomli
from pydantic import BaseModel, ConfigDict, model_validator

from bot.messages import Json

Takes: TypeAlias = Literal["phone", "place", "date", "words", "who", "option", "number"]
Verified: TypeAlias = Literal["old_phone", "new_office", "office", "resurvey", "nadra_first", "school"]
Confidence: TypeAlias = Literal["official", "press", "blog"]

GRADES: Mapping[Confidence, frozenset[str]] = {
    "official": frozenset({"official"}),
    "press": frozenset({"official", "press"}),
    "blog": frozenset({"official", "press", "guide"}),
}
"""Confidence of a paper -> grades of the sources that can carry it."""

TOLD: frozenset[Confidence] = frozenset({"official", "press"})
"""What may be told as a fact."""


class Data(BaseModel):
    """What every table of the file has in common: no unknown key, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Data):
    """Where a paper is named."""

    grade: Literal["official", "press", "guide"]
    title: str
    url: str = ""


class Field(Data):
    """One thing that is asked; without a `needed` one there is no request."""

    name: str
    takes: Takes
    needed: bool = False
    options: tuple[str, ...] = ()

    def asked(self) -> dict[str, Json]:
        """As the bot asks it; see `bot.changes.Field`."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Paper(Data):
    """What to bring: `document.name.` + name is its text."""

    name: str
    source: str
    confidence: Confidence


class Kind(Data):
    """One kind of change."""

    verified: Verified
    fields: tuple[Field, ...]
    papers: tuple[Paper, ...]

    def told(self) -> list[str]:
        """The papers that people may be told to bring."""
        return [paper.name for paper in self.papers if paper.confidence in TOLD]


class File(Data):
    """`kinds.toml`."""

    sources: Mapping[str, Source]
    kinds: Mapping[str, Kind]

    @model_validator(mode="after")
    def _cited(self) -> Self:
        for name, kind in self.kinds.items():
            for paper in kind.papers:
                if self.sources[paper.source].grade not in GRADES[paper.confidence]:
                    raise ValueError(
                        f"kinds.{name}: {paper.name}: its source does not make it {paper.confidence}"
                    )
        return self


@cache
def load_kinds() -> Mapping[str, Kind]:
    """Every kind of change by its id, read once."""
    text = files("services.updates").joinpath("kinds.toml").read_text("utf-8")
    return File.model_validate(tomli.loads(text)).kinds

"""What people complain about: each category's evidence and the time that each office has, from a file."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bot.evidence import FIELDS
from bot.topics.complaint import ELSE, FIRST

OWN = files("services.complaints") / "categories.toml"

LEVELS = ("tehsil", "district", "zone", "headquarters", "ombudsman")
"""Offices from below; the last is outside, and nothing but a hint to the citizen."""

LAST = len(LEVELS) - 1

KINDS = frozenset((*FIRST, *ELSE))
"""Every kind of complaint that people are offered."""

TERMS = ("total_days", "no_answer_days", "reopen_days", "double_hours")


@dataclass(frozen=True, slots=True)
class Category:
    """One category: the evidence asked for, and `days`, level -> how long its office has."""

    id: str
    ask: tuple[str, ...]
    required: tuple[str, ...]
    sensitive: bool
    days: Mapping[str, int]

    @property
    def first(self) -> int:
        """The level at which a complaint begins."""
        return LEVELS.index(next(iter(self.days)))

    def due(self, level: int, at: datetime) -> datetime | None:
        """When an office that gets a complaint at this moment loses it; None for the last."""
        days = self.days.get(LEVELS[level])
        return at + timedelta(days=days) if days else None


@dataclass(frozen=True, slots=True)
class Categories:
    """All categories, and the terms that they share."""

    by_id: Mapping[str, Category]
    no_answer: timedelta
    reopen: timedelta
    double: timedelta


def load_categories(file: Path | None = None) -> Categories:
    """Read a deployment's file, or the one that comes along. Raises ValueError that names every fault."""
    source: Traversable | Path = file or OWN
    try:
        raw = tomllib.loads(source.read_text("utf-8"))
        faults = list(_faults(raw))
    except OSError as fault:
        faults = [str(fault.strerror)]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as fault:
        faults = [f"cannot be read: {type(fault).__name__} {fault}"]
    if faults:
        raise ValueError("\n".join(f"{source.name}: {fault}" for fault in faults))
    terms = {name: raw["terms"][name]["value"] for name in TERMS}
    return Categories(
        {id: _category(id, one, raw["deadline"]) for id, one in raw["category"].items()},
        no_answer=timedelta(days=terms["no_answer_days"]),
        reopen=timedelta(days=terms["reopen_days"]),
        double=timedelta(hours=terms["double_hours"]),
    )


def _category(id: str, one: Mapping[str, Any], deadlines: Mapping[str, Any]) -> Category:
    return Category(
        id,
        tuple(one["ask"]),
        tuple(one.get("required", ())),
        bool(one.get("sensitive", False)),
        dict(deadlines[one["deadline"]]["days"]),
    )


def _faults(raw: Mapping[str, Any]) -> Iterator[str]:
    sources = raw.get("source", {})
    told = [*raw["terms"].items(), *raw["deadline"].items()]
    for name, figure in told:
        official = figure["confidence"] != "ours"
        if official and figure.get("source") not in sources:
            yield f"{name} is not ours, so it needs a source of this file"
    for name in set(TERMS) ^ set(raw["terms"]):
        yield f"[terms] must have {', '.join(TERMS)} and nothing else: see {name}"
    total = raw["terms"]["total_days"]["value"]
    for name, deadline in raw["deadline"].items():
        levels = list(deadline["days"])
        if levels != list(LEVELS[LEVELS.index(levels[0]) : LAST] if levels[0] in LEVELS else ()):
            yield f"[deadline.{name}] must have days of every office from one up: {', '.join(LEVELS[:LAST])}"
        if sum(deadline["days"].values()) != total or min(deadline["days"].values()) < 1:
            yield f"[deadline.{name}] must share {total} days, at least one each"
    for id in KINDS - set(raw["category"]):
        yield f"[category.{id}] is missing: it is offered in a menu"
    for id, one in raw["category"].items():
        for field in one["ask"]:
            if field not in FIELDS:
                yield f"[category.{id}] asks for {field!r}: {', '.join(FIELDS)}"
        if not set(one.get("required", ())) <= set(one["ask"]):
            yield f"[category.{id}] requires what it does not ask for"
        if strange := set(one) - {"ask", "required", "sensitive", "deadline"}:
            yield f"[category.{id}] has {', '.join(sorted(strange))}"
        if one["deadline"] not in raw["deadline"]:
            yield f"[category.{id}] has an unknown deadline {one['deadline']!r}"

"""The guard's limits as values, read from `guard.toml` and refused where they make no sense."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

Reason: TypeAlias = Literal["numbers", "ladder", "own", "phones", "network", "crowd", "sweep", "everyone"]
REASONS: tuple[Reason, ...] = Reason.__args__  # type: ignore[attr-defined]

UNSEEN: frozenset[Reason] = frozenset({"crowd", "sweep"})
"""What others asked about a number: an asker who could see it would learn that others know the number."""

STANDARD = Path(__file__).with_name("guard.toml")

Least: TypeAlias = Annotated[int, Field(ge=1)]
Seconds: TypeAlias = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Budget:
    """From which count on what happens, None for never; the words are explained in `guard.toml`."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    slow: Least | None = None
    hushed: Least | None = None
    alarm: Least | None = None
    closed: Least | None = None

    @property
    def most(self) -> int:
        """Counting further than this changes nothing."""
        return max(self.slow or 0, self.hushed or 0, self.alarm or 0, self.closed or 0)


@dataclass(frozen=True, slots=True)
class Blocks:
    """How large a block is: digits at the end of a phone number, bits at the start of an IP address."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    phone_digits: Annotated[int, Field(ge=1, le=6)] = 3
    ipv4: Annotated[int, Field(ge=8, le=32)] = 24
    ipv6: Annotated[int, Field(ge=16, le=64)] = 48


@dataclass(frozen=True, slots=True)
class Slow:
    """Seconds that an answer is held back: `step` more for each number more, `most` at the most."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    step: Seconds
    most: Seconds


@dataclass(frozen=True, slots=True)
class Rates:
    """What the pulse watches: `window` and `period` in seconds, `share` of at `least` so many numbers."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    window: Annotated[float, Field(gt=0)]
    period: Seconds
    least: Least
    share: Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of the guard. `near_digits` at a CNIC's end are what near numbers differ in."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    near_digits: Annotated[int, Field(ge=1, le=8)]
    blocks: Blocks
    slow: Slow
    budgets: Mapping[Reason, Budget]
    pulse: Rates


_shape = TypeAdapter(Limits)


def load_limits(file: Path = STANDARD) -> Limits:
    """The limits of a file. Raises ValueError with what is wrong in it, OSError where there is none."""
    try:
        limits = _shape.validate_python(tomllib.loads(file.read_text("utf-8")))
    except ValidationError as fault:
        first = fault.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{file.name}: {place}: {first['msg']}") from None
    for reason in REASONS:
        if wrong := _wrong(reason, limits.budgets.get(reason)):
            raise ValueError(f"{file.name}: budgets.{reason}: {wrong}")
    return limits


def _wrong(reason: Reason, budget: Budget | None) -> str:
    if budget is None:
        return "is missing"
    if reason in UNSEEN and (budget.slow or budget.closed):
        return "an asker must not see it, so neither slow nor closed"
    if reason == "own" and (budget.hushed or budget.closed):
        return "is about linked numbers, which are never refused: neither hushed nor closed"
    if budget.closed and not (budget.slow and budget.slow < budget.closed):
        return "slow comes before closed"
    return ""

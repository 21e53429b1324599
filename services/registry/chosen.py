"""Which sources a deployment asks: one entry of the setting `sources` each."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from services.partners import Partners
from services.privacy.identifiers import Keys
from services.registry import Remote, g2pconnect, spdci
from services.registry.lookup import Connected
from services.registry.rest import Rest, RestRegistry
from services.registry.sql import SqlRegistry
from services.registry.wire import Wire


class _Source(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="what provenance calls it")
    timeout: float = Field(2.5, gt=0, le=10, description="seconds it may take")
    fresh: float = Field(0, ge=0, description="seconds long its last answer is taken instead of asking again")
    kept: float = Field(0, ge=0, description="seconds long its last answer stands in when it does not answer")
    authority: int = Field(0, description="a source of higher authority is believed before others")


class StoreSource(_Source):
    """Our own tables."""

    kind: Literal["store"]
    name: str = "store"


class RestSource(_Source):
    """JSON over HTTP; see `Rest`."""

    kind: Literal["rest"]
    rest: Rest


class PartnerSource(_Source):
    """A registry or payment system of the partners' file, by its name there. The shorter timeout counts."""

    kind: Literal["partner"]
    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="its name in the partners' file")


Chosen: TypeAlias = Annotated[StoreSource | RestSource | PartnerSource, Field(discriminator="kind")]
DEFAULT: tuple[Chosen, ...] = (StoreSource(kind="store"),)

OWN_TABLES = 0.25
"""Seconds that our own tables never take: three times what the slowest percent of whole turns do."""

CANCELLED = 0.1
"""Seconds in which a source that is waited for no more is let go of, on a busy processor too."""


def connect(
    chosen: Sequence[Chosen],
    *,
    store: SqlRegistry,
    keys: Keys,
    clock: Callable[[], datetime],
    partners: Partners | None = None,
) -> list[Connected]:
    """The sources as the look-up asks them. ValueError for two of one name, and for an unknown partner."""
    names = [one.name for one in chosen]
    if len(set(names)) != len(names):
        raise ValueError(f"two sources are called {max(names, key=names.count)}")
    connected = []
    for one in chosen:
        remote, timeout = None, one.timeout
        if not isinstance(one, StoreSource):
            remote, timeout = _remote(one, keys, clock, partners)
        connected.append(
            Connected(
                remote or store,
                timeout=timeout,
                fresh=one.fresh,
                kept=one.kept,
                authority=one.authority,
                close=remote.close if remote else None,
            )
        )
    return connected


def even_for(sources: Sequence[Connected]) -> float:
    """Seconds in which any of these sources has said who somebody is, or is waited for no more.

    A refusal that leaves no sooner takes as long whatever a source found, and however long it took.
    """
    elsewhere = [
        one.timeout for one in sources if one.close is not None and "person.link" in one.registry.scopes
    ]
    return max([OWN_TABLES, *(timeout + CANCELLED for timeout in elsewhere)])


def _remote(
    one: RestSource | PartnerSource, keys: Keys, clock: Callable[[], datetime], partners: Partners | None
) -> tuple[Remote, float]:
    """A source elsewhere, and the seconds that it may take."""
    if isinstance(one, RestSource):
        wire = Wire(one.name, one.timeout, ca=one.rest.ca, proxy=one.rest.proxy)
        return RestRegistry(one.name, one.rest, keys, wire, lambda: clock().date()), one.timeout
    for partner in partners.registries if partners else ():
        if partners and partner.name == one.name:
            timeout = min(one.timeout, partner.timeout)
            if partner.kind == "payments":
                return g2pconnect.connect(partner, partners.us, clock=clock), timeout
            return spdci.connect(partner, partners.us, keys=keys, clock=clock), timeout
    raise ValueError(f"the source {one.name} is no registry of the partners' file")

"""One enquiry about one CNIC: who asks, what they may learn, what the sources say, and the trace it leaves.

The order is the point. Who is linked is found out first; only what the grant allows is asked of any source;
and for a stranger the way is the same, and as long, whether the number exists or not.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from services.privacy import links
from services.privacy.disclosure import REFUSAL, Grant, Policy, decide
from services.privacy.identifiers import Keys
from services.registry import Scope
from services.registry.copies import keep
from services.registry.lookup import Lookup
from services.registry.view import Reading, View
from services.store.engine import Store

LINK: frozenset[Scope] = frozenset({"person.link"})

MARGIN = 0.15
"""Seconds before the turn's deadline by which sources must have answered: it is still to be told."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What enquiries are made with. `bucket`: seconds by whose multiples a refusal is given."""

    store: Store
    keys: Keys
    lookup: Lookup
    policy: Policy = "registered_phone"
    bucket: float = 0.0


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: `holder` is the keyed hash of a proven phone or the conversation; `ends` is loop time."""

    holder: bytes
    phone: bytes | None
    at: datetime
    ends: float
    effects: list[Callable[[Connection], None]] = field(default_factory=list)
    proven: set[bytes] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Found:
    """What an enquiry came to. `unknown`: it could not be found out who is linked; that is not a refusal."""

    grant: Grant
    view: View
    who: View
    unknown: bool = False


async def enquire(desk: Desk, asker: Asker, cnic: str, scopes: frozenset[Scope]) -> Found:
    """Look a number up as far as this asker may: what is written for it waits in `asker.effects`."""
    loop, keys = asyncio.get_running_loop(), desk.keys
    began, ends = loop.time(), asker.ends - MARGIN
    subject = keys.hash("cnic", cnic)
    known, remembered = await desk.store.read(lambda c: links.of(c, asker.holder, subject, asker.at))
    if subject in asker.proven:
        known = replace(known, code=True)
    who = await desk.lookup.find(cnic, LINK, ends=ends)
    grant = decide([told.value for told in who.persons], asker.phone, known, desk.policy)
    if grant == REFUSAL:
        unknown = bool(who.missing("person.link"))
        await wait_evenly(desk, began)
        return Found(grant, View(), View(), unknown)
    view = await desk.lookup.find(cnic, grant.scopes & scopes, ends=ends)
    for reading in view.readings:
        if reading.worth_keeping:
            asker.effects.append(partial(_keep, keys, subject, reading, asker.at))
    if grant.level == "own" and who.person and not remembered:
        first_name = who.person.first_name
        asker.effects.append(
            lambda c: links.remember(
                c,
                keys,
                holder=asker.holder,
                cnic=cnic,
                first_name=first_name,
                how="code" if grant.ground == "code" else "registry",
                now=asker.at,
            )
        )
    return Found(grant, view, who)


def _keep(keys: Keys, subject: bytes, reading: Reading, at: datetime, connection: Connection) -> None:
    keep(connection, keys, subject, reading, at)


async def wait_evenly(desk: Desk, began: float) -> None:
    """Wait so that what began then ends at a multiple of the bucket, whatever was or was not found."""
    if desk.bucket:
        took = asyncio.get_running_loop().time() - began
        await asyncio.sleep(desk.bucket - took % desk.bucket)

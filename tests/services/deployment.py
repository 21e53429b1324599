"""A small deployment for tests: a real database, the sample families, channels with their doubles."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from bot.messages import Inbound
from bot.texts import Catalogue
from bot.understand import Words
from channels import Channel
from channels.telegram import LIMITS as TELEGRAM
from channels.terminal import Terminal
from services.alerts import alert_staff
from services.app import Built, build_advice, build_catalogue
from services.asking import Sources
from services.enquiry import Desk
from services.locales import load_places
from services.notices import Notices
from services.privacy.guard import Guard, make_guard
from services.privacy.identifiers import Keys
from services.privacy.limits import Limits, Slow, load_limits
from services.programmes.load import load_programmes
from services.programmes.programme import Programmes
from services.registry import demo
from services.registry.copies import StoredCopies
from services.registry.demo import Sample
from services.registry.families import Country
from services.registry.lookup import Connected, Lookup
from services.registry.sql import SqlRegistry
from services.store.engine import Store
from services.turns import Parts
from services.vocabulary import load_words
from tests.channels.doubles import bench

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUSEHOLDS = 40
LIMITS: Limits = replace(load_limits(), slow=Slow(step=0, most=0))
"""Those of a deployment, except that nobody waits."""


@cache
def words() -> Words:
    """What people say."""
    return load_words()


@cache
def catalogue() -> Catalogue:
    """What the bot says."""
    return build_catalogue()


@cache
def programmes() -> Programmes:
    """The programmes that come with the code."""
    return load_programmes()


def country() -> Country:
    """What sample families live under."""
    return Country(load_places(), programmes().quarterly_amount, programmes().score_limit)


def settle(store: Store, keys: Keys, households: int = HOUSEHOLDS, **options: Any) -> None:
    """Load sample families."""
    demo.load(store, keys, country(), households=households, seed=1, today=NOW.date(), **options)


def sample(what: str) -> Sample:
    """The sample household with this on record."""
    return next(found for found in demo.samples(HOUSEHOLDS) if found.what == what)


def deploy(
    store: Store,
    keys: Keys,
    *,
    registry: Any = None,
    sources: list[Connected] | None = None,
    guard: Guard | None = None,
    channels: Mapping[str, Channel] | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    disclosure: Any = "registered_phone",
    **options: Any,
) -> Parts:
    """Everything that turns need."""
    found = registry or SqlRegistry(store, keys, lambda: NOW.date())
    connected = sources or [Connected(found)]
    standard: dict[str, Channel] = {
        name: bench(name).channel for name in ("sms", "whatsapp", "telegram", "web")
    }
    standard["played"] = Terminal(TELEGRAM, "played")
    every = {**standard, **(channels or {})}
    return Parts(
        store=store,
        keys=keys,
        words=words(),
        catalogue=catalogue(),
        sources=Sources(
            store=store,
            keys=keys,
            desk=Desk(
                store,
                keys,
                Lookup(connected, StoredCopies(store, keys, clock)),
                guard or make_guard(LIMITS, alert_staff(store, keys, clock)),
                disclosure,
            ),
            points=found,
            programmes=programmes(),
            advice=build_advice(programmes()),
            notices=Notices(keys, catalogue(), every),
        ),
        channels=every,
        clock=clock,
        **options,
    )


def built(parts: Parts) -> Built:
    """As the composition root would hand it to the web."""
    ours = SqlRegistry(parts.store, parts.keys, lambda: NOW.date())
    return Built(parts, programmes(), ours, None, {})


def inbound(text: str = "", *, id: str = "SM1", channel: str = "sms", **fields: Any) -> Inbound:
    """A message of somebody; by default an SMS of a phone that is registered nowhere."""
    sender = fields.pop("sender", "+923990000001")
    vouched = sender if sender.startswith("+") and channel == "sms" else None
    return Inbound(id, channel, sender, NOW, text, contact=fields.pop("contact", vouched), **fields)


def rows(store: Store, table: sa.Table) -> list[Any]:
    """Everything in a table."""
    return list(store.read_now(lambda connection: connection.execute(sa.select(table)).all()))

"""The composition root: reads settings, builds every part and hands them to one another."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from bot.texts import Catalogue
from channels import Channel
from channels.sms_twilio import SmsTwilio
from channels.telegram import COMMANDS, Telegram
from channels.web import Web
from channels.whatsapp_twilio import WhatsAppTwilio
from services.afterwards import follow_forever
from services.alerts import alert_staff
from services.asking import Sources
from services.catalogue import load_catalogue
from services.complaints.acts import Office
from services.complaints.categories import load_categories
from services.complaints.escalate import sweep
from services.delivery import Delivery, deliver_forever
from services.enquiry import Desk
from services.locales import load_places
from services.notices import Notices
from services.partner_audit import audit_partners
from services.partners import Partners, load_partners
from services.privacy.guard import make_guard
from services.privacy.identifiers import Keys, load_or_create_secrets, verify_key
from services.privacy.limits import STANDARD, load_limits
from services.privacy.retention import enforce_daily
from services.programmes.advice import Advice
from services.programmes.load import load_programmes, service_facts
from services.programmes.programme import Programmes
from services.registry import Registry
from services.registry.chosen import connect, even_for
from services.registry.copies import StoredCopies
from services.registry.lookup import Lookup
from services.registry.sql import SqlRegistry
from services.settings import Settings
from services.store.engine import Store, open_store
from services.store.migrations import migrate
from services.telegram_polling import poll
from services.turns import Parts, take
from services.vocabulary import load_words
from services.web.chat import add_chat
from services.web.dci import add_dci
from services.web.dci_answers import Lookups
from services.web.webhooks import add_webhooks

KEY_FILE = "secret.key"

log = logging.getLogger("haqdar")


@dataclass(frozen=True, slots=True)
class Built:
    """A whole deployment, ready to take messages."""

    parts: Parts
    programmes: Programmes
    registry: Registry
    """Our own tables, which partners may ask."""
    partners: Partners | None
    off: Mapping[str, str]
    """Channels that are not in use -> the setting that would turn them on."""


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@cache
def load_programme_data() -> Programmes:
    """The programmes that come with the code, read once."""
    return load_programmes()


def build_catalogue() -> Catalogue:
    """All texts, with the constants that they name."""
    return load_catalogue(service_facts(), load_programme_data().texts())


def build_advice(programmes: Programmes) -> Advice:
    """What is told of eligibility, by the rules of these programmes."""
    return Advice(programmes, {code: place["province"] for code, place in load_places().items()})


def notices_of(settings: Settings, keys: Keys) -> Notices:
    """What a command of the staff writes to people with: the service that runs sends it."""
    return Notices(keys, build_catalogue(), build_channels(settings)[0], settings.default_language)


def secrets_of(settings: Settings) -> tuple[bytes, ...]:
    """The deployment's secrets, newest first: from the settings, else from their file, made once."""
    if settings.secret_key:
        given = (settings.secret_key, *settings.secret_key_previous)
        return tuple(secret.get_secret_value().encode() for secret in given)
    return load_or_create_secrets(settings.data_dir / KEY_FILE)


def open_database(settings: Settings, *, verify: bool = True) -> tuple[Store, Keys]:
    """The migrated database and its keys. Raises `StoreUnavailable`, `WrongKey` or ValueError."""
    keys = Keys.from_secret(*secrets_of(settings))
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings.database, pool=settings.pool)
    migrate(store)
    if verify:
        store.run_now(lambda connection: verify_key(connection, keys))
    return store, keys


def partners_of(settings: Settings) -> Partners | None:
    """The partner systems, None where there are none. Raises ValueError for a file that cannot be right."""
    return load_partners(settings.partners, os.environ) if settings.partners else None


def build(
    settings: Settings,
    *,
    extra: Mapping[str, Channel] | None = None,
    at: Callable[[str], None] = lambda step: None,
) -> Built:
    """Everything, from settings. `extra` channels are added (the terminal; doubles in tests)."""
    store, keys = open_database(settings)
    channels, off = build_channels(settings)
    programmes = load_programme_data()
    channels |= extra or {}
    catalogue = build_catalogue()
    registry = SqlRegistry(store, keys, lambda: clock().date())
    partners = partners_of(settings)
    sources = connect(settings.sources, store=registry, keys=keys, clock=clock, partners=partners)
    lookup = Lookup(sources, StoredCopies(store, keys, clock))
    limits = load_limits(settings.guard_limits or STANDARD)
    bucket = even_for(sources) if settings.refusal_bucket is None else settings.refusal_bucket
    guard = make_guard(limits, alert_staff(store, keys, clock), bucket=bucket)
    parts = Parts(
        store=store,
        keys=keys,
        words=load_words(),
        catalogue=catalogue,
        sources=Sources(
            store=store,
            keys=keys,
            desk=Desk(store, keys, lookup, guard, settings.disclosure),
            points=registry,
            programmes=programmes,
            advice=build_advice(programmes),
            notices=Notices(keys, catalogue, channels, settings.default_language),
            categories=load_categories(settings.complaint_categories),
        ),
        channels=channels,
        clock=clock,
        default_language=settings.default_language,
        deadline=settings.deadline,
        at=at,
    )
    return Built(parts, programmes, registry, partners, off)


def build_channels(settings: Settings) -> tuple[dict[str, Channel], dict[str, str]]:
    """The channels whose settings are there, and for the others what is missing."""
    channels: dict[str, Channel] = {"web": Web(secure=settings.public_url.startswith("https"))}
    off: dict[str, str] = {}
    token = settings.twilio_auth_token
    account = settings.twilio_account_sid
    for name, kind, sender in (
        ("sms", SmsTwilio, settings.twilio_sms_sender),
        ("whatsapp", WhatsAppTwilio, settings.twilio_whatsapp_sender),
    ):
        if token and account and sender:
            channels[name] = kind(
                account_sid=account,
                auth_token=token.get_secret_value(),
                sender=sender,
                public_url=settings.public_url,
            )
        else:
            off[name] = f"twilio_account_sid, twilio_auth_token, twilio_{name}_sender"
    polling = settings.telegram_mode == "polling"
    secret = "" if polling else _plain(settings.telegram_secret)
    if settings.telegram_token and (secret or polling):
        bot_token = settings.telegram_token.get_secret_value()
        channels["telegram"] = Telegram(token=bot_token, secret=secret)
    else:
        off["telegram"] = "telegram_token, telegram_secret"
    return channels, off


def build_web(built: Built, settings: Settings) -> FastAPI:
    """The HTTP application: webhooks, the chat page, health; and the outbox while it runs."""
    parts = built.parts
    telegram = parts.channels.get("telegram")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        office = Office(parts.sources.categories, parts.sources.notices)
        delivery = Delivery(
            parts.store, parts.keys, parts.channels, clock, chores=(partial(sweep, parts.store, office),)
        )
        tasks = [
            asyncio.create_task(deliver_forever(delivery)),
            asyncio.create_task(follow_forever(parts)),
            asyncio.create_task(enforce_daily(parts.store, parts.keys, clock)),
        ]
        if isinstance(telegram, Telegram):
            tasks.append(asyncio.create_task(_run_telegram(telegram, parts, settings)))
        yield
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                log.error("what ran beside the web had ended", exc_info=ended)
        await parts.sources.close()

    app = FastAPI(title="Haqdar", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    async def health() -> JSONResponse:
        ready = await parts.store.ready()
        channels = sorted(parts.channels)
        return JSONResponse({"ready": ready, "channels": channels}, 200 if ready else 503)

    afterwards = {"telegram": telegram.settle} if isinstance(telegram, Telegram) else {}
    hooked = [name for name in ("sms", "whatsapp", "telegram") if name in parts.channels]
    add_webhooks(app, parts, hooked, afterwards)
    web = parts.channels["web"]
    assert isinstance(web, Web)
    add_chat(app, parts, web)
    if built.partners:
        looks = Lookups(built.registry, audit_partners(parts.store, parts.keys), parts.store)
        add_dci(app, built.partners, looks, clock=clock)
    return app


def from_environment() -> FastAPI:
    """The application as the settings say: what `haqdar serve` runs."""
    settings = Settings()
    built = build(settings)
    for name, missing in built.off.items():
        log.info("channel %s is off: set %s", name, missing)
    return build_web(built, settings)


async def _run_telegram(telegram: Telegram, parts: Parts, settings: Settings) -> None:
    await telegram.set_commands(_commands(parts.catalogue))
    if settings.telegram_mode == "polling":
        await poll(telegram, lambda inbound: take(parts, inbound))
        return
    failed = await telegram.set_webhook(f"{settings.public_url.rstrip('/')}/in/telegram")
    if failed:
        log.warning("telegram webhook not set: %s", failed.reason)


def _commands(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """Telegram's menu of commands: in its two-letter languages, and in the default for all others."""
    tags = {"": "ur", "ur": "ur", "en": "en"}
    return {
        language: {name: catalogue.text(f"command.{name}", tag) for name in COMMANDS}
        for language, tag in tags.items()
    }


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""

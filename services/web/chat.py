"""The public chat page: server-rendered, one request, no script, right to left where the language is."""

import base64
import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeAlias

from fastapi import FastAPI
from fastapi import Request as HttpRequest
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.responses import Response as HttpResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.messages import Button, Outbound
from bot.texts import Catalogue, Language
from channels import Refused, Request
from channels.web import COOKIE, Web, visitor
from services.store import conversations
from services.store.engine import StoreUnavailable
from services.turns import Parts
from services.web.webhooks import handle, read_body, to_http

Endpoint: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponse]]

LINES = 8
"""Messages of each side that a page shows: a page stays small on a slow line."""

STYLE = (files("services.web") / "pages" / "chat.css").read_text("utf-8").replace("\n", "")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
}

_CNIC = re.compile(r"\d(?:[ -]?\d){12}")
_PARTED = re.compile(r"[0-9]+(?:-[0-9]+)+|\u2022+[0-9]+")
"""A reference, a telephone or a masked number: on two lines or turned round it would be another one."""

_pages = Environment(
    loader=PackageLoader("services.web", "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)
_pages.filters["whole_numbers"] = lambda text: Markup(_PARTED.sub(r"<bdi>\g<0></bdi>", str(escape(text))))


@dataclass(frozen=True, slots=True)
class Line:
    """One message as the page shows it."""

    text: str
    said: bool
    language: str
    direction: str


def add_chat(app: FastAPI, parts: Parts, channel: Web) -> None:
    """Serve the chat at `/<language>/`; the page offers the languages that have complete texts."""
    offered = [language for language in parts.catalogue.languages.values() if language.reply]

    @app.get("/")
    async def home() -> RedirectResponse:
        return RedirectResponse(f"/{parts.default_language}/", 302)

    # A conversation may be in a language that has no texts of its own yet: others stand in for them.
    for language in parts.catalogue.languages.values():
        app.add_api_route(f"/{language.tag}/", _show(parts, language, offered), methods=["GET"])
        app.add_api_route(f"/{language.tag}/", _post(parts, channel, language, offered), methods=["POST"])
        app.add_api_route(f"/{language.tag}/forget", _forget(language), methods=["POST"])


def _show(parts: Parts, language: Language, offered: list[Language]) -> Endpoint:
    async def show(http: HttpRequest) -> HttpResponse:
        return await _page(parts, http, language, offered)

    return show


def _post(parts: Parts, channel: Web, language: Language, offered: list[Language]) -> Endpoint:
    async def post(http: HttpRequest) -> HttpResponse:
        body = await read_body(http)
        say = parts.catalogue.text
        if body is None:
            return await _page(parts, http, language, offered, "web.not_read", 413)
        headers = {name.lower(): value for name, value in http.headers.items()}
        # The connection's own end. The server replaces it by a header's word only for `trusted_proxies`.
        client = http.client.host if http.client else ""
        request = Request("POST", http.url.path, headers, body, parts.clock(), client)
        received = channel.receive(request)
        if isinstance(received, Refused):
            return await _page(parts, http, language, offered, "web.not_read", received.status)
        try:
            return to_http(await handle(parts, channel, received))
        except StoreUnavailable:
            page = _rendered(parts.catalogue, language, offered, notice=say("web.unavailable", language.tag))
            return HTMLResponse(page, 503, {**HEADERS, "Retry-After": "5"})

    return post


def _forget(language: Language) -> Endpoint:
    async def forget(http: HttpRequest) -> HttpResponse:
        response = RedirectResponse(f"/{language.tag}/", 303)
        response.delete_cookie(COOKIE)
        return response

    return forget


async def _page(
    parts: Parts,
    http: HttpRequest,
    language: Language,
    offered: list[Language],
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    sender = visitor(http.headers)
    lines: list[Line] = []
    choices: tuple[Button, ...] = ()
    if sender:
        try:
            lines, choices = await _history(parts, sender, language)
        except StoreUnavailable:
            notice, status = "web.unavailable", 503
    words = parts.catalogue.text(notice, language.tag) if notice else ""
    page = _rendered(parts.catalogue, language, offered, notice=words, lines=lines, choices=choices)
    return HTMLResponse(page, status, HEADERS)


async def _history(parts: Parts, sender: str, language: Language) -> tuple[list[Line], tuple[Button, ...]]:
    key = parts.keys.hash("address", f"web:{sender}")
    sentences = await parts.store.read(lambda c: conversations.history(c, key, last=LINES))
    lines: list[Line] = []
    choices: tuple[Button, ...] = ()
    for sentence in sentences:
        opened = parts.keys.open(sentence.text)
        if not sentence.said:
            pressed = next((choice.label for choice in choices if choice.id == opened), opened)
            if pressed.strip():
                lines.append(Line(_CNIC.sub(_masked, pressed), False, language.tag, "auto"))
            continue
        message = Outbound.from_json(opened)
        spoken = parts.catalogue.language(message.language)
        lines.append(Line("\n".join(message.parts), True, spoken.tag, spoken.direction))
        choices = message.choices
    return lines, choices


def _masked(number: re.Match[str]) -> str:
    # The phone may be shared: a number that was sent is not left standing on the screen.
    return "\u2022" * 9 + number[0][-4:]


def _rendered(
    catalogue: Catalogue,
    language: Language,
    offered: list[Language],
    *,
    notice: str = "",
    lines: list[Line] | None = None,
    choices: tuple[Button, ...] = (),
) -> str:
    values: Mapping[str, object] = {
        "language": language,
        "languages": offered,
        "style": STYLE,
        "notice": notice,
        "lines": lines or [],
        "choices": choices,
        "id": secrets.token_hex(16),
        "phone": catalogue.facts["helpline"].replace("-", ""),
        "say": lambda key: catalogue.text(key, language.tag),
    }
    return _pages.get_template("chat.html").render(values)

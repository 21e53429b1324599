"""Telegram by python-telegram-bot: updates come by webhook, replies go in its response or by the Bot API.

Only private chats are served: what happens in groups and channels is acknowledged and left alone. An
edited message is, too: its first version has been answered, and Telegram also reports edits that no
person made (a live location moves). A person who writes anew is answered anew.
"""

import hmac
import json
import logging
import os
import re
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import httpx
from telegram import (
    BotCommand,
    Contact,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
    User,
)
from telegram.constants import ChatType
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import Application, ExtBot
from telegram.request import BaseRequest

from bot.messages import Button, Inbound, Limits, MediaKind, Outbound
from channels import Failed, Received, Refused, Request, Response, Sent

NAME = "telegram"
LIMITS = Limits(alphabet="text", units=4096, parts=3, choices=8, choice_length=40)
SECRET_HEADER = "x-telegram-bot-api-secret-token"
SHARE_PHONE = "share_phone"

UPDATES = (Update.MESSAGE, Update.CALLBACK_QUERY)
"""The kinds of update that are worth asking Telegram for; all others are acknowledged and ignored."""

LARGEST_UPDATE = 256 * 1024
"""Bytes. Telegram writes each Urdu letter as six and each emoji as twelve, and repeats the message that
is replied to: an honest update may be near 100 kB."""

COMMANDS: Mapping[str, tuple[str, str]] = {
    "start": ("hello", "greeting"),
    "menu": ("menu", "menu"),
    "help": ("menu", "menu"),
    "language": ("language", "language_change"),
    "stop": ("stop", "stop"),
    "human": ("human", "human_help"),
}
"""Command -> its word, and the choice that it presses: whoever taps a command has said nothing yet about
the language to be answered in, and an English word would be taken for that."""

MEDIA: Mapping[str, MediaKind] = {
    "photo": "image",
    "voice": "audio",
    "audio": "audio",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "document": "document",
    "sticker": "sticker",
    "checklist": "other",
    "effective_attachment": "other",
}
"""Field of a message -> what it holds; the first that is set counts (an animation is a document, too)."""

_COMMAND = re.compile(r"/([a-z0-9_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_E164 = re.compile(r"[1-9][0-9]{7,14}")
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_Keyboard: TypeAlias = ReplyKeyboardMarkup | ReplyKeyboardRemove
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

# The library's opt-in to give `retry_after` as a timedelta; without it, it warns at each use.
os.environ["PTB_TIMEDELTA"] = "true"

# Below this level they log the token (it is part of the URL) and what people are told.
for _library in ("httpx", "telegram"):
    logging.getLogger(_library).setLevel(logging.WARNING)


class Telegram:
    """A bot. Without a `secret` no webhook is trusted, only polling; `request` replaces the transport."""

    name = NAME
    limits = LIMITS
    proves_phone = True

    def __init__(self, *, token: str, secret: str, request: BaseRequest | None = None) -> None:
        builder = Application.builder().token(token).updater(None).job_queue(None)
        if request:
            builder = builder.request(request).get_updates_request(request)
        self.bot: ExtBot[None] = builder.build().bot
        self._secret = secret.encode()

    def receive(self, request: Request) -> Received | Refused:
        """One update: a message, or (legally) nothing that is for us."""
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not (self._secret and hmac.compare_digest(given, self._secret)):
            return Refused(403, "wrong or missing secret token")
        if len(request.body) > LARGEST_UPDATE:
            return Refused(413, "larger than any update")
        update = _parse(request.body)
        if update is None:
            return Refused(400, "not an update")
        inbound = read(update, at=request.at)
        return Received((inbound,) if inbound else ())

    def answer(self, outbounds: Sequence[Outbound]) -> Response | None:
        """A response carries one method call, so one message of one part; polling has no response.

        Telegram does not tell whether it worked: a person who has blocked the bot is told nothing.
        """
        if not outbounds:
            return Response()
        if not self._secret or len(outbounds) > 1 or len(outbounds[0].parts) > 1:
            return None
        (outbound,) = outbounds
        ((text, markup),) = _messages(outbound)
        call = {
            "method": "sendMessage",
            "chat_id": outbound.recipient,
            "text": text,
            "link_preview_options": _NO_PREVIEW.to_dict(),
            "reply_markup": markup.to_dict(),
        }
        body = json.dumps(call, ensure_ascii=False).encode()
        return Response(body=body, content_type="application/json")

    async def send(self, outbound: Outbound) -> Sent | Failed:
        """Each part as a message. The reference is the last one's id, unique within its chat.

        After a part has gone out no failure is safe to repeat: it becomes `unknown`.
        """
        reference = ""
        for text, markup in _messages(outbound):
            try:
                message = await self.bot.send_message(
                    outbound.recipient,
                    text,
                    reply_markup=markup,
                    link_preview_options=_NO_PREVIEW,
                )
            except Exception as error:  # the library also stumbles over replies it cannot read
                failed = _failed(error)
                again = failed.retry and reference
                return replace(failed, reason="unknown", retry=False) if again else failed
            reference = str(message.message_id)
        return Sent(reference)

    async def settle(self, request: Request) -> None:
        """End the waiting sign on a pressed button; for after the acknowledgement of a received request.

        The response can carry one method, and the reply comes first. Without this the sign stays for
        some seconds, and some apps then press the button again. Best effort: never fails.
        """
        update = _parse(request.body)
        if update and update.callback_query:
            with suppress(TelegramError):
                await self.bot.answer_callback_query(update.callback_query.id)

    async def start(self) -> Failed | None:
        """Try to reach Telegram; why not, if not. Receiving, answering and sending work either way."""
        return await _tried(self.bot.initialize())

    async def stop(self) -> None:
        """Close the connections."""
        await self.bot.shutdown()

    async def set_webhook(self, url: str) -> Failed | None:
        """Have updates sent to this address, with the secret; why not, if not."""
        secret = self._secret.decode()
        setting = self.bot.set_webhook(url, secret_token=secret, allowed_updates=UPDATES)
        return await _tried(setting)

    async def set_commands(self, names: Mapping[str, Mapping[str, str]]) -> Failed | None:
        """Show these commands: language -> command -> description; why not, if not.

        The language is of two letters, as Telegram has it, or "" for whoever's has no list of its own.
        """
        for language, described in names.items():
            commands = [BotCommand(*pair) for pair in described.items()]
            setting = self.bot.set_my_commands(commands, language_code=language or None)
            if failed := await _tried(setting):
                return failed
        return None


def read(update: Update, *, at: datetime) -> Inbound | None:
    """What an update says to us, None where it is nothing."""
    query, message = update.callback_query, update.message
    if query and query.data and _in_private(query.message, query.from_user):
        return _inbound(update, query.from_user, at, choice=query.data)
    if message is None or not _in_private(message, message.from_user):
        return None
    person = message.from_user
    assert person is not None
    if message.contact:
        own = message.contact.user_id == person.id
        phone = _phone(message.contact) if own else None
        return _inbound(update, person, at, contact=phone, media=None if phone else "other")
    text = message.text or message.caption or ""
    choice, text = _command(text)
    place = message.location
    return _inbound(
        update,
        person,
        at,
        choice=choice,
        text=text,
        location=(place.latitude, place.longitude) if place else None,
        media=next((kind for field, kind in MEDIA.items() if getattr(message, field, None)), None)
        if not place
        else None,
    )


def _inbound(
    update: Update,
    person: User,
    at: datetime,
    *,
    text: str = "",
    choice: str | None = None,
    contact: str | None = None,
    location: tuple[float, float] | None = None,
    media: MediaKind | None = None,
) -> Inbound:
    # Most phones of Pakistan are set to English, whatever their owners speak: that tells nothing.
    spoken = (person.language_code or "").partition("-")[0]
    return Inbound(
        id=str(update.update_id),
        channel=NAME,
        sender=str(person.id),
        at=at,
        text=text,
        choice=choice,
        contact=contact,
        location=location,
        media=media,
        language=spoken if spoken not in ("", "en") else None,
    )


def _in_private(message: MaybeInaccessibleMessage | None, person: User | None) -> bool:
    return bool(message and person and not person.is_bot and message.chat.type == ChatType.PRIVATE)


def _command(text: str) -> tuple[str | None, str]:
    """Choice and text of what was written: "/menu" presses a button, "/status 123" is words."""
    found = _COMMAND.fullmatch(text.strip())
    if found is None:
        return None, text
    name, rest = found[1].lower(), (found[2] or "").strip()
    if name in COMMANDS and (not rest or name == "start"):
        return COMMANDS[name][1], ""
    return None, f"{name} {rest}".strip()


def _phone(contact: Contact) -> str | None:
    digits = re.sub(r"[ +()-]", "", contact.phone_number)
    return f"+{digits}" if _E164.fullmatch(digits) else None


def _messages(outbound: Outbound) -> list[tuple[str, InlineKeyboardMarkup | _Keyboard]]:
    """Each part as a text; the buttons are under the last."""
    bare: InlineKeyboardMarkup | _Keyboard = ReplyKeyboardRemove()
    *first, last = outbound.parts
    return [*((part, bare) for part in first), (last, _markup(outbound.choices))]


def _markup(choices: Sequence[Button]) -> InlineKeyboardMarkup | _Keyboard:
    share = next((choice for choice in choices if choice.id == SHARE_PHONE), None)
    if share:
        button = KeyboardButton(share.label, request_contact=True)
        return ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)
    if not choices:
        return ReplyKeyboardRemove()
    rows = [[InlineKeyboardButton(choice.label, callback_data=choice.id)] for choice in choices]
    return InlineKeyboardMarkup(rows)


def _parse(body: bytes) -> Update | None:
    try:
        raw = json.loads(body)
        return Update.de_json(raw, None) if isinstance(raw, dict) and "update_id" in raw else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


async def _tried(doing: Coroutine[Any, Any, object]) -> Failed | None:
    try:
        await doing
    except TelegramError as error:
        return _failed(error)
    return None


def _failed(error: Exception) -> Failed:
    match error:
        case RetryAfter(retry_after=wait):
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return Failed("throttled", retry=True, after=seconds, code="429")
        case Forbidden():
            return Failed("blocked", code="403")
        case InvalidToken():
            return Failed("misconfigured", code="401")
        case BadRequest(message=why):
            return Failed(_refusal(why.lower()), code="400")
        case TimedOut() | NetworkError():
            sent = not isinstance(error.__cause__, _NOT_SENT)
            return Failed("unknown") if sent else Failed("unavailable", retry=True)
        case Conflict():
            return Failed("refused", code="409")
    return Failed("unknown")


def _refusal(why: str) -> str:
    if "chat not found" in why or "user not found" in why:
        return "unknown_number"
    return "too_long" if "too long" in why else "refused"

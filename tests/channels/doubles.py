"""The edges that cannot be had here: transports of the providers' libraries, and requests they sign."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, ReadTimeout
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from twilio.http import HttpClient
from twilio.http.response import Response as TwilioResponse
from twilio.request_validator import RequestValidator
from urllib3.exceptions import MaxRetryError, NewConnectionError

from channels import Channel, Request
from channels.smpp import codes
from channels.smpp.channel import SmsSmpp
from channels.smpp.line import Lost
from channels.smpp.pdu import Address, Message, Pdu, encode
from channels.smpp.profile import Profile
from channels.sms_twilio import SmsTwilio
from channels.telegram import SECRET_HEADER, Telegram
from channels.web import Web
from channels.whatsapp_twilio import WhatsAppTwilio

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
PUBLIC_URL = "https://haqdar.example"
TOKEN = "0123456789abcdef0123456789abcdef"
SECRET = "telegram-secret"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Reply:
    """What a provider answers: a status with a body, or a fault of the network."""

    status: int = 201
    body: str = '{"sid": "SM1", "status": "queued"}'
    raises: str = ""


class TwilioWire(HttpClient):
    """Stands for the network under Twilio's SDK: keeps what was posted, answers as told."""

    def __init__(self) -> None:
        super().__init__(None, False, None)
        self.replies: list[Reply] = []
        self.posted: list[dict[str, Any]] = []

    def request(
        self, method: str, url: str, params: Any = None, data: Any = None, **rest: Any
    ) -> TwilioResponse:
        self.posted.append({**(data or {}), "url": url})
        reply = self.replies.pop(0) if self.replies else Reply()
        unreachable = MaxRetryError(None, url, NewConnectionError(None, "refused"))  # type: ignore[arg-type]
        faults: dict[str, Exception] = {
            "refused": NoConnection(unreachable),
            "connect timeout": ConnectTimeout(),
            "read timeout": ReadTimeout(),
            "reset": NoConnection("aborted"),
        }
        if reply.raises:
            raise faults[reply.raises]
        return TwilioResponse(reply.status, reply.body)


class TelegramWire(BaseRequest):
    """Stands for the network under python-telegram-bot."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.posted: list[dict[str, Any]] = []
        self.updates: list[Any] = []

    @property
    def read_timeout(self) -> float:
        return 5.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, **rest: Any
    ) -> tuple[int, bytes]:
        name = url.rpartition("/")[2]
        await asyncio.sleep(0.001)  # as any network does, it gives way to others
        self.posted.append({"method": name, **(request_data.parameters if request_data else {})})
        if name == "getMe":
            me = {"id": 1, "is_bot": True, "first_name": "Haqdar", "username": "haqdar_bot"}
            return 200, json.dumps({"ok": True, "result": me}).encode()
        if name == "getUpdates" and self.updates:
            found = self.updates.pop(0)
            if isinstance(found, Exception):
                raise found
            return 200, json.dumps({"ok": True, "result": found}).encode()
        message = {"message_id": 9, "date": 1, "chat": {"id": 77, "type": "private"}, "text": "text"}
        result: object = message if name == "sendMessage" else name != "getUpdates" or []
        plain = Reply(200, json.dumps({"ok": True, "result": result}))
        reply = self.replies.pop(0) if self.replies else plain
        if reply.raises == "refused":
            raise NetworkError("no connection") from httpx.ConnectError("refused")
        if reply.raises:
            raise TimedOut from httpx.ReadTimeout("late")
        return reply.status, reply.body.encode()


class OperatorLine:
    """Stands for the line to an operator."""

    bound = 1

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.posted: list[dict[str, Any]] = []

    async def submit(self, message: Message) -> Pdu | Lost:
        self.posted.append(
            {
                "source": message.source.number,
                "destination": message.destination.number,
                "text": message.text,
                "registered": message.registered,
            }
        )
        reply = self.replies.pop(0) if self.replies else Reply(0, "id")
        if reply.raises:
            return Lost.UNSENT if reply.raises == "refused" else Lost.UNANSWERED
        return Pdu(codes.SUBMIT_SM | codes.RESPONSE, 1, reply.status, reply.body)


@dataclass
class Bench:
    """One channel on the test bench, with its wire."""

    channel: Channel
    wire: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, case: dict[str, Any]) -> Request:
        """The request of a case, signed as its provider would."""
        name = self.channel.name
        if isinstance(self.channel, SmsSmpp):
            body = bytes.fromhex(case["hex"]) if "hex" in case else delivered(case["message"])
            return Request("deliver_sm", "/one", {}, body, NOW)
        if name == "telegram":
            headers = {"content-type": "application/json", SECRET_HEADER: SECRET}
            return Request("POST", "/in/telegram", headers, case["update"].encode(), NOW)
        body = urlencode(case["form"]).encode()
        query = case.get("query", "")
        if name == "web":
            headers = {"content-type": FORM, **case.get("headers", {})}
            return Request("POST", query or "/ur/", headers, body, NOW)
        return signed(f"/in/{name}{query}", body)


def delivered(fields: dict[str, Any]) -> bytes:
    """A deliver_sm as an operator sends it."""
    text = bytes.fromhex(fields["hex"]) if "hex" in fields else fields["text"].encode()
    source = Address(fields["source"], fields.get("ton", 0), 1)
    message = Message(source, Address("8171"), text, fields.get("coding", 0), fields.get("esm_class", 0))
    tlvs = ((codes.RECEIPTED_ID, fields["id"].encode() + b"\0"),) if "id" in fields else ()
    return encode(Pdu(codes.DELIVER_SM, 1, 0, message, tlvs))


def signed(target: str, body: bytes, token: str = TOKEN, public_url: str = PUBLIC_URL) -> Request:
    """A form as Twilio posts it."""
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    signature = RequestValidator(token).compute_signature(public_url + target, fields)
    return Request("POST", target, {"content-type": FORM, "x-twilio-signature": signature}, body, NOW)


def bench(name: str) -> Bench:
    """A channel with its provider's double."""
    if name == "web":
        return Bench(Web())
    if name == "telegram":
        telegram_wire = TelegramWire()
        return Bench(Telegram(token="1:a", secret=SECRET, request=telegram_wire), telegram_wire)
    if name == "smpp":
        profile = Profile(name="one", host="127.0.0.1", system_id="us", password=TOKEN)
        channel, operator = SmsSmpp((profile,), jitter=lambda: 0.5), OperatorLine()
        channel.lines["one"] = operator  # type: ignore[assignment]
        return Bench(channel, operator)
    twilio_wire = TwilioWire()
    if name == "sms":
        sms = SmsTwilio(
            account_sid="AC0", auth_token=TOKEN, sender="+923990008171",
            public_url=PUBLIC_URL, transport=twilio_wire,
        )  # fmt: skip
        return Bench(sms, twilio_wire)
    whatsapp = WhatsAppTwilio(
        account_sid="AC0", auth_token=TOKEN, sender="whatsapp:+923990008171",
        public_url=PUBLIC_URL, transport=twilio_wire,
    )  # fmt: skip
    return Bench(whatsapp, twilio_wire)

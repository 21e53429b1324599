"""What Twilio's SMS and WhatsApp have in common: signatures, TwiML, the REST API, status callbacks."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, parse_qsl, urlsplit

from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError
from starlette.datastructures import ImmutableMultiDict
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse
from urllib3.exceptions import NewConnectionError

from bot.messages import MediaKind, Outbound
from channels import Failed, Receipt, Refused, Request, Response, Sent, Status

Fields = ImmutableMultiDict[str, str]

PATIENCE = 10.0
"""Seconds that a call of the REST API may take."""

MOST_FIELDS = 200
E164 = re.compile(r"\+[1-9][0-9]{6,14}")

STATUSES: Mapping[str, Status] = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "sending",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
"""Twilio's MessageStatus -> ours."""

REASONS: Mapping[str, tuple[str, bool]] = {
    "21610": ("opted_out", False),
    "63016": ("window_closed", False),
    "30003": ("unreachable", True),
    "30005": ("unknown_number", False),
    "21211": ("unknown_number", False),
    "21614": ("unknown_number", False),
    "30006": ("unknown_number", False),
    "63003": ("unknown_number", False),
    "30004": ("blocked", False),
    "30007": ("filtered", False),
    "21617": ("too_long", False),
    "20003": ("misconfigured", False),
    "21408": ("misconfigured", False),
    "21606": ("misconfigured", False),
    "21657": ("misconfigured", False),
    "21659": ("misconfigured", False),
    "63007": ("misconfigured", False),
    "20429": ("throttled", True),
    "14107": ("throttled", True),
    "63018": ("throttled", True),
    "30001": ("throttled", True),
}
"""Twilio's error code -> why, and whether to try again. Source: twilio.com/docs/api/errors."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One sender of one account. `sender` is a number, a `whatsapp:` address or a messaging service."""

    channel: str
    client: Client
    validator: RequestValidator
    sender: str
    public_url: str

    def fields(self, request: Request) -> Fields | Refused:
        """The form of a request that Twilio signed."""
        try:
            text = request.body.decode()
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            return Refused(400, "not a form")
        fields = ImmutableMultiDict(pairs)
        # The public address and never the request's own, which a proxy or a forger chooses.
        url = self.public_url.rstrip("/") + request.target
        signature = request.headers.get(SIGNATURE_HEADER.lower(), "")
        algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER.lower()))
        if not (signature and self.validator.validate(url, fields, signature, algorithm)):
            return Refused(403, "wrong or missing signature")
        if not fields.get("MessageSid"):
            return Refused(400, "no MessageSid")
        return fields

    def answer(self, outbounds: Sequence[Outbound]) -> Response:
        """TwiML: each part a message, with the address where its receipts are to go."""
        twiml = MessagingResponse()
        for outbound in outbounds:
            for part in outbound.parts:
                twiml.message(part, action=self._callback(outbound), method="POST")
        return Response(body=twiml.to_xml().encode(), content_type="text/xml; charset=utf-8")

    async def send(self, outbound: Outbound) -> Sent | Failed:
        """Each part by the REST API. After one has gone out, no failure is safe to repeat."""
        reference = ""
        for part in outbound.parts:
            outcome = await asyncio.to_thread(self._create, outbound, part)
            if isinstance(outcome, Failed):
                return Failed("unknown", code=outcome.code) if reference else outcome
            reference = outcome.reference
        return Sent(reference)

    def _create(self, outbound: Outbound, part: str) -> Sent | Failed:
        service = self.sender.startswith("MG")
        origin = {"messaging_service_sid" if service else "from_": self.sender}
        try:
            message = self.client.messages.create(
                to=outbound.recipient,
                body=part,
                status_callback=self._callback(outbound),
                **origin,
            )
        except (TwilioRestException, TwilioServiceException) as fault:
            return _refused(fault.status, str(fault.code or ""))
        except RequestException as fault:
            return Failed("unavailable", retry=True) if _never_sent(fault) else Failed("unknown")
        except (TwilioException, ValueError):  # a 2xx whose body the library cannot read
            return Failed("unknown")
        return Sent(str(message.sid))

    def _callback(self, outbound: Outbound) -> str:
        return f"{self.public_url.rstrip('/')}/in/{self.channel}?ref={outbound.id}"


def wire(
    channel: str,
    *,
    account_sid: str,
    auth_token: str,
    sender: str,
    public_url: str,
    transport: HttpClient | None = None,
) -> Wire:
    """The wire of a channel; `transport` replaces the SDK's HTTP client."""
    http = transport or TwilioHttpClient(timeout=PATIENCE)
    client = Client(account_sid, auth_token, http_client=http)
    return Wire(channel, client, RequestValidator(auth_token), sender, public_url)


def receipt(fields: Fields, request: Request) -> Receipt | None:
    """What a status callback tells, None for a message of a person."""
    told = fields.get("MessageStatus", "")
    if told not in STATUSES:
        return None
    query = parse_qs(urlsplit(request.target).query)
    code = fields.get("ErrorCode", "")
    reason, _ = REASONS.get(code, (code, False))
    return Receipt(
        status=STATUSES[told],
        at=request.at,
        outbound=query.get("ref", [""])[0],
        reference=fields["MessageSid"],
        error=reason,
    )


def media(fields: Fields) -> MediaKind | None:
    """The kind of the first file of a message."""
    if fields.get("NumMedia", "0") in ("", "0"):
        return None
    kind = fields.get("MediaContentType0", "").partition("/")[0]
    kinds: Mapping[str, MediaKind] = {
        "image": "image",
        "audio": "audio",
        "video": "video",
        "application": "document",
    }
    return kinds.get(kind, "other")


def _refused(status: int, code: str) -> Failed:
    if code in REASONS:
        reason, retry = REASONS[code]
        return Failed(reason, retry=retry, code=code)
    if status == 429:
        return Failed("throttled", retry=True, code=code)
    if status in (401, 403):
        return Failed("misconfigured", code=code)
    if status >= 500:  # it may have been taken all the same
        return Failed("unknown", code=code)
    return Failed("refused", code=code)


def _never_sent(fault: RequestException) -> bool:
    if isinstance(fault, (ConnectTimeout, ProxyError, SSLError)):
        return True
    cause = getattr(fault.args[0], "reason", None) if fault.args else None
    return isinstance(fault, NoConnection) and isinstance(cause, NewConnectionError)

"""The envelope of every message, signature, header and message: read loosely, written strictly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.dci import loose
from services.dci.codes import ErrorCode, HeaderReason, Status
from services.dci.keys import PrivateKey, PublicKey
from services.dci.signatures import Dialect, Signed, Unauthentic
from services.dci.text import pieces, write

VERSION = "1.0.0"
SIGNATURE_HEADER = "Signature"


class Broken(ValueError):
    """What came is no message of this protocol."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a request or of a response; "" and None for what it does not say."""

    version: str
    message_id: str
    at: datetime | None
    action: str
    sender: str
    receiver: str
    total_count: int | None
    status: str
    reason: str
    encrypted: bool


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as it was received. `message` is empty where there was none, which a callback may do."""

    header: Header
    message: Mapping[str, Any] = field(repr=False)
    signature: str = field(repr=False)
    signed: Signed = field(repr=False)

    def verify(self, dialect: Dialect, keys: Iterable[PublicKey], *, sender: str, at: datetime) -> None:
        """Raise `Unauthentic` unless this sender signed exactly these bytes, lately."""
        if self.header.sender != sender or not self.signature:
            raise Unauthentic
        dialect.verify(self.signature, self.signed, keys, sender=sender, at=at)


@dataclass(frozen=True, slots=True)
class Written:
    """A message that is ready to be sent."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def read(body: bytes, headers: Mapping[str, str], dialect: Dialect) -> Envelope:
    """What was received; `headers` by their names in lower case. Raises `Broken`."""
    try:
        found = pieces(body)
    except ValueError:
        raise Broken("the body is no JSON object") from None
    header = found.get("header")
    if header is None or not isinstance(header.value, dict):
        raise Broken("there is no header")
    message = found.get("message")
    within = found.get("signature")
    signature = headers.get(SIGNATURE_HEADER.lower()) if dialect.place == "http" else within and within.value
    told = _header(header.value)
    return Envelope(
        header=told,
        message=loose.part(message and message.value),
        signature=loose.text(signature),
        signed=Signed(body.decode(), header.text, message.text if message else "", told.at),
    )


def request_header(
    *, id: str, at: datetime, action: str, sender: str, receiver: str, count: int, uri: str = ""
) -> dict[str, Any]:
    """The header of a request for `count` things; `uri` is where an asynchronous answer would go."""
    return {
        "version": VERSION,
        "message_id": id,
        "message_ts": stamp(at),
        "action": action,
        "sender_id": sender,
        "receiver_id": receiver,
        "total_count": count,
        "is_msg_encrypted": False,
        **({"sender_uri": uri} if uri else {}),
    }


def response_header(
    *,
    id: str,
    at: datetime,
    action: str,
    sender: str,
    receiver: str,
    count: int,
    completed: int,
    status: Status = "succ",
    reason: HeaderReason | None = None,
) -> dict[str, Any]:
    """The header of a response; `completed` of `count` things were done."""
    return {
        "version": VERSION,
        "message_id": id,
        "message_ts": stamp(at),
        "action": action,
        "status": status,
        "total_count": count,
        "completed_count": completed,
        "sender_id": sender,
        "receiver_id": receiver,
        "is_msg_encrypted": False,
        **({"status_reason_code": reason} if reason else {}),
    }


def seal(
    header: Mapping[str, Any],
    message: Mapping[str, Any] | None,
    *,
    dialect: Dialect,
    key: PrivateKey,
    at: datetime,
) -> Written:
    """The message signed as this dialect wants it. Each part is written once, and that text is signed."""
    told, said = write(header), write(message) if message is not None else ""
    plain = Signed("", told, said, at).whole
    signature = dialect.sign(Signed(plain, told, said, at), key, sender=str(header["sender_id"]), at=at)
    headers = {"Content-Type": "application/json"}
    if dialect.place == "http":
        return Written(plain.encode(), {**headers, SIGNATURE_HEADER: signature})
    return Written(f'{plain[:-1]},"signature":{write(signature)}}}'.encode(), headers)


def error(code: ErrorCode, message: str) -> dict[str, Any]:
    """The body of an HTTP error."""
    return {"errors": [{"code": code, "message": message}]}


def stamp(at: datetime) -> str:
    """A moment to the second, in UTC: the one spelling that every re-serialisation leaves as it is."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _header(value: Mapping[str, Any]) -> Header:
    return Header(
        version=loose.text(value.get("version")),
        message_id=loose.text(value.get("message_id")),
        at=loose.moment(value.get("message_ts")),
        action=loose.text(value.get("action")),
        sender=loose.text(value.get("sender_id")),
        receiver=loose.text(value.get("receiver_id")),
        total_count=loose.number(value.get("total_count")),
        status=loose.text(value.get("status")),
        reason=loose.text(value.get("status_reason_code")),
        encrypted=value.get("is_msg_encrypted") is True,
    )

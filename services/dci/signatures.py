"""Signatures of messages: no two systems agree on one, so how a partner signs is chosen for each.

| name | where | what is signed |
|---|---|---|
| `spdci-cavage` | body | `(created)`, `(expires)` and SHA-256 of header and message as received (SP-DCI) |
| `openspp` | body | the same, over header and message sorted, compact, in ASCII (OpenSPP) |
| `jws-detached` | body | JWS without payload (RFC 7515, F) over header and message as received |
| `openg2p` | body | the same, over header and message sorted, compact, in UTF-8 (OpenG2P) |
| `jws-header` | HTTP header `Signature` | JWS without payload over the body as received (G2P Connect) |
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol, TypeAlias

from jwt import PyJWS
from jwt.exceptions import PyJWTError

from services.dci.keys import PrivateKey, PublicKey
from services.dci.text import canonical

LIFE = timedelta(seconds=300)
"""How long a signature may be good for."""

SKEW = timedelta(seconds=60)
"""How far two clocks may be apart."""


class Unauthentic(Exception):
    """A message that cannot be trusted. One for all ways, so that nobody learns which it was."""

    def __init__(self) -> None:
        super().__init__("the message is not authentic")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature is over, as it was received or will be sent; `message` "" where there is none."""

    body: str
    header: str
    message: str
    at: datetime | None
    """The moment that the header names."""

    @property
    def whole(self) -> str:
        """Header and message in one object."""
        return f'{{"header":{self.header}' + (f',"message":{self.message}}}' if self.message else "}")


Form: TypeAlias = Callable[[Signed], str]
"""The text of a message that is signed."""


def as_received(signed: Signed) -> str:
    """Header and message, not a space of them changed."""
    return signed.whole


def as_body(signed: Signed) -> str:
    """All that was in the HTTP body."""
    return signed.body


def sorted_ascii(signed: Signed) -> str:
    """Header and message as Python's `json.dumps(..., sort_keys=True)` would write them, compact."""
    return canonical(signed.whole, ascii=True)


def sorted_utf8(signed: Signed) -> str:
    """Header and message sorted and compact, nothing escaped that need not be."""
    return canonical(signed.whole, ascii=False)


class Dialect(Protocol):
    """How one family of systems signs. `place` is the member of the body, or the HTTP header."""

    @property
    def place(self) -> Literal["body", "http"]: ...

    def sign(self, signed: Signed, key: PrivateKey, *, sender: str, at: datetime) -> str:
        """The signature of what we are about to send."""
        ...

    def verify(
        self, signature: str, signed: Signed, keys: Iterable[PublicKey], *, sender: str, at: datetime
    ) -> None:
        """Raise `Unauthentic` unless the sender signed exactly this, lately."""
        ...


_NAMES = {"EdDSA": "ed25519", "ES256": "ecdsa-sha256", "RS256": "rsa-sha256"}
_COVERED = "(created) (expires) digest"
_FIELD = re.compile(r'\s*(\w+)="([^"]*)"\s*(?:,|$)')
_SECONDS = re.compile(r"[0-9]{1,11}")
_PREFIX = re.compile(r"\s*Signature:\s*", re.I)


@dataclass(frozen=True, slots=True)
class Cavage:
    """In the manner of draft-cavage-http-signatures, within the body."""

    form: Form
    digest: str
    namespace: str
    place: Literal["body", "http"] = "body"

    def sign(self, signed: Signed, key: PrivateKey, *, sender: str, at: datetime) -> str:
        """See `Dialect`."""
        created, expires = str(int(at.timestamp())), str(int((at + LIFE).timestamp()))
        made = base64.b64encode(key.sign(self._text(signed, created, expires))).decode()
        name = _NAMES[key.algorithm]
        return (
            f'namespace="{self.namespace}", kidId="{sender}|{key.id}|{name}", algorithm="{name}", '
            f'created="{created}", expires="{expires}", headers="{_COVERED}", signature="{made}"'
        )

    def verify(
        self, signature: str, signed: Signed, keys: Iterable[PublicKey], *, sender: str, at: datetime
    ) -> None:
        """See `Dialect`."""
        try:
            said = _fields(signature)
            who, id, name = said["kidId"].split("|")
            created, expires, made = said["created"], said["expires"], said["signature"]
            raw = base64.b64decode(made, validate=True)
            if who != sender or name != said["algorithm"] or said["headers"] != _COVERED:
                raise Unauthentic
            if not (_SECONDS.fullmatch(created) and _SECONDS.fullmatch(expires)):
                raise Unauthentic
            _check_time(_moment(created), _moment(expires), at)
            text = self._text(signed, created, expires)
        except (KeyError, ValueError, OverflowError, RecursionError):
            raise Unauthentic from None
        usable = (key for key in keys if key.id in ("", id) and _NAMES[key.algorithm] == name)
        if not any(key.verify(text, raw) for key in usable):
            raise Unauthentic

    def _text(self, signed: Signed, created: str, expires: str) -> bytes:
        digest = base64.b64encode(hashlib.sha256(self.form(signed).encode()).digest()).decode()
        return f"(created): {created}\n(expires): {expires}\ndigest: {self.digest}{digest}".encode()


_JWS = PyJWS(algorithms=list(_NAMES))


@dataclass(frozen=True, slots=True)
class Jws:
    """A JSON Web Signature whose payload is left out: `header..signature`.

    It says nothing of time, so the moment in the (signed) message header is held to the same window.
    """

    form: Form
    place: Literal["body", "http"]

    def sign(self, signed: Signed, key: PrivateKey, *, sender: str, at: datetime) -> str:
        """See `Dialect`."""
        headers = {"kid": key.id, "typ": None}
        whole = _JWS.encode(self.form(signed).encode(), key.key, key.algorithm, headers)
        head, _, made = whole.split(".")
        return f"{head}..{made}"

    def verify(
        self, signature: str, signed: Signed, keys: Iterable[PublicKey], *, sender: str, at: datetime
    ) -> None:
        """See `Dialect`."""
        try:
            head, nothing, made = signature.split(".")
            said = _JWS.get_unverified_header(signature)
            if nothing or signed.at is None:
                raise Unauthentic
            _check_time(signed.at, signed.at + LIFE, at)
            payload = base64.urlsafe_b64encode(self.form(signed).encode()).rstrip(b"=").decode()
        except (ValueError, OverflowError, RecursionError, PyJWTError):
            raise Unauthentic from None
        id = said.get("kid", "")
        usable = (key for key in keys if not id or key.id in ("", id))
        if not any(_holds(f"{head}.{payload}.{made}", key) for key in usable):
            raise Unauthentic


def _holds(whole: str, key: PublicKey) -> bool:
    try:
        _JWS.decode(whole, key.key, algorithms=[key.algorithm])
    except (PyJWTError, ValueError):
        return False
    return True


def _check_time(created: datetime, expires: datetime, at: datetime) -> None:
    if not timedelta(0) < expires - created <= LIFE or created - SKEW > at or expires + SKEW < at:
        raise Unauthentic


def _moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _fields(signature: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = match.end() if (match := _PREFIX.match(signature)) else 0
    while at < len(signature):
        field = _FIELD.match(signature, at)
        if field is None or field[1] in found:
            raise ValueError
        found[field[1]] = field[2]
        at = field.end()
    return found


DIALECTS: Mapping[str, Dialect] = {
    "spdci-cavage": Cavage(as_received, "SHA-256=", "spdci"),
    "openspp": Cavage(sorted_ascii, "", "dci"),
    "jws-detached": Jws(as_received, "body"),
    "openg2p": Jws(sorted_utf8, "body"),
    "jws-header": Jws(as_body, "http"),
}

"""Two systems with their keys, and messages between them."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from services.dci import envelope, search
from services.dci.envelope import Envelope, Written
from services.dci.keys import PrivateKey, read_private
from services.dci.signatures import DIALECTS

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CNIC = "9000000000012"
OTHER = "9000000000020"
US, THEM = "bot.example.org", "sr.example.org"
URDU = "\u0646\u0633\u06cc\u0645"
"""Naseem, as it is written."""


@cache
def key(who: str, kind: str = "EdDSA") -> PrivateKey:
    """A private key of a party."""
    made: Any = {
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
    }[kind]()
    return read_private(pem(made), who)


def pem(key: Any) -> bytes:
    """A private key as a file holds it."""
    return bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def public_pem(key: Any) -> bytes:
    """A public key as a file holds it."""
    return bytes(
        key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def header(**changed: Any) -> dict[str, Any]:
    """A header of a request from us to them."""
    plain: dict[str, Any] = {
        "id": "m-1", "at": NOW, "action": "search", "sender": US, "receiver": THEM, "count": 1,
    }  # fmt: skip
    return envelope.request_header(**{**plain, **changed})


def question(**changed: Any) -> dict[str, Any]:
    """A search for one person."""
    plain: dict[str, Any] = {
        "transaction_id": "t-1", "reference_id": "r-1", "at": NOW, "registry": "ns:org:RegistryType:Social",
        "record": "SRPerson", "id_type": "UIN", "id_value": CNIC, "locale": "urd",
    }  # fmt: skip
    return search.ask(**{**plain, **changed})


def sealed(
    dialect: str, message: Any = None, *, who: PrivateKey | None = None, at: datetime = NOW, **changed: Any
) -> Written:
    """A message from us to them, signed."""
    told = header(at=at, **changed)
    return envelope.seal(told, message or question(), dialect=DIALECTS[dialect], key=who or key(US), at=at)


def opened(written: Written, dialect: str) -> Envelope:
    """A message as it arrives."""
    headers = {name.lower(): value for name, value in written.headers.items()}
    return envelope.read(written.body, headers, DIALECTS[dialect])

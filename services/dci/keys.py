"""Keys of signatures: read from PEM or from a JSON Web Key Set, and published as one."""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from jwt import PyJWK
from jwt.algorithms import Algorithm as Implementation
from jwt.algorithms import get_default_algorithms
from jwt.exceptions import PyJWTError

Algorithm: TypeAlias = Literal["EdDSA", "ES256", "RS256"]
"""Names of RFC 7518 and 8037. Symmetric ones and `none` are not among them."""

IMPLEMENTED: dict[str, Implementation] = {
    name: found for name, found in get_default_algorithms().items() if name in Algorithm.__args__  # type: ignore[attr-defined]
}  # fmt: skip

SHORTEST_RSA = 2048

_THUMBPRINT = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies by one algorithm only; `id` "" where its owner may call it anything."""

    id: str
    algorithm: Algorithm
    key: Any = field(repr=False)

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether the holder of the private half signed this text."""
        return IMPLEMENTED[self.algorithm].verify(text, self.key, signature)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """Our own key; `id` is the thumbprint of RFC 7638 unless it was given another."""

    id: str
    algorithm: Algorithm
    key: Any = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """The half that others may have."""
        return PublicKey(self.id, self.algorithm, self.key.public_key())

    def sign(self, text: bytes) -> bytes:
        """The raw signature of a text."""
        return IMPLEMENTED[self.algorithm].sign(text, self.key)


def read_private(pem: bytes, id: str = "") -> PrivateKey:
    """A private key from unencrypted PEM. ValueError for any other kind."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise ValueError("not an unencrypted private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey):
        raise ValueError("a key of a kind that is not used here")
    algorithm = _algorithm(key.public_key())
    return PrivateKey(id or thumbprint(PublicKey("", algorithm, key.public_key())), algorithm, key)


def read_public(data: bytes, id: str = "") -> tuple[PublicKey, ...]:
    """The keys of a PEM file, or all signature keys of a JSON Web Key Set. ValueError where there is none."""
    if data.lstrip().startswith(b"{"):
        return _from_set(data)
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, TypeError):
        raise ValueError("neither a public key in PEM nor a JSON Web Key Set") from None
    return (PublicKey(id, _algorithm(key), key),)


def _from_set(data: bytes) -> tuple[PublicKey, ...]:
    try:
        written = json.loads(data)["keys"]
        found = [(one, PyJWK.from_dict(one).key) for one in written if one.get("use", "sig") == "sig"]
    except (ValueError, KeyError, TypeError, AttributeError, PyJWTError):
        raise ValueError("not a JSON Web Key Set of public keys") from None
    if not found:
        raise ValueError("a JSON Web Key Set without a key for signatures")
    return tuple(PublicKey(str(one.get("kid", "")), _algorithm(key), key) for one, key in found)


def write_set(keys: Iterable[PublicKey]) -> dict[str, Any]:
    """The JSON Web Key Set of these public keys."""
    return {
        "keys": [{**_jwk(key), "kid": key.id, "use": "sig", "alg": key.algorithm} for key in keys],
    }


def thumbprint(key: PublicKey) -> str:
    """The name of a key by RFC 7638."""
    jwk = _jwk(key)
    members = {name: jwk[name] for name in _THUMBPRINT[jwk["kty"]]}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def allowed(keys: Sequence[PublicKey], algorithms: Iterable[str]) -> tuple[PublicKey, ...]:
    """Those keys whose algorithm a partner may use. ValueError where none is left."""
    kept = tuple(key for key in keys if key.algorithm in set(algorithms))
    if not kept:
        raise ValueError("no key is of an algorithm that is allowed")
    return kept


def _jwk(key: PublicKey) -> dict[str, Any]:
    jwk = IMPLEMENTED[key.algorithm].to_jwk(key.key, as_dict=True)
    return {name: value for name, value in jwk.items() if name in ("kty", "crv", "x", "y", "n", "e")}


def _algorithm(key: object) -> Algorithm:
    # By the kind of key alone, so that nothing in a message can choose how it is verified.
    if isinstance(key, Ed25519PublicKey):
        return "EdDSA"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    if isinstance(key, RSAPublicKey) and key.key_size >= SHORTEST_RSA:
        return "RS256"
    raise ValueError("a key of a kind that is not used here")

"""People's numbers: keyed hashes to find them, sealed text to read them back with the key.

A CNIC has so few digits that an unkeyed hash of it is as good as plain. The key lies outside the
database; each purpose has its own key made from it, so that hashes of two tables cannot be joined.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection

from services.store.tables import about

Purpose: TypeAlias = Literal["cnic", "phone", "address", "reply", "extract", "nonce"]
PURPOSES: tuple[Purpose, ...] = ("cnic", "phone", "address", "reply", "extract", "nonce")

SHORTEST_SECRET = 32
HASH_BYTES = 16
NONCE_BYTES = 12
FORMAT = b"\x01"
"""First byte of sealed text: which format and key it was sealed with."""

BLOCK_BYTES = 64
"""Of SHA-256."""


class WrongKey(Exception):
    """The key is not the one that this database was made with."""


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys of one deployment, made from its secret by `Keys.from_secret`."""

    _hashing: dict[Purpose, bytes] = field(repr=False)
    _sealing: AESGCM = field(repr=False)
    check: str = field(repr=False)

    @classmethod
    def from_secret(cls, secret: bytes) -> "Keys":
        """Keys from a secret of at least 32 bytes. Raises ValueError for a shorter one."""
        if len(secret) < SHORTEST_SECRET:
            raise ValueError(f"the secret key must have at least {SHORTEST_SECRET} characters")
        hashing = {purpose: _derived(secret, f"hash:{purpose}") for purpose in PURPOSES}
        check = hashlib.sha256(_derived(secret, "check")).hexdigest()
        return cls(hashing, AESGCM(_derived(secret, "seal")), check)

    def hash(self, purpose: Purpose, value: str) -> bytes:
        """16 bytes that find `value` again and tell nothing about it without the key."""
        return _hmac_sha256(self._hashing[purpose], value.encode())[:HASH_BYTES]

    def seal(self, text: str, owner: bytes | None = None) -> bytes:
        """Encrypt and authenticate (AES-256-GCM with a random nonce).

        With the hash of an `owner` the nonce is a keyed hash of owner and text: the same text of the same
        owner is sealed to the same bytes, so that what was imported again is seen to be unchanged.
        """
        nonce = os.urandom(NONCE_BYTES) if owner is None else self._nonce(owner, text)
        return FORMAT + nonce + self._sealing.encrypt(nonce, text.encode(), FORMAT)

    def _nonce(self, owner: bytes, text: str) -> bytes:
        # BLAKE2 has keys of its own, and costs a quarter of an HMAC. No two texts share a nonce, but for
        # a chance as small as with random ones.
        key = self._hashing["nonce"]
        return hashlib.blake2b(owner + text.encode(), digest_size=NONCE_BYTES, key=key).digest()

    def open(self, blob: bytes) -> str:
        """The text that `seal` sealed. Raises `WrongKey` for anything else."""
        nonce, sealed = blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
        try:
            return self._sealing.decrypt(nonce, sealed, blob[:1]).decode()
        except (InvalidTag, ValueError):
            raise WrongKey("sealed text cannot be opened with this key") from None


def load_or_create_secret(path: Path) -> bytes:
    """The secret in a file that only its owner may read, made there the first time."""
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    fresh = secrets.token_urlsafe(48).encode()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_bytes(fresh)
    try:
        os.link(draft, path)  # atomic, and never over a key that another process just made
    except FileExistsError:
        return path.read_bytes().strip()
    finally:
        draft.unlink()
    return fresh


def verify_key(connection: Connection, keys: Keys) -> None:
    """Note the key with a new database; raise `WrongKey` if the database was made with another."""
    known = connection.execute(sa.select(about.c.value).where(about.c.name == "key_check")).scalar()
    if known is None:
        connection.execute(sa.insert(about).values(name="key_check", value=keys.check))
    elif not hmac.compare_digest(known, keys.check):
        raise WrongKey("the secret key is not the one that this database was made with")


def _hmac_sha256(key: bytes, message: bytes) -> bytes:
    # HMAC by its definition. `hmac.digest` asks OpenSSL for the algorithm each time, which takes longer
    # than the hashing does, and imports hash by the million.
    inner, outer = _padded(key)
    return hashlib.sha256(outer + hashlib.sha256(inner + message).digest()).digest()


@lru_cache(16)
def _padded(key: bytes) -> tuple[bytes, bytes]:
    block = key.ljust(BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=b"haqdar", info=purpose.encode()).derive(secret)

"""People's numbers: keyed hashes to find them, sealed text to read them back with the key.

A CNIC has so few digits that an unkeyed hash of it is as good as plain. The key lies outside the
database; each purpose has its own key made from it, so that hashes of two tables cannot be joined.

A deployment has one secret, or several after rotation (`services/privacy/rotation.py`). Texts are sealed
with the newest and say by their first byte which one that was. A hash is made with the oldest secret and
then hashed again with each newer one: so the hashes in a database can be brought up to a new secret though
nobody knows the numbers any more, and who has learnt an old secret cannot try out numbers against them.
The price is that old secrets must be kept with the new one.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
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

Purpose: TypeAlias = Literal["cnic", "phone", "address", "reply", "audit", "code", "extract", "nonce"]
PURPOSES: tuple[Purpose, ...] = ("cnic", "phone", "address", "reply", "audit", "code", "extract", "nonce")

LASTING: frozenset[Purpose] = frozenset({"reply"})
"""Hashes of nobody's number, which stay as they are when secrets change."""

SHORTEST_SECRET = 32
HASH_BYTES = 16
NONCE_BYTES = 12
MOST_SECRETS = 255
"""The first byte of sealed text is the number of its secret, the oldest being 1."""

BLOCK_BYTES = 64
"""Of SHA-256."""


class WrongKey(Exception):
    """The key is not the one that this database was made with."""


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys of one deployment, made from its secrets by `Keys.from_secret`.

    A generation is how many secrets there were; `checks[n - 1]` tells the secrets of generation n from
    all others without giving them away.
    """

    _hashing: dict[Purpose, bytes] = field(repr=False)
    _layers: tuple[bytes, ...] = field(repr=False)
    _chaining: tuple[bytes, ...] = field(repr=False)
    _sealing: tuple[AESGCM, ...] = field(repr=False)
    checks: tuple[str, ...] = field(repr=False)

    @classmethod
    def from_secret(cls, secret: bytes, *earlier: bytes) -> "Keys":
        """Keys from a secret of at least 32 bytes, and those before it, newest first. Else ValueError."""
        oldest, *later = secrets_of = (*reversed(earlier), secret)
        if min(map(len, secrets_of)) < SHORTEST_SECRET:
            raise ValueError(f"the secret key must have at least {SHORTEST_SECRET} characters")
        if len(set(secrets_of)) < len(secrets_of) or len(secrets_of) > MOST_SECRETS:
            raise ValueError(f"secret keys must differ from one another, and be at most {MOST_SECRETS}")
        marks = [_derived(one, "check") for one in secrets_of]
        return cls(
            {purpose: _derived(oldest, f"hash:{purpose}") for purpose in PURPOSES},
            tuple(_derived(one, "hash again") for one in later),
            tuple(_derived(one, "audit chain") for one in secrets_of),
            tuple(AESGCM(_derived(one, "seal")) for one in secrets_of),
            tuple(hashlib.sha256(b"".join(marks[: n + 1])).hexdigest() for n in range(len(marks))),
        )

    @property
    def generation(self) -> int:
        """How many secrets there are."""
        return len(self.checks)

    def hash(self, purpose: Purpose, value: str) -> bytes:
        """16 bytes that find `value` again and tell nothing about it without the key."""
        first = _hmac_sha256(self._hashing[purpose], value.encode())[:HASH_BYTES]
        return first if purpose in LASTING else self.hash_again(first, 1)

    def hash_all(self, purpose: Purpose, values: Iterable[str]) -> list[bytes]:
        """`hash` of each, in a third of the time."""
        inner, outer = _padded(self._hashing[purpose])
        sha = hashlib.sha256
        found = [sha(outer + sha(inner + one.encode()).digest()).digest()[:HASH_BYTES] for one in values]
        if purpose in LASTING or not self._layers:
            return found
        return [self.hash_again(one, 1) for one in found]

    def hash_again(self, hashed: bytes, generation: int) -> bytes:
        """A hash that was made in this generation, as it is in the newest."""
        for layer in self._layers[generation - 1 :]:
            hashed = hmac.digest(layer, hashed, "sha256")[:HASH_BYTES]
        return hashed

    def hashes(self, purpose: Purpose, value: str) -> list[bytes]:
        """What `hash` has given in each generation: for rows that may not be changed."""
        made = [_hmac_sha256(self._hashing[purpose], value.encode())[:HASH_BYTES]]
        for layer in self._layers:
            made.append(hmac.digest(layer, made[-1], "sha256")[:HASH_BYTES])
        return made

    def chain(self, data: bytes, generation: int = 0) -> bytes:
        """32 bytes that only who has the secret can make: of this generation, 0 for the newest."""
        return hmac.digest(self._chaining[generation - 1], data, "sha256")

    def seal(self, text: str) -> bytes:
        """Encrypt and authenticate (AES-256-GCM with a random nonce), with the newest secret."""
        nonce = os.urandom(NONCE_BYTES)
        mark = bytes([self.generation])
        return mark + nonce + self._sealing[-1].encrypt(nonce, text.encode(), mark)

    def seal_all(self, texts: Iterable[str], owners: Iterable[bytes]) -> list[bytes]:
        """Seal each text for its owner, of whom there is a hash: the same bytes whenever it is the same.

        So what is imported again is seen to be unchanged. The nonce is a keyed hash of owner and text:
        no two share one, but by a chance as small as with random ones, and nothing else can be told.
        """
        key, encrypt, blake = self._hashing["nonce"], self._sealing[-1].encrypt, hashlib.blake2b
        mark, found = bytes([self.generation]), []
        for text, owner in zip(texts, owners, strict=True):
            data = text.encode()
            nonce = blake(owner + data, digest_size=NONCE_BYTES, key=key).digest()
            found.append(mark + nonce + encrypt(nonce, data, mark))
        return found

    def open(self, blob: bytes) -> str:
        """The text that `seal` sealed, with whichever secret. Raises `WrongKey` for anything else."""
        mark, nonce, sealed = blob[:1], blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
        try:
            return self._sealing[int.from_bytes(mark) - 1].decrypt(nonce, sealed, mark).decode()
        except (InvalidTag, ValueError, IndexError):
            raise WrongKey("sealed text cannot be opened with this key") from None


def load_or_create_secrets(path: Path) -> tuple[bytes, ...]:
    """The secrets in a file that only its owner may read, a line each, newest first; made the first time."""
    try:
        return _lines(path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, ())
    try:
        os.link(draft, path)  # atomic, and never over a key that another process just made
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return _lines(path)


def add_secret(path: Path) -> None:
    """Put a fresh secret before those of the file, for good: a database will depend on it."""
    os.replace(_draft(path, _lines(path)), path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def verify_key(connection: Connection, keys: Keys) -> None:
    """Note the key with a new database; raise `WrongKey` if the database was made with another."""
    known = known_check(connection)
    if known is None:
        connection.execute(sa.insert(about).values(name="key_check", value=keys.checks[-1]))
    elif known in keys.checks[:-1]:
        raise WrongKey("there is a new secret key: stop the service, then run `haqdar keys rotate`")
    elif not hmac.compare_digest(known, keys.checks[-1]):
        raise WrongKey("the secret key is not the one that this database was made with")


def known_check(connection: Connection) -> str | None:
    """The mark of the secrets that the database's hashes are of; None in a new database."""
    return connection.execute(sa.select(about.c.value).where(about.c.name == "key_check")).scalar()


def _lines(path: Path) -> tuple[bytes, ...]:
    lines = (line.strip() for line in path.read_bytes().splitlines())
    return tuple(filter(None, lines)) or (b"",)


def _draft(path: Path, earlier: tuple[bytes, ...]) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    with draft.open("wb") as file:
        file.write(b"\n".join((secrets.token_urlsafe(48).encode(), *earlier)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return draft


def _hmac_sha256(key: bytes, message: bytes) -> bytes:
    # HMAC by its definition. `hmac.digest` asks OpenSSL for the algorithm each time, which takes longer
    # than the hashing does, and imports hash by the million.
    inner, outer = _padded(key)
    return hashlib.sha256(outer + hashlib.sha256(inner + message).digest()).digest()


@lru_cache(16)
def _padded(key: bytes) -> tuple[bytes, bytes]:
    """The two blocks that HMAC is made of. `hmac.digest` asks OpenSSL for its algorithm each time, which
    takes longer than the hashing."""
    block = key.ljust(BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=b"haqdar", info=purpose.encode()).derive(secret)

"""The other end of the line: our simulator, a peer that does as told, and a certificate made for it."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.smpp import codes
from channels.smpp.line import Heard, Line
from channels.smpp.pdu import Address, Message, Pdu
from channels.smpp.peer import Peer
from channels.smpp.profile import Profile
from services.smsc.simulator import Habits, Smsc

SALAM = Message(Address("8171"), Address("923990000001", 1, 1), b"salam", registered=1)
PATIENCE = 60.0
"""Seconds after which a test that waits has failed; the machine may be busy."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def until(true: Callable[[], Any]) -> None:
    """Wait for something that comes about by itself."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.002)


async def deaf(peer: Peer, pdu: Pdu) -> int:
    """Acknowledges everything."""
    return codes.OK


def profile(port: int, **fields: Any) -> Profile:
    """An account at this machine's port, that tries again at once."""
    return Profile(
        **{"name": "one", "host": "127.0.0.1", "port": port, "system_id": "us", "reconnect": 0.01, **fields}
    )


@asynccontextmanager
async def line(port: int, heard: Heard = deaf, *, wait: bool = True, **fields: Any) -> AsyncIterator[Line]:
    """A line that is bound, unless one should not wait for that."""
    made = Line(profile(port, **fields), heard, jitter=lambda: 0.5)
    await made.start()
    try:
        if wait:
            await until(lambda: made.bound == len(made._links))
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def smsc(
    *, encryption: ssl.SSLContext | None = None, tell: Any = None, **habits: Any
) -> AsyncIterator[tuple[Smsc, int]]:
    """Our simulator, and its port."""
    made = Smsc(Habits(**habits), tell)
    port = await made.start("127.0.0.1", 0, encryption=encryption)
    try:
        yield made, port
    finally:
        await made.stop()


class Told:
    """A peer that keeps what it is told; binds are accepted, all else is left to the test."""

    def __init__(self, *, accept: bool = True) -> None:
        self.accept = accept
        self.peers: list[Peer] = []
        self.heard: list[Pdu] = []

    def hear(self, peer: Peer, pdu: Pdu) -> None:
        """As a `Peer` calls it."""
        self.heard.append(pdu)
        if pdu.command in codes.BINDS and self.accept:
            self.peers.append(peer)
            peer.answer(pdu, codes.OK, "told")


@asynccontextmanager
async def told(*, accept: bool = True) -> AsyncIterator[tuple[Told, int]]:
    """Such a peer, and its port."""
    made = Told(accept=accept)
    peers: list[Peer] = []

    def accepted() -> Peer:
        peers.append(Peer(made.hear, keepalive=1000))
        return peers[-1]

    server = await asyncio.get_running_loop().create_server(accepted, "127.0.0.1", 0)
    try:
        yield made, server.sockets[0].getsockname()[1]
    finally:
        for peer in peers:
            peer.abort()
        server.close()
        await server.wait_closed()


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate of this name that it signed itself, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file

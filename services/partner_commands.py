"""`haqdar partner-key | partner-token`: what is agreed with a partner system besides words."""

import hashlib
import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.dci.keys import read_private

commands = typer.Typer()


@commands.command(name="partner-key")
def partner_key(file: Annotated[Path, typer.Argument(help="where the private key is written")]) -> None:
    """Make an ed25519 key pair: the private half into a new file, the public one to standard output."""
    made = Ed25519PrivateKey.generate()
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Never over a key that is there, and nobody else's to read for even a moment.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(pem)
    public = made.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    sys.stdout.write(f"key id  {read_private(pem).id}\n{public.decode()}")


@commands.command(name="partner-token")
def partner_token() -> None:
    """Make a token for a client: it gets the first line, the partners' file the second."""
    token = secrets.token_urlsafe(32)
    sys.stdout.write(f"token         {token}\ntoken_sha256  {hashlib.sha256(token.encode()).hexdigest()}\n")

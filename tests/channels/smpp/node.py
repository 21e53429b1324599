"""node-smpp, installed once into a folder that is not ours to keep, and started as an SMSC."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "var" / "peers"
SCRIPT = Path(__file__).with_name("smsc.js")
LIBRARY = "smpp@0.5.1"


def library() -> Path | None:
    """Where the library is, installed if need be; None where it cannot be had."""
    found = FOLDER / "node_modules" / "smpp"
    npm = shutil.which("npm")
    if not (npm and shutil.which("node")):
        return None
    if not found.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--prefix", str(FOLDER), "--no-save", "--no-audit", "--no-fund", LIBRARY]
        subprocess.run(command, capture_output=True, check=False, timeout=120)
    return found if found.exists() else None


def installed() -> Path:
    """`library`, or the test is skipped and says why."""
    found = library()
    if found is None:
        pytest.skip("node-smpp cannot be had here (Node and npm): the operator that it plays is not tried")
    return found


class NodeSmsc:
    """A running one; `seen` is what it told."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.seen: list[dict[str, Any]] = []

    def all(self, name: str) -> list[Any]:
        """What it told under this name."""
        return [told[name] for told in self.seen if name in told]


@asynccontextmanager
async def node_smsc(**plan: Any) -> AsyncIterator[NodeSmsc]:
    """Start it and end it."""
    told = json.dumps({**plan, "library": str(installed())})
    process = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), told, stdout=asyncio.subprocess.PIPE, limit=2**20
    )
    assert process.stdout
    made = NodeSmsc(json.loads(await process.stdout.readline())["listening"])
    reading = asyncio.create_task(_read(process.stdout, made))
    try:
        yield made
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await reading


async def _read(stream: asyncio.StreamReader, made: NodeSmsc) -> None:
    while line := await stream.readline():
        made.seen.append(json.loads(line))

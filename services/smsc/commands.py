"""`haqdar smsc`: a simulated operator on this machine, for development and load."""

import asyncio
import re
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer

from channels.smpp.receipts import IdFormat
from services.smsc.simulator import Habits, Smsc

commands = typer.Typer()

PHONE = "+923990000001"
_FROM = re.compile(r"(\+[0-9]+)\s+(.*)", re.DOTALL)

Every = Annotated[int, typer.Option(min=0, help="each n-th message; 0 for never")]


@commands.command()
def smsc(
    texts: Annotated[
        str, typer.Option(help="file of texts that people write, a line each; - for what you type")
    ] = "-",
    sender: Annotated[
        str, typer.Option("--from", help="who writes lines that begin with no +number")
    ] = PHONE,
    rate: Annotated[float, typer.Option(min=0.001, help="texts a second")] = 1000.0,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on; 0 for a free one")] = 2775,
    code: Annotated[str, typer.Option(help="the short code")] = "8171",
    password: Annotated[str, typer.Option(help="of who binds; empty: any")] = "",
    certificate: Annotated[Path | None, typer.Option(help="PEM with certificate and key, for TLS")] = None,
    delay: Annotated[float, typer.Option(min=0, help="seconds until a message is answered")] = 0.0,
    throttle_every: Every = 0,
    refuse_every: Every = 0,
    silent_every: Every = 0,
    cut_every: Every = 0,
    double_every: Every = 0,
    receipts: Annotated[Literal["early", "at once", "late", "never"], typer.Option()] = "at once",
    late: Annotated[float, typer.Option(min=0, help="seconds until a late receipt")] = 2.0,
    response_ids: Annotated[IdFormat, typer.Option(help="how ids are written in responses")] = "text",
    receipt_ids: Annotated[IdFormat, typer.Option(help="how ids are written in receipts")] = "text",
    quiet: Annotated[bool, typer.Option("--quiet", help="show only the counts at the end")] = False,
    seconds: Annotated[float | None, typer.Option(help="stop after so many; without: when you do")] = None,
) -> None:
    """Play the operator's part: deliver what people write, and show what they would get."""
    habits = Habits(
        code=code,
        password=password or None,
        delay=delay,
        throttle_every=throttle_every,
        refuse_every=refuse_every,
        silent_every=silent_every,
        cut_every=cut_every,
        double_every=double_every,
        receipts=receipts,
        late=late,
        response_ids=response_ids,
        receipt_ids=receipt_ids,
    )
    encryption = _encryption(certificate) if certificate else None
    simulated = Smsc(habits, None if quiet else _show)
    with suppress(KeyboardInterrupt):
        asyncio.run(_play(simulated, texts, sender, rate, host, port, encryption, seconds))
    sys.stdout.write(f"{simulated.counts}\n")


def _show(number: str, text: str) -> None:
    sys.stdout.write(f"to {number}: " + text.replace("\n", "\n    ") + "\n")
    sys.stdout.flush()


def _encryption(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def _play(
    simulated: Smsc,
    texts: str,
    sender: str,
    rate: float,
    host: str,
    port: int,
    encryption: ssl.SSLContext | None,
    seconds: float | None,
) -> None:
    port = await simulated.start(host, port, encryption=encryption)
    sys.stdout.write(f"listening on {host}:{port}\n")
    sys.stdout.flush()
    try:
        async with asyncio.timeout(seconds):
            if texts == "-":
                await _typed(simulated, sender)
            else:
                with Path(texts).open(encoding="utf-8") as file:
                    for number, text in lines(file, sender):
                        simulated.text(number, text)
                        await asyncio.sleep(1 / rate)
            await asyncio.Event().wait()
    except TimeoutError:
        pass
    finally:
        await simulated.stop()


async def _typed(simulated: Smsc, sender: str) -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        for number, text in lines([line], sender):
            simulated.text(number, text)


def lines(source: TextIO | list[str], sender: str) -> Iterator[tuple[str, str]]:
    """Number and text of each line that is not empty; a line may begin with whose it is."""
    for line in source:
        text = line.strip("\r\n")
        found = _FROM.fullmatch(text)
        if found:
            yield found[1], found[2]
        elif text:
            yield sender, text

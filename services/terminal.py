"""`haqdar chat`: a conversation with a person, or with a program that reads JSON lines."""

import json
import time
from collections.abc import Iterable
from typing import Any, TextIO
from uuid import uuid4

from bot.messages import Limits, Outbound
from bot.segments import count
from channels import Received, Request
from channels.sms_twilio import LIMITS as SMS
from channels.telegram import LIMITS as TELEGRAM
from channels.terminal import Terminal
from channels.ussd import LIMITS as USSD
from channels.web import LIMITS as WEB
from channels.whatsapp_twilio import LIMITS as WHATSAPP
from services.app import Built, build
from services.settings import Settings
from services.turns import Taken, take

PLAYED: dict[str, Limits] = {"sms": SMS, "whatsapp": WHATSAPP, "telegram": TELEGRAM, "web": WEB, "ussd": USSD}


async def converse(settings: Settings, sender: str, channel: str, lines: TextIO, out: TextIO) -> None:
    """Ask and answer until the input ends."""
    built = _built(settings, channel)
    if lines.isatty():
        out.write("Write a message and press Enter; Ctrl-D ends.\n")
    for line in _prompted(lines, out):
        taken = await _said(built, sender, channel, line)
        cost = sum(count(part).segments for part in taken.outbound.parts)
        out.write("\n".join(f"  {part_line}" for part_line in _shown(taken.outbound)))
        out.write(f"\n  ({cost} SMS)\n" if channel == "sms" else "\n")
        out.flush()
    await built.parts.sources.close()


async def converse_json(settings: Settings, sender: str, channel: str, lines: TextIO, out: TextIO) -> None:
    """One message a line in, one JSON object a line out."""
    built = _built(settings, channel)
    for line in lines:
        began = time.perf_counter()
        taken = await _said(built, sender, channel, line)
        described = _described(built, line.rstrip("\n"), taken)
        described["ms"] = round((time.perf_counter() - began) * 1000, 2)
        out.write(json.dumps(described, ensure_ascii=False) + "\n")
        out.flush()
    await built.parts.sources.close()


def _built(settings: Settings, channel: str) -> Built:
    return build(settings, extra={channel: Terminal(limits=PLAYED[channel], name=channel)})


async def _said(built: Built, sender: str, channel: str, line: str) -> Taken:
    terminal = built.parts.channels[channel]
    request = Request(
        "POST", sender, {"id": uuid4().hex}, line.encode("utf-8", "replace"), built.parts.clock()
    )
    received = terminal.receive(request)
    assert isinstance(received, Received)
    return await take(built.parts, received.inbounds[0])


def _described(built: Built, text: str, taken: Taken) -> dict[str, Any]:
    heard, message = taken.heard, taken.outbound
    assert heard is not None
    replies = []
    for part in message.parts:
        cost = count(part)
        replies.append({"text": part, "alphabet": cost.alphabet, "segments": cost.segments})
    choices = [{"id": choice.id, "label": choice.label} for choice in message.choices]
    return {
        "text": text,
        "language": message.language,
        "script": built.parts.catalogue.language(message.language).script,
        "intent": heard.intent,
        "confidence": round(heard.confidence, 3),
        "slots": heard.slots,
        "replies": [{**reply, "choices": choices} for reply in replies],
    }


def _shown(message: Outbound) -> Iterable[str]:
    for part in message.parts:
        yield from part.split("\n")
    if message.choices and not any(f"1 {message.choices[0].label}" in p for p in message.parts):
        yield "   ".join(f"[{n} {choice.label}]" for n, choice in enumerate(message.choices, 1))


def _prompted(lines: TextIO, out: TextIO) -> Iterable[str]:
    while True:
        if lines.isatty():
            out.write("> ")
            out.flush()
        line = lines.readline()
        if not line:
            return
        if line.strip():
            yield line

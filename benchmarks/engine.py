"""The engine alone: understand, respond, render; no input or output."""

import time

from bot.dialogue import respond
from bot.messages import Result, Session
from bot.render import render
from bot.understand import Expects, understand
from channels.sms_twilio import LIMITS
from services.app import build_catalogue, clock
from services.vocabulary import load_words

LIMIT = 150.0
"""Microseconds a turn."""

TEXTS = (
    "mera paisa kab aye ga", "میری قسط کب آئے گی؟", "9000000000012", "agent ne 500 kaat liye", "500",
    "turbat bazar ki dukan par somwar ko", "menu", "am i eligible", "survey kahan se karwana hai", "shukriya",
)  # fmt: skip
ROUNDS = 400


def run() -> bool:
    """Print the time of a turn; whether it keeps the limit."""
    words, catalogue = load_words(), build_catalogue()
    at = clock()
    session, best = Session(), float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(ROUNDS):
            for text in TEXTS:
                heard = understand(text, Expects.of(session), words, at=at)
                turn = respond(session, heard)
                says = turn.says
                while turn.call:
                    turn = respond(turn.session, Result(turn.call, at, ok=False, error="late"))
                    says += turn.says
                render(says, turn.session.language, LIMITS, catalogue)
                session = Session.from_json(turn.session.to_json())
        best = min(best, (time.perf_counter() - began) / ROUNDS / len(TEXTS) * 1e6)
    print(f"engine: {best:.0f} us a turn, {best / LIMIT:.2f} of the limit of {LIMIT:.0f} us")  # noqa: T201
    return best <= LIMIT

"""When a message was not understood: narrow down, and after three tries offer a person."""

from dataclasses import replace

from bot.messages import Event, Heard, Say, Session, Turn
from bot.steps import menu_of, reply

COMMON = ("payment_status", "eligibility_check", "complaint_deduction")


NAMED = frozenset({
    "payment_status", "eligibility_check", "payment_point_location", "registration_survey",
    "complaint_deduction", "complaint_staff", "scam_check", "programme_info", "document_problem",
    "biometric_problem", "update_details", "language_change", "feedback", "human_help",
})  # fmt: skip
"""Guesses that can be offered to choose from."""


def open(session: Session, event: Event) -> Turn:
    """Offer the likeliest meanings first, then the commonest, then a person: never the same twice."""
    misses = session.misses + 1
    guessed = event.guesses if isinstance(event, Heard) else ()
    guesses = [intent for intent in guessed if intent in NAMED]
    if misses >= 3:
        say = Say("fallback.human", choices=menu_of("human_help", "menu"))
    elif guesses and misses == 1:
        say = Say("fallback.which", choices=menu_of(*guesses[:2], "menu"))
    elif misses == 1:
        say = Say("fallback.menu", choices=menu_of(*COMMON))
    else:
        say = Say("fallback.cnic", choices=menu_of("payment_status", "human_help"))
    said = reply(session, say)
    return replace(said, session=replace(said.session, misses=misses % 3))

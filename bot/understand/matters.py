"""More than one matter in a text: "the agent cut 500, and where is the camp now?"."""

import re
from collections.abc import Iterable, Sequence

from bot.understand.features import pieces
from bot.understand.linear import Linear, ranked
from bot.understand.normalise import loose, strict

CERTAIN = 0.7
"""From this probability on a clause is a matter of its own."""

FEWEST_WORDS = 2
MOST_CLAUSES = 6

URGENCY = (
    "scam_check", "complaint_deduction", "complaint_staff", "biometric_problem", "document_problem",
    "payment_status", "eligibility_check", "payment_point_location", "registration_survey",
    "update_details", "programme_info",
)  # fmt: skip
"""Matters that may stand beside others in one text, the most urgent first."""

_STOPS = re.compile("[.,;!?\\n\u060c\u061b\u061f\u06d4]+")


def clauses(text: str, joins: frozenset[str]) -> list[str]:
    """The parts of a plain text between its stops and the words that join sentences (plain, lower)."""
    found: list[list[str]] = []
    for part in _STOPS.split(text):
        found.append([])
        for word in part.split():
            if word.lower() in joins:
                found.append([])
            else:
                found[-1].append(word)
    parts = [" ".join(words) for words in found if len(words) >= FEWEST_WORDS]
    return parts[:MOST_CLAUSES] if len(parts) > 1 else []


def matters(parts: Iterable[str], model: Linear) -> list[str]:
    """The matters that the clauses of a text are certainly about, the most urgent first."""
    found = set()
    for part in parts:
        seen = pieces(loose(part), strict(part))
        intent, chance = ranked(model.labels, model.judge(seen.grams, seen.words))[0]
        if chance >= CERTAIN and intent in URGENCY:
            found.add(intent)
    return by_urgency(found)


def by_urgency(intents: Iterable[str]) -> list[str]:
    """In the order in which they are answered."""
    return sorted(set(intents), key=lambda intent: URGENCY.index(intent))


def several(text: str, joins: frozenset[str], model: Linear) -> Sequence[str]:
    """The matters of a text that has more than one, most urgent first; empty where it has one."""
    parts = clauses(text, joins)
    found = matters(parts, model) if parts else []
    return found if len(found) > 1 else []

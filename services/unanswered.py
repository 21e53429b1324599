"""Texts that were not understood: kept for a while, masked and sealed, for people to learn from.

Nothing is learnt by itself: `haqdar unanswered` shows what belongs together and what it may mean, and a
person writes the phrases.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Heard
from bot.understand.normalise import loose
from bot.understand.skeleton import skeleton
from services.privacy.identifiers import Keys
from services.store.tables import unanswered

UNCLEAR = 0.6
"""Below this confidence a text is worth looking at."""

LONGEST = 300
ALIKE = 0.4
"""Least share of common word skeletons of two texts that belong together."""

FROM_RULES = ("choice", "cnic", "cnics", "cnic_wrong", "reference")
"""A text that filled one of these was an answer, whatever its intent."""

_DIGITS = re.compile(r"\d")
_LINK = re.compile(r"\S+\.\S{2,}\S*")


@dataclass(frozen=True, slots=True)
class Text:
    """One masked text with its language and what it was taken for, if anything."""

    text: str
    language: str
    guess: str


@dataclass(slots=True)
class Cluster:
    """Texts that share words, the first one standing for all."""

    bones: frozenset[str]
    texts: list[Text] = field(default_factory=list)

    @property
    def guess(self) -> str:
        """The commonest guess among them: a suggestion, no more."""
        guesses = [text.guess for text in self.texts if text.guess]
        return max(sorted(set(guesses)), key=guesses.count, default="")


def masked(text: str) -> str:
    """The text without any number or address that could be somebody's."""
    hidden = _LINK.sub("<link>", text[:LONGEST])
    return " ".join(_DIGITS.sub("#", hidden).split())


def worth_keeping(heard: Heard, expects: Sequence[str]) -> bool:
    """Whether a text was a question that was not understood, and not somebody's answer or story."""
    unclear = heard.intent is None or heard.confidence < UNCLEAR
    answered = any(name in heard.slots for name in (*FROM_RULES, *expects))
    return unclear and not answered and any(character.isalpha() for character in heard.text)


def keep(connection: Connection, keys: Keys, message: str, heard: Heard) -> None:
    """Remember a text that was not understood. `message` identifies it, so that a retry keeps it once."""
    guess = heard.intent or next(iter(heard.guesses), "")
    connection.execute(
        sa.insert(unanswered).values(
            id=message,
            text=keys.seal(masked(heard.text)),
            language=heard.language or "",
            guess=guess,
            at=heard.at,
        )
    )


def kept(connection: Connection, keys: Keys, since: datetime) -> list[Text]:
    """What was not understood since then, oldest first."""
    rows = connection.execute(
        sa.select(unanswered).where(unanswered.c.at >= since).order_by(unanswered.c.at, unanswered.c.id)
    )
    return [Text(keys.open(row.text), row.language, row.guess) for row in rows]


def clusters(texts: Iterable[Text]) -> list[Cluster]:
    """Texts that belong together, the largest group first."""
    found: list[Cluster] = []
    for text in texts:
        bones = frozenset(filter(None, map(skeleton, loose(text.text).split())))
        near = max(found, key=lambda cluster: _alike(cluster.bones, bones), default=None)
        if near is None or _alike(near.bones, bones) < ALIKE:
            near = Cluster(bones)
            found.append(near)
        near.texts.append(text)
    return sorted(found, key=lambda cluster: -len(cluster.texts))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0

"""What the open question waits for, and which of its choices a text picks."""

from dataclasses import dataclass

from bot.messages import Session
from bot.understand.words import Words

HOME = "home"
"""Among the slots that a question waits for, says that it is one about the home."""

SHORTEST_LABEL = 6
"""Letters of a label that is also known with a slip of the finger in it."""

SHORTEST_HEAD = 3
"""Letters of the first words of one label that stand for it: "more" for "more reasons"."""


@dataclass(frozen=True, slots=True)
class Expects:
    """What the open question waits for: names of slots, ids of the last menu, the session's language."""

    slots: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    language: str = ""
    """The session's, "" before anything was heard: then the script of a short text decides."""
    labels: tuple[str, ...] = ()
    """What was shown for the choices, loosely normalised."""
    fact: str = ""
    """The fact of the home that is asked for, "" where none is."""

    @classmethod
    def of(cls, session: Session) -> "Expects":
        """What a session waits for."""
        known = session.language if session.heard_at or session.chosen else ""
        question = (session.slots.get("fit") or {}).get("question") or {}
        fact = str(question.get("fact", "")) if HOME in session.expects else ""
        return cls(session.expects, session.choices, known, session.labels, fact)


def choice_of(simple: str, expects: Expects, words: Words) -> str | None:
    """The choice that a loosely normalised text picks: by number, by its id, or by what was shown for it."""
    if not expects.choices:
        return None
    if len(expects.choices) == 1 and words.commands.get(simple) == "yes":
        return expects.choices[0]  # a yes to the only thing that was offered
    if simple in expects.labels:
        return expects.choices[expects.labels.index(simple)]
    tokens = simple.split()
    if len(tokens) == 2 and tokens[0] in ("no", "number", "option", "nambar"):
        tokens = tokens[1:]
    if len(tokens) != 1:
        return simple if simple in expects.choices else _label(simple, expects)
    token = tokens[0]
    number = int(token) if token.isdecimal() and len(token) < 3 else words.ordinals.get(token, 0)
    if 1 <= number <= len(expects.choices):
        return expects.choices[number - 1]
    return token if token in expects.choices else _label(simple, expects)


def _label(simple: str, expects: Expects) -> str | None:
    """The choice whose label somebody typed: with a number before it, its first words, or one slip in it."""
    for number, (id, label) in enumerate(zip(expects.choices, expects.labels, strict=False), 1):
        if simple == f"{number} {label}":
            return id
    begins = [label for label in expects.labels if label.startswith(f"{simple} ")]
    if len(begins) == 1 and len(simple) >= SHORTEST_HEAD:
        return expects.choices[expects.labels.index(begins[0])]
    near = [label for label in expects.labels if abs(len(label) - len(simple)) < 2]  # cheaper than to compare
    near = [label for label in near if len(label) >= SHORTEST_LABEL and not any(map(str.isdecimal, label))]
    if not near:
        return None
    from rapidfuzz.distance import OSA  # as for names

    found = [label for label in near if OSA.distance(simple, label, score_cutoff=1) <= 1]
    return expects.choices[expects.labels.index(found[0])] if len(found) == 1 else None

"""Facts of the home that two words tell together, in either order: whose husband it is, and that he died."""

from collections.abc import Mapping, Sequence

from bot.understand.answers import DENIALS, Particles

WITHIN = 6
"""Words from the first to the last of what is told together."""

OTHER = {"of": "says", "says": "of"}
UNLESS = "unless"

Sides = Mapping[str, tuple[tuple[str, str], ...]]
"""Word -> the facts that it is a side of, and which: (fact, "of" | "says" | "unless")."""


def together(
    tokens: Sequence[str], sides: Sides, particles: Particles, language: str
) -> dict[str, tuple[int, int]]:
    """Facts of which both sides stand near each other and nothing between denies, and where they stand."""
    seen: dict[tuple[str, str], int] = {}
    found: dict[str, tuple[int, int]] = {}
    for place, token in enumerate(tokens):
        for fact, side in sides.get(token, ()):
            seen[fact, side] = place
            other = seen.get((fact, OTHER[side])) if side in OTHER else None
            if other is None or place - other >= WITHIN:
                continue
            between = (particles.of(word, language) for word in tokens[other + 1 : place])
            if all(DENIALS.isdisjoint(does) for does in between):
                found.setdefault(fact, (other, place + 1))
    return {fact: where for fact, where in found.items() if (fact, UNLESS) not in seen}

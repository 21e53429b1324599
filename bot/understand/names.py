"""What a text names: places, programmes, papers, kin, months. Exactly, or one slip of the finger away."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from bot.messages import Json
from bot.understand.skeleton import skeleton

MOST_WORDS = 4
"""Words of the longest name."""

FUZZY_LETTERS = 6
"""Shorter names have too many neighbours among ordinary words to be guessed at."""

FUZZY_BONES = 3
TWO_SLIPS_LETTERS = 9

NAME_ALONE = 2
"""In a text of so few words a doubtful name is one."""

FEW_WORDS = 3
"""In so short a text a word is likely a name."""

FACT = "fact."
"""Slots of what somebody says about the home without being asked."""

CASE_ENDING = "\u0621"
"""The hamza that Balochi joins to a word."""

Meanings = tuple[tuple[str, Json], ...]
"""Slots that a name fills, with their values."""


@dataclass(frozen=True, slots=True)
class Names:
    """All names, loosely normalised, and the ordinary words that only look like one of them."""

    exact: Mapping[str, Meanings]
    ordinary: frozenset[str]
    """Words that are no misspelt name."""
    doubtful: frozenset[str]
    """Names that are everyday words too: only beside one of the words that stand by places."""
    beside: frozenset[str]
    leaving: frozenset[str]
    """Words after a place that somebody came from: another place of the text is meant."""
    leaving_from: frozenset[str]
    """Words before such a place."""
    fuzzy: Set[str] = frozenset()
    """Names that are also found misspelt."""
    longest: Mapping[str, int] = field(default_factory=dict)
    """First word of names of several words -> words of the longest of them."""
    _alike: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls,
        entries: Iterable[tuple[str, str, Json]],
        *,
        fuzzy: Set[str],
        ordinary: frozenset[str],
        doubtful: frozenset[str],
        beside: frozenset[str],
        leaving: frozenset[str],
        leaving_from: frozenset[str],
    ) -> "Names":
        """From (name, slot, value)."""
        exact: dict[str, Meanings] = {}
        for name, slot, value in entries:
            known = exact.get(name)
            if known is None:
                exact[name] = ((slot, value),)
            elif all(slot != other for other, _ in known):
                exact[name] = (*known, (slot, value))
        exact.pop("", None)
        return cls(
            exact,
            ordinary,
            doubtful,
            beside,
            leaving,
            leaving_from,
            exact.keys() & fuzzy,
            _longest(exact),
        )

    def find(
        self, words: list[str], *, awaited: bool = False, facts: dict[str, tuple[int, int]] | None = None
    ) -> dict[str, Json]:
        """Slots that the words fill. Of two names for one slot the longer stands, then the earlier.

        `awaited`: a place was asked for, so that a doubtful name is one. `facts` is told where in the words
        each fact of the home stands.
        """
        trusted = awaited or len(words) <= NAME_ALONE
        found: dict[str, Json] = {}
        left: dict[str, Json] = {}
        for size, start in self._parts(words):
            part = words[start] if size == 1 else " ".join(words[start : start + size])
            meant = self.exact.get(part) or (self.exact.get(part[:-1]) if part[-1] == CASE_ENDING else None)
            if not meant:
                continue
            if not trusted and part in self.doubtful and self.beside.isdisjoint(_around(words, start, size)):
                continue
            into = left if self._left(words, start, start + size) else found
            for slot, value in meant:
                if facts is not None and slot.startswith(FACT) and slot not in into:
                    facts[slot] = (start, start + size)
                into.setdefault(slot, value)
        return left | found

    def _parts(self, words: list[str]) -> list[tuple[int, int]]:
        """Size and start of what may be a name, the longest first."""
        longest, count = self.longest, len(words)
        heads = [(start, longest[word]) for start, word in enumerate(words) if word in longest]
        several = [
            (size, start)
            for size in range(MOST_WORDS, 1, -1)
            for start, most in heads
            if size <= most and start + size <= count
        ]
        return [*several, *((1, start) for start in range(count))]

    def _left(self, words: list[str], start: int, end: int) -> bool:
        after, before = words[end : end + 1], words[start - 1 : start] if start else []
        return not (self.leaving.isdisjoint(after) and self.leaving_from.isdisjoint(before))

    def find_misspelt(self, words: list[str], awaited: Mapping[str, bool]) -> dict[str, Json]:
        """As `find`, for slots whose name is misspelt: where one is awaited, or stands as names do."""
        found: dict[str, Json] = {}
        if self.ordinary.issuperset(words):
            return found
        alike, bones = self._by_bones(), [skeleton(word) for word in words]
        for size in (2, 1):
            for start in range(len(words) - size + 1):
                near = alike.get(bones[start] if size == 1 else bones[start] + bones[start + 1])
                part = words[start : start + size] if near else ()
                name = _nearest(" ".join(part), near) if near and self.ordinary.isdisjoint(part) else ""
                if not name:
                    continue
                placed = len(words) <= FEW_WORDS or not self.beside.isdisjoint(_around(words, start, size))
                meant = dict(self.exact[name])
                if any(slot in meant and (placed or wanted) for slot, wanted in awaited.items()):
                    found = {**meant, **found}
        return found

    def _by_bones(self) -> dict[str, tuple[str, ...]]:
        """Skeleton -> names. Made when a name is first sought so: a start need not wait for it."""
        if not self._alike:
            alike: defaultdict[str, list[str]] = defaultdict(list)
            for name in sorted(self.fuzzy):
                if len(name) >= FUZZY_LETTERS:
                    alike[_bones(name)].append(name)
            self._alike.update(
                {bones: tuple(names) for bones, names in alike.items() if len(bones) >= FUZZY_BONES}
            )
        return self._alike


def _longest(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        if " " in name:
            first, rest = name.split(" ", 1)
            found[first] = max(found.get(first, 0), rest.count(" ") + 2)
    return found


def _nearest(part: str, near: Iterable[str]) -> str:
    if len(part) < FUZZY_LETTERS - 1:
        return ""
    from rapidfuzz.distance import OSA  # seldom needed, and a tenth of the time that a start takes

    allowed = 2 if len(part) >= TWO_SLIPS_LETTERS else 1
    ways = ((OSA.distance(part, name, score_cutoff=allowed), name) for name in near)
    return min(((slips, name) for slips, name in ways if slips <= allowed), default=(0, ""))[1]


def _around(words: list[str], start: int, size: int) -> list[str]:
    return words[max(0, start - 1) : start] + words[start + size : start + size + 1]


def _bones(name: str) -> str:
    return "".join(map(skeleton, name.split()))

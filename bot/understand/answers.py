"""How a text answers the open question: yes, no, no answer, a question back, or a wish to go back.

What a word does in an answer is data, by language: the table `answers` of words.toml.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from bot.understand.normalise import loose, loose_all
from bot.understand.skeleton import spelt_or_bare

Does = frozenset[str]
"""What a phrase does in an answer:

- `yes`, `no` begin one; `yes` also ends one. `none` denies wherever it stands, `no` too; `before` denies only
  what follows it ("no", "not"); `nil` says by itself that there is none.
- `polite` may stand before either. `some` ("koi") makes a denial one of all. `is` ends a statement, `has`
  begins one. `or` joins. `asks` makes a question. `which` is "what bride?".
- `why`, `dont_know`, `wont_say` are what they say, and with `within` they are it inside a longer clause, too.
- `back` as a clause of its own goes one question back. `card` and `complaint` name these; `cancel` and `drop`
  say that there is no complaint.
"""

SAYINGS = ("back", "fee", "questions", "no_matter", "no_card", "drop")
"""Set phrases: of two words and more, each is a slot of a text that holds it, whatever is open."""

SILENT = ("dont_know", "wont_say")
LISTED = (*SILENT, "why")
"""Whole messages of these intents count inside an answer as well."""

MOST_WORDS = 4
"""Words of the longest phrase."""

MOST_CLAUSES = 8
STATEMENT = 6
"""Most words of a statement about what was asked that affirms it, or of one that there is no complaint."""

FEW = 3
"""Words of a clause that is nothing but "why do you ask?", "what bride?", "no complaint"."""

TELLING = 3
"""Letters of a word that one language alone lists and that is taken to mean the same in all."""

NEAR = 2
"""Words around a name within which a denial is one of it."""

DENIALS = frozenset({"none", "no"})
CANCELS = frozenset({"cancel", "polite", "no", "complaint"})
BACK = frozenset({"back", "no", "polite"})
BARE = frozenset({"none", "no", "some", "is", "has", "polite"})
ECHO = frozenset({"is", "has", "some", "polite"})
"""What a clause may hold that is nothing but a "cancel", a "back", a denial, the verb of the question."""

_NOTHING: Does = frozenset()
_CLAUSES = re.compile("[.,;!?\\n\u060c\u061b\u061f\u06d4]+")
_ASKING = re.compile("[?\u061f]")


class Answer(NamedTuple):
    """What a text says to the open question."""

    says: str = ""
    """yes, no, dont_know, wont_say, why, back, or "" for none of these."""
    sure: bool = False
    """Whether it says so outright; otherwise only a denial or an affirmation stands somewhere in it."""
    asks: bool = False
    """Whether it asks something itself."""
    elsewhere: bool = False
    """Whether it denies something that another question is about."""


class Clause(NamedTuple):
    """Words between two stops, what each phrase of them does, and what any of them does."""

    words: Sequence[str]
    does: list[Does]
    all: Does


@dataclass(frozen=True, slots=True)
class Particles:
    """What phrases do in answers: `common` whatever the language, `own` in one language only."""

    common: Mapping[str, Does]
    own: Mapping[str, Mapping[str, Does]]
    heads: frozenset[str]
    """First words of phrases of several words."""

    def of(self, phrase: str, language: str) -> Does:
        """What a phrase does in a text of this language."""
        return self.own.get(language, {}).get(phrase) or self.common.get(phrase, _NOTHING)

    def clauses(self, text: str, words: Sequence[str], language: str) -> list[Clause]:
        """The clauses of a plain text; `words` are all its loose ones."""
        parts = [part for part in _CLAUSES.split(text)[:MOST_CLAUSES] if part.strip()]
        if len(parts) > 1:
            return [self._clause(found, language) for part in parts if (found := loose(part).split())]
        return [self._clause(words, language)] if parts else []

    def _clause(self, words: Sequence[str], language: str) -> Clause:
        own = self.own.get(language, {})
        does, place = [], 0
        while place < len(words):
            phrase, size = words[place], 1
            found = own.get(phrase) or self.common.get(phrase, _NOTHING)
            if phrase in self.heads:
                for more in range(2, min(MOST_WORDS, len(words) - place) + 1):
                    phrase = f"{phrase} {words[place + more - 1]}"
                    longer = own.get(phrase) or self.common.get(phrase)
                    found, size = (longer, more) if longer else (found, size)
            does.append(found)
            place += size
        return Clause(words, does, _NOTHING.union(*does))


def compile_particles(
    listed: Mapping[str, Mapping[str, Iterable[str]]], everyday: Mapping[str, Collection[str]]
) -> Particles:
    """`listed`: language -> what it does -> phrases; `everyday`: language -> its commonest words.

    A phrase does in every language what no language contradicts that knows it: "ho" is a yes in Pashto, but
    not for those to whom it is an everyday word. The shortest words mean too much to be trusted elsewhere.
    """
    own: dict[str, dict[str, set[str]]] = {}
    for tag, tables in listed.items():
        phrases: defaultdict[str, set[str]] = defaultdict(set)
        for kind, texts in tables.items():
            for phrase in loose_all(texts):
                phrases[phrase] |= {kind, "within"} if kind in LISTED and " " in phrase else {kind}
        own[tag] = phrases
    common: defaultdict[str, set[str]] = defaultdict(set)
    for phrase in {phrase for phrases in own.values() for phrase in phrases}:
        knowing = [tag for tag in everyday if phrase in own.get(tag, {}) or phrase in everyday[tag]]
        agreed = [own.get(tag, {}).get(phrase, set()) for tag in knowing]
        shared = set.intersection(*agreed) if agreed else set()
        if shared and (len(phrase) >= TELLING or len(agreed) > 1):
            common[phrase] = shared
    heads = {phrase.split()[0] for phrases in own.values() for phrase in phrases if " " in phrase}
    return Particles(
        {phrase: frozenset(kinds) for phrase, kinds in common.items()},
        {tag: {p: frozenset(kinds) for p, kinds in phrases.items()} for tag, phrases in own.items()},
        frozenset(heads),
    )


def answer(
    text: str,
    clauses: Sequence[Clause],
    *,
    about: Set[str],
    others: Set[str],
    told: bool = False,
    consent: bool = False,
) -> Answer:
    """What a plain text says to a question. The first clause that says something decides.

    `about`: words that the question is about, as `spelt_or_bare` gives them; `others`: those of any question.
    `told`: whether the text tells something else of the home as well, so that a denial in it need not concern
    the question. `consent`: no statement amounts to a yes, which must be said.
    """
    asks = bool(_ASKING.search(text)) or any("asks" in clause.all for clause in clauses)
    if _taken_back(clauses, told):
        return Answer("back", True, asks)
    polite = False
    for clause in clauses:
        says = _outright(clause)
        if says:
            return Answer("" if says == "unclear" else says, True, asks)
        says, sure = _somewhere(clause, about, others, told or asks, alone=len(clauses) == 1)
        if says and not (consent and says == "yes"):
            return Answer(says, sure, asks)
        polite = polite or all("polite" in does for does in clause.does)
    elsewhere = any(clause.all & DENIALS and _concerns(clause, others) for clause in clauses)
    return Answer("yes" if polite and not asks else "", polite, asks, elsewhere)


def asks_why(words: Sequence[str], particles: Particles, language: str) -> bool:
    """Whether a word of a text asks for a reason."""
    return any("why" in particles.of(word, language) for word in words)


def refuses(clauses: Sequence[Clause]) -> str:
    """How a text that was asked for a card's number withholds it: "why", "no", or "" where it does not."""
    for clause in clauses:
        named = "card" in clause.all
        if _says(clause, "why") or (named and "why" in clause.all):
            return "why"
        if named and clause.all & DENIALS:
            return "no"
    outright = _outright(clauses[0]) if clauses else ""
    return "no" if outright in ("no", *SILENT) else ""


def drops(clauses: Sequence[Clause]) -> bool:
    """Whether a text that is to be a complaint says that it is none: "not a complaint", "cancel"."""
    for clause in clauses[:2]:
        few = len(clause.words) <= FEW
        if few and clause.all & DENIALS and "complaint" in clause.all:
            return True
        if "drop" in clause.all and len(clause.words) <= STATEMENT:
            return True
        if "cancel" in clause.all and all(does & CANCELS for does in clause.does):
            return True
    return False


def denied(
    words: Sequence[str], start: int, end: int, particles: Particles, language: str, inside: Collection[int]
) -> str:
    """Whether the name from `start` to `end` is denied: "" for no, "none" where of everybody, else "not".

    `inside`: places of words of all such names, for a denial of one is one of all that "or" joins to it.
    """
    before = _around(words, range(start - 1, -1, -1), particles, language, inside)
    ahead = [particles.of(word, language) for word in before]
    everybody = any("some" in does for does in ahead)
    if any("before" in does for does in ahead):
        return "none" if everybody else "not"
    for word in _around(words, range(end, len(words)), particles, language, inside):
        does = particles.of(word, language)
        if does & DENIALS and "before" not in does:
            return "none" if everybody or "nil" in does else "not"
        everybody = everybody or "some" in does
        if "is" in does:
            break
    return ""


def _around(
    words: Sequence[str], places: Iterable[int], particles: Particles, language: str, inside: Collection[int]
) -> list[str]:
    """The nearest words after a name or before it, past other names that "or" joins to it."""
    found: list[str] = []
    joined = False
    for place in places:
        if "or" in particles.of(words[place], language):
            joined = True
        elif not (joined and place in inside):
            found.append(words[place])
            if len(found) == NEAR:
                break
    return found


def _taken_back(clauses: Sequence[Clause], told: bool) -> bool:
    for clause in clauses:
        if "back" in clause.all and all(does & BACK for does in clause.does):
            return True
    if not clauses:
        return False
    # "no no, two children": a denial said twice and a fact, not a denial of what was asked.
    first = clauses[0].does
    twice = 0
    while twice < len(first) and "no" in first[twice]:
        twice += 1
    rest = first[twice:] + [does for clause in clauses[1:] for does in clause.does]
    tells = told or any(word.isdecimal() for clause in clauses for word in clause.words)
    return twice > 1 and bool(rest) and tells and not any(does & DENIALS for does in rest)


def _outright(clause: Clause) -> str:
    """What a clause says by how it begins or ends."""
    for kind in LISTED:
        if _says(clause, kind):
            return kind
    rest = does = clause.does
    while rest and "polite" in rest[0]:
        rest = rest[1:]
    denies = bool(clause.all & DENIALS)
    if not rest:
        return ""
    if "no" in rest[0]:
        return "no"
    if "yes" in rest[0]:
        return _affirmed(rest[1:], denies)
    if "asks" in clause.all:
        return ""
    if len(rest) < len(does) and not denies:  # "ji, she cannot walk" denies what it is about, if anything
        return "yes"
    return "yes" if "yes" in rest[-1] and "is" not in rest[-1] and not denies else ""


def _says(clause: Clause, kind: str) -> bool:
    """Whether a clause is this word and little else, or has a whole phrase of the kind."""
    if kind not in clause.all:
        return False
    begins = kind in clause.does[0] and (kind == "why" or len(clause.does) == 1)
    return (begins and len(clause.words) <= FEW) or any({kind, "within"} <= does for does in clause.does)


def _affirmed(after: Sequence[Does], denies: bool) -> str:
    while after and after[0] & {"yes", "polite"}:
        after = after[1:]
    if after and after[0] & DENIALS:
        return "no"
    return "unclear" if denies else "yes"


def _concerns(clause: Clause, about: Set[str]) -> bool:
    return not about.isdisjoint(chain.from_iterable(map(spelt_or_bare, clause.words)))


def _somewhere(
    clause: Clause, about: Set[str], others: Set[str], elsewhere: bool, *, alone: bool
) -> tuple[str, bool]:
    """What a denial or a statement amounts to that does not begin the clause, and whether that is sure.

    `elsewhere`: the text is about something else as well.
    """
    few = len(clause.words)
    if "which" in clause.does[0] and few <= FEW and _concerns(clause, about):
        return "no", True
    if "asks" in clause.all:
        return "", False
    if clause.all & DENIALS:
        if _concerns(clause, about) or all(does & BARE for does in clause.does):
            return "no", True
        return ("" if elsewhere or _concerns(clause, others) else "no"), False
    stated = alone and few <= STATEMENT and ("is" in clause.does[-1] or "has" in clause.does[0])
    if not stated or any(word.isdecimal() for word in clause.words):
        return "", False
    echo = all(does & ECHO for does in clause.does)
    return ("yes" if echo or _concerns(clause, about) else ""), echo

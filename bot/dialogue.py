"""One exchange: what a session and an event make the bot say, or have found out first.

The order of deciding, for something heard: words that work anywhere; an unmistakable new subject; the
open question; a likely new subject; a second try at the open question; otherwise narrow down.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.messages import Event, Heard, Session, Turn
from bot.steps import Step
from bot.topics import OPENINGS, fallback, media, resume, step_named
from bot.understand.matters import by_urgency

ANYWHERE = frozenset({"stop", "start", "menu", "language_change", "human_help", "why"})
"""Intents that are obeyed whatever question is open."""

ANSWERS = frozenset({"yes", "no"})
"""Intents that mean nothing by themselves: where no question is open, the one that is owed an answer."""

ASIDES = frozenset({"yes", "no", "dont_know", "wont_say", "thanks", "greeting", "out_of_scope"})
"""Intents that do not change an open subject."""

CLEAR = 0.75
"""From this confidence on another subject goes before the open question."""

UNMISTAKABLE = 0.98
"""The same where the answer to the open question sounds like that subject."""

NAMED = ("district", "category")
"""Names that are answers where they were asked for, whatever else they sound like."""

NAME_ALONE = 3
"""Words of a text that is hardly more than such a name."""

POLITE = frozenset({"thanks", "greeting"})
"""Intents that are answered kindly while a question stays open."""

MOST_WORDS = 7
"""Words of a text that is a question rather than somebody's story."""

NAME_WORDS = 3
"""Words of a text that may be the name or the time that was asked for, whatever else it looks like."""

ABOUT_PROGRAMMES = frozenset({"programme_info", "eligibility_check"})
"""What somebody means who asks for "any programme for us"."""

AWAY = timedelta(hours=12)
"""After this long a pause, an open question is not simply gone on with."""

NUMBERS = ("cnic", "cnics", "cnic_wrong")
"""Slots of a message that is about some CNIC, even when nothing else in it was understood."""

MOST_MISSES = 3
"""After so many unhelpful answers in a row the question is dropped."""


def respond(session: Session, event: Event) -> Turn:
    """The bot's whole thinking. A `Turn` with a call is to be followed by `respond` with its `Result`."""
    if isinstance(event, Heard):
        turn = _hear(session, event)
    else:
        step = step_named(session.topic, session.step)
        turn = step(session, event) if step else fallback.open(session, event)
    return _go_on(turn, event.at)


def _hear(session: Session, heard: Heard) -> Turn:
    away = session.heard_at is not None and heard.at - session.heard_at > AWAY
    session = _noticed(session, heard, away)
    step = step_named(session.topic, session.step)
    opening = OPENINGS.get(_subject(heard))
    if opening and not step and heard.intent in ANSWERS and session.slots.get("to_confirm"):
        opening = OPENINGS["complaint_status"]  # which puts that question again

    if heard.media and not heard.text:
        return media.open(session, heard)
    if opening and (_obeyed(session, heard) or _picked(heard)):
        return opening(_afresh(session), heard)
    if opening and step and _turns_away(session, heard):
        return opening(_afresh(session), heard)
    polite = heard.intent in POLITE and heard.confidence >= CLEAR and _brief(heard)
    # Sukkur is a town, however much it looks like thanks.
    if opening and step and polite and not (_named(session, heard) or _answers(session, heard)):
        return Turn(session, opening(session, heard).says)  # answered kindly; the question stays open
    needed = "text" in session.expects and "dont_know" not in session.expects
    if opening and needed and heard.intent == "no" and heard.confidence == 1.0:
        return opening(_afresh(session.with_slots(complaint=None)), heard)  # the story is not to be told
    if step and _answers(session, heard):
        return _take(step, replace(session, misses=0), heard)
    if opening and not (step and heard.intent in ASIDES):
        return opening(_afresh(session), heard)
    waits = step if session.expects else None  # an offer of more may be passed over
    if waits and away:
        return resume.open(session, heard)
    if waits and session.misses + 1 < MOST_MISSES:
        return _take(waits, replace(session, misses=session.misses + 1), heard)
    if waits is None and any(heard.slots.get(name) for name in NUMBERS):
        return OPENINGS["payment_status"](_afresh(session), heard)
    return fallback.open(session, heard)


def _matters(heard: Heard) -> list[str]:
    """What a text is about, the most urgent first."""
    return by_urgency((heard.intent, *heard.also)) if heard.intent and heard.also else [heard.intent or ""]


def _go_on(turn: Turn, at: datetime) -> Turn:
    """The next matter of a text that had several, once the one before it is answered."""
    waiting = turn.session.slots.get("also")
    if not waiting or turn.call or turn.session.expects:
        return turn
    matter, *rest = waiting
    session = _afresh(turn.session.with_slots(also=rest or None))
    following = OPENINGS[matter](session, Heard(at=at, intent=matter, confidence=1.0))
    # Numbers to choose by belong to the last thing said.
    before = tuple(replace(say, choices=()) for say in turn.says)
    return _go_on(replace(following, says=before + following.says), at)


def _noticed(session: Session, heard: Heard, away: bool) -> Session:
    if away:
        session = session.with_slots(cnic=None, cnics=None, also=None, refused=None, withdrawn=None)
        if session.topic != "update":  # what was begun and left then is nobody else's to see
            session = session.with_slots(update=None)
    if heard.intent:
        session = session.with_slots(also=_matters(heard)[1:] or None)
    # A name is in no language.
    kept = session.chosen or "words" in session.expects
    language = session.language if kept else heard.language or session.language
    return replace(session, language=language, heard_at=heard.at)


def _subject(heard: Heard) -> str:
    picked = _picked(heard)
    if picked:
        return picked
    matter = _matters(heard)[0]
    anything = heard.slots.get("asks") == "anything" and "programme" not in heard.slots
    return "fit" if anything and matter in ABOUT_PROGRAMMES else matter


def _picked(heard: Heard) -> str:
    """The topic that a choice opens, "" where it opens none: yes and no answer the open question."""
    choice = heard.slots.get("choice")
    return str(choice) if choice in OPENINGS and choice not in ASIDES else ""


def _obeyed(session: Session, heard: Heard) -> bool:
    """Whether it is a word that works anywhere. In a story that was asked for, only where it stands alone."""
    alone = heard.confidence == 1.0
    awaited = "text" in session.expects or any(name in heard.slots for name in session.expects)
    return heard.intent in ANYWHERE and (alone or not awaited)


def _turns_away(session: Session, heard: Heard) -> bool:
    """Whether a question got a clear one about something else instead of an answer."""
    if heard.intent in ASIDES or heard.confidence < CLEAR or _picked(heard) or _named(session, heard):
        return False
    if "text" in session.expects and not _brief(heard):  # a story has words of many subjects
        return False
    if heard.intent in session.expects and heard.confidence < UNMISTAKABLE:
        return False
    if len(heard.text.split()) <= NAME_ALONE and any(
        name in session.expects and name in heard.slots for name in NAMED
    ):
        return False
    topic = OPENINGS[str(heard.intent)].__module__.rpartition(".")[2]
    return topic != session.topic


def _named(session: Session, heard: Heard) -> bool:
    """Whether it may be the few words that were asked for: people are called Nadra, or Allah Rakhi."""
    few = len(heard.text.split()) <= NAME_WORDS and heard.confidence < 1.0
    return "words" in session.expects and few


def _brief(heard: Heard) -> bool:
    quoted = any(name in heard.slots for name in ("phone", "link"))
    return len(heard.text.split()) <= MOST_WORDS and not quoted


def _answers(session: Session, heard: Heard) -> bool:
    if "choice" in heard.slots or any(name in heard.slots for name in session.expects):
        return True
    if heard.intent in {"dont_know", "wont_say"}:
        return "dont_know" in session.expects
    return "yes_no" in session.expects and heard.intent in {"yes", "no"}


def _take(step: Step, session: Session, heard: Heard) -> Turn:
    turn = step(session, heard)
    if turn.says or turn.call:
        return turn
    again = step_named(turn.session.topic, turn.session.step)
    return again(turn.session, Heard(at=heard.at)) if again else fallback.open(session, heard)


def _afresh(session: Session) -> Session:
    if not (session.step or session.expects or session.choices or session.misses):
        return session
    return replace(session, step=None, expects=(), choices=(), misses=0)

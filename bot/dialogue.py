"""One exchange: what a session and an event make the bot say, or have found out first.

The order of deciding, for something heard: an answer taken back, a complaint dropped, a CNIC refused; a
menu left; words that work anywhere; an unmistakable new subject; the open question; a likely new subject; a
second try at the open question; otherwise narrow down. A question about the home is left for nothing less
than an unmistakable new subject.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.messages import Event, Heard, Session, Turn
from bot.questions import HOME, volunteered
from bot.steps import Step
from bot.topics import OPENINGS, fallback, media, resume, step_named
from bot.understand.matters import by_urgency
from bot.understand.names import FACT

ANYWHERE = frozenset({"stop", "start", "menu", "language_change", "human_help", "why"})
"""Intents that are obeyed whatever question is open."""

ANSWERS = frozenset({"yes", "no"})
"""Intents that mean nothing by themselves: where no question is open, the one that is owed an answer."""

ASIDES = frozenset({"yes", "no", "dont_know", "wont_say", "thanks", "greeting", "out_of_scope"})
"""Intents that do not change an open subject."""

CLEAR = 0.75
"""From this confidence on another subject goes before the open question."""

WRONGS = frozenset({"complaint_deduction", "complaint_staff"})
WRONG_DONE = 0.5
"""From this confidence on a wrong that somebody tells of goes before a question of the home."""

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

ABOUT_PROGRAMMES = frozenset({
    "", "programme_info", "eligibility_check", "update_details", "human_help", "out_of_scope", "greeting",
    "menu",
})  # fmt: skip
"""What a text may look like that asks for "any programme for us"."""

ABOUT_ONE = frozenset({"programme_info", "eligibility_check"})
"""Those of them that have a topic of their own for it."""

ABOUT_COSTS = ABOUT_PROGRAMMES | {
    "registration_survey",
    "payment_status",
    "payment_point_location",
    "yes",
    "no",
}
"""What a text may look like that asks what it costs: not a complaint that somebody took money."""

ANSWERED_BY = frozenset({"yes_no", "amount", "cnic", "text", "code", "phone", "dont_know"})
"""Slots of questions that a bare "no" answers; to other questions it says that none of it is meant."""

ON_PURPOSE = frozenset({"fit", "questions"})
"""Subjects that set phrases tell, whatever the model makes of the text."""

MATTERLESS = 5
"""Words of a text that is nothing but "no, no problem"."""

NAME_WORDS = 3
"""Words of a text that may be the name or the time that was asked for, whatever else it looks like."""

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
    subject = _subject(heard)
    if not session.expects and _of_home(heard):
        subject = "fit"
    opening = OPENINGS.get(subject)
    if opening and not step and heard.intent in ANSWERS and session.slots.get("to_confirm"):
        opening = OPENINGS["complaint_status"]  # which puts that question again

    if heard.media and not heard.text:
        return media.open(session, heard)
    if _takes_back(session, heard):
        return OPENINGS["back"](_afresh(session), heard)
    if _drops(session, heard):
        return _dropped(session, heard)
    if step and _refuses(session, heard, subject):
        return _take(step, replace(session, misses=0), heard)
    if _leaves_menu(session, heard):
        return OPENINGS["no"](_afresh(session.with_slots(complaint=None)), heard)
    if opening and (_obeyed(session, heard) or _picked(heard)):
        return opening(_afresh(session), heard)
    if opening and step and _turns_away(session, heard, subject):
        return opening(_afresh(session), heard)
    if opening and step and _aside(session, heard, subject):  # answered; the question stays open
        return Turn(session, tuple(replace(say, choices=()) for say in opening(session, heard).says))
    needed = "text" in session.expects and "dont_know" not in session.expects
    if opening and needed and heard.intent == "no" and heard.confidence == 1.0:
        return opening(_afresh(session.with_slots(complaint=None)), heard)  # the story is not to be told
    if step and _answers(session, heard):
        return _take(step, replace(session, misses=0), heard)
    stays = heard.intent in ASIDES or (_at_home(session) and not _numbered(heard)) or _tells(session, heard)
    if opening and not (step and stays):
        return opening(_afresh(session), heard)
    waits = step if session.expects else None  # an offer of more may be passed over
    if waits and away:
        return resume.open(session, heard)
    if waits and session.misses + 1 < MOST_MISSES:
        return _take(waits, replace(session, misses=session.misses + 1), heard)
    if waits is None and _numbered(heard):
        return OPENINGS["payment_status"](_afresh(session), heard)
    if waits is None and "programme" in heard.slots:
        return OPENINGS["programme_info"](_afresh(session), heard)
    return fallback.open(session, heard)


def _takes_back(session: Session, heard: Heard) -> bool:
    """Whether an answer about the home is taken back: while one is asked for, or nothing else is open."""
    if not heard.slots.get("back"):
        return False
    if session.topic == "eligibility":
        return bool(session.slots.get("fit") or session.slots.get("fit_told"))
    return bool(session.slots.get("fit")) and not session.expects


def _drops(session: Session, heard: Heard) -> bool:
    """Whether a complaint that is being taken, or that the text only seems to be, is none."""
    complains = session.topic == "complaint" or str(heard.intent).startswith("complaint")
    drop = heard.slots.get("drop")
    return complains and (drop == "outright" or (bool(drop) and _brief(heard)))


def _dropped(session: Session, heard: Heard) -> Turn:
    """The complaint is gone; what else the same text is about is answered."""
    dropped = OPENINGS["drop"](_afresh(session), heard)
    opening = None if str(heard.intent).startswith("complaint") else OPENINGS.get(_subject(heard))
    if opening is None or heard.intent in ASIDES or heard.intent in ANYWHERE:
        return dropped
    following = opening(dropped.session, heard)
    return replace(following, says=dropped.says + following.says)


def _refuses(session: Session, heard: Heard, subject: str) -> bool:
    """Whether the CNIC that was asked for is withheld, and not just passed over for a clear question."""
    if heard.slots.get("refuses") != "no" or subject == "document_problem" or "asking" not in heard.slots:
        return "refuses" in heard.slots
    return subject not in OPENINGS or not _turns_away(session, heard, subject)


def _leaves_menu(session: Session, heard: Heard) -> bool:
    """Whether nothing of a menu is meant, or nothing is the matter at all."""
    if heard.slots.get("no_matter") and len(heard.text.split()) <= MATTERLESS:
        return "dont_know" not in session.expects  # there it is an answer
    picks = "choice" in heard.slots or any(name in heard.slots for name in session.expects)
    return (
        heard.intent == "no" and bool(session.step) and ANSWERED_BY.isdisjoint(session.expects) and not picks
    )


def _aside(session: Session, heard: Heard, subject: str) -> bool:
    """Whether something is said by the way, that leaves the open question open."""
    if subject == "fee":
        return bool(session.expects) and not _answers(session, heard) and not _at_home(session)
    kindly = heard.intent in POLITE and heard.confidence >= CLEAR and _brief(heard)
    # Sukkur is a town, however much it looks like thanks.
    return kindly and not (_named(session, heard) or _answers(session, heard) or _tells(session, heard))


def _at_home(session: Session) -> bool:
    """Whether a question about the home is open, by which it is found out what fits."""
    return HOME in session.expects


def _tells(session: Session, heard: Heard) -> bool:
    """Whether something of the home is told while that is what is talked about."""
    return (_at_home(session) or "facts" in session.expects) and bool(volunteered(heard))


def _of_home(heard: Heard) -> bool:
    """Whether a text tells facts of the home and is clearly about nothing else: what fits, then?"""
    told = sum(name.startswith(FACT) for name in heard.slots)
    unclear = heard.confidence < CLEAR and (heard.intent or "") in ABOUT_PROGRAMMES - ABOUT_ONE
    enough = told > 1 if "change" in heard.slots else told > 0  # "my husband has died" is a change alone
    return enough and unclear and "programme" not in heard.slots


def _numbered(heard: Heard) -> bool:
    return any(heard.slots.get(name) for name in NUMBERS)


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
        session = session.with_slots(cnic=None, cnics=None, no_card=None, also=None)
        session = session.with_slots(refused=None, withdrawn=None)  # told of a record, for a complaint
        if session.topic != "update":  # what was begun and left then is nobody else's to see
            session = session.with_slots(update=None, confirms=None)
        if not _at_home(session):
            session = session.with_slots(fit=None, fit_said=None, fit_told=None)
    if _at_home(session):
        session = session.with_slots(also=None)
    elif heard.intent:
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
    alone = heard.confidence == 1.0
    if heard.slots.get("fee") and matter in ABOUT_COSTS and not alone:
        return "fee"
    if heard.slots.get("back") and matter == "feedback":  # a wrong answer of theirs is no opinion of ours
        return ""
    if heard.slots.get("questions") and not alone:
        return "questions"
    asked_about = "asking" in heard.slots and "programme" in heard.slots and matter in ("", "out_of_scope")
    asked_about |= "why" in heard.slots and matter in (
        "",
        "out_of_scope",
        "programme_info",
    )  # why not that one
    if asked_about or ("no_card" in heard.slots and not matter):
        return "eligibility_check"
    anything = heard.slots.get("asks") == "anything" and "programme" not in heard.slots
    return "fit" if anything and matter in ABOUT_PROGRAMMES and not alone else matter


def _picked(heard: Heard) -> str:
    """The topic that a choice opens, "" where it opens none: yes and no answer the open question."""
    choice = heard.slots.get("choice")
    return str(choice) if choice in OPENINGS and choice not in ASIDES else ""


def _obeyed(session: Session, heard: Heard) -> bool:
    """Whether it is a word that works anywhere. In a story that was asked for, only where it stands alone."""
    alone = heard.confidence == 1.0
    awaited = "text" in session.expects or any(name in heard.slots for name in session.expects)
    sure = alone or not _at_home(session) or heard.confidence >= CLEAR
    return heard.intent in ANYWHERE and sure and (alone or not awaited)


def _turns_away(session: Session, heard: Heard, subject: str) -> bool:
    """Whether a question got a clear one about something else instead of an answer."""
    if subject == "fee" or _picked(heard) or _named(session, heard) or _asks_beside(session, heard):
        return False
    topic = OPENINGS[subject].__module__.rpartition(".")[2]
    asks = bool(heard.slots.get("asking") or heard.slots.get("why"))
    programme = "programme" in heard.slots and subject in ABOUT_PROGRAMMES
    if subject in ASIDES or (topic == session.topic and not programme and subject not in ON_PURPOSE):
        return False
    if asks and (session.topic == "feedback" or (programme and _at_home(session))):
        return True  # an opinion or an answer was asked for, and a question came
    wrong = subject in WRONGS and _at_home(session) and not _answers(session, heard)
    if subject not in ON_PURPOSE and heard.confidence < (WRONG_DONE if wrong else CLEAR):
        return False
    if "text" in session.expects and not _brief(heard):  # a story has words of many subjects
        return False
    if heard.intent in session.expects and heard.confidence < UNMISTAKABLE:
        return False
    if len(heard.text.split()) <= NAME_ALONE and any(
        name in session.expects and name in heard.slots for name in NAMED
    ):
        return False
    return asks or not _tells(session, heard)  # and so has what somebody tells of the home


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
    if _asks_beside(session, heard):
        return True
    if heard.intent in {"dont_know", "wont_say"}:
        return "dont_know" in session.expects
    if (
        _at_home(session)
        and "amount" in session.expects
        and ("number" in heard.slots or heard.intent == "no")
    ):
        return True
    return "yes_no" in session.expects and heard.intent in {"yes", "no"}


def _asks_beside(session: Session, heard: Heard) -> bool:
    """Whether a question of the home got something that is answered beside it: what it costs, where to go."""
    beside = any(name in heard.slots for name in ("fee", "no_card")) or heard.slots.get("asks") == "office"
    return _at_home(session) and beside


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

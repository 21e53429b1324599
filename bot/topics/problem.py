"""What to do when the thumb scanner fails or a paper is missing, expired, lost or wrong."""

from bot.messages import Choice, Event, Say, Session, Turn
from bot.steps import ask, menu_of, reply, slot

PAPERS = ("expired", "lost", "b_form", "wrong_name")


def open_biometric(session: Session, event: Event) -> Turn:
    """The fingerprint is not read."""
    return reply(session, Say("biometric.what_to_do", choices=menu_of("human_help")))


def open_document(session: Session, event: Event) -> Turn:
    """Something is wrong with a paper: ask what, unless it was said."""
    return got_document(session, event)


def got_document(session: Session, event: Event) -> Turn:
    """The next step for that paper."""
    named = (slot(event, "choice"), slot(event, "paper"))
    for paper in PAPERS:
        if paper in named:
            return reply(session, Say(f"document.{paper}"))
    say = Say("document.which", choices=tuple(Choice(paper, f"document.choice.{paper}") for paper in PAPERS))
    return ask(session, say, then=got_document, expects=("choice", "paper"))

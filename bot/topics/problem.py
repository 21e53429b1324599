"""What to do when the thumb scanner fails or a paper is missing, expired, lost or wrong."""

from bot.messages import Choice, Event, Say, Session, Turn
from bot.steps import ask, menu_of, reply, slot

PAPERS = ("expired", "lost", "b_form", "wrong_name")


def open_biometric(session: Session, event: Event) -> Turn:
    """The fingerprint is not read."""
    return reply(session, Say("biometric.what_to_do", choices=menu_of("human_help")))


def open_document(session: Session, event: Event) -> Turn:
    """Something is wrong with a paper: ask what."""
    choices = tuple(Choice(paper, f"document.choice.{paper}") for paper in PAPERS)
    return ask(session, Say("document.which", choices=choices), then=got_document, expects=("choice",))


def got_document(session: Session, event: Event) -> Turn:
    """The next step for that paper."""
    paper = slot(event, "choice")
    if paper not in PAPERS:
        return open_document(session, event)
    return reply(session, Say(f"document.{paper}"))

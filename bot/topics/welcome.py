"""Hello, the menu, thanks, goodbye, and what lies outside this service."""

from bot.messages import Event, Say, Session, Turn
from bot.steps import menu_of, reply

MENU = menu_of(
    "payment_status",
    "eligibility_check",
    "payment_point_location",
    "registration_survey",
    "complaint_deduction",
    "scam_check",
    "human_help",
)


def open(session: Session, event: Event) -> Turn:
    """A greeting: say what this is and what it can do."""
    return reply(session, Say("welcome.hello", choices=MENU))


def open_menu(session: Session, event: Event) -> Turn:
    """The menu, asked for by name."""
    return reply(session, Say("menu.offer", choices=MENU))


def open_thanks(session: Session, event: Event) -> Turn:
    """Thanks are answered briefly and end the subject."""
    return reply(session, Say("thanks.welcome"))


def open_fee(session: Session, event: Event) -> Turn:
    """What it costs: nothing, and whoever takes money for it is a cheat."""
    return reply(session, Say("fee.free"))


def open_yes(session: Session, event: Event) -> Turn:
    """A yes to nothing in particular."""
    return reply(session, Say("menu.offer", choices=MENU))


def open_no(session: Session, event: Event) -> Turn:
    """A no to nothing in particular."""
    return reply(session, Say("menu.anything_else"))


def open_out_of_scope(session: Session, event: Event) -> Turn:
    """A question that this service cannot answer: say so, and what it can."""
    return reply(session, Say("out_of_scope.sorry", choices=MENU[:3]))

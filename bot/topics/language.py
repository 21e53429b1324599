"""Choosing the language of the answers; the choice is remembered."""

from dataclasses import replace

from bot.messages import Choice, Event, Say, Session, Turn
from bot.steps import ask, reply, slot

OFFERED = ("ur", "ur-Latn", "en", "pa-Arab", "skr", "sd", "ps", "bal", "brh")
"""The languages to choose from; in their Roman script the others are answered where somebody writes so."""


def open(session: Session, event: Event) -> Turn:
    """The person wants another language, perhaps naming it."""
    return got_language(session, event)


def got_language(session: Session, event: Event) -> Turn:
    """Remember it. Each language's own text says in which language answers will come."""
    chosen = slot(event, "language") or slot(event, "choice")
    if not chosen:
        choices = tuple(Choice(tag, "language.itself", {"language": tag}) for tag in OFFERED)
        say = Say("language.which", choices=choices)
        return ask(session, say, then=got_language, expects=("language",))
    return reply(replace(session, language=str(chosen), chosen=True), Say("language.changed"))

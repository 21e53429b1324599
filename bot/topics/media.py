"""Pictures, voice notes and files: the bot cannot read them and says what to send instead."""

from bot.messages import Event, Heard, Say, Session, Turn


def open(session: Session, event: Event) -> Turn:
    """Leave the open question open. A photo of a CNIC is never asked for and never kept."""
    kind = event.media if isinstance(event, Heard) else None
    key = {"audio": "media.audio", "image": "media.image"}.get(kind or "", "media.other")
    return Turn(session, (Say(key),))

"""What people are told of their request out of turn: that it is done, refused, or needs papers.

The phone may be shared: what has changed at home is not named, nor are the papers, which tell it too. Whoever
sends the number back is told.
"""

from datetime import datetime

from sqlalchemy import Connection

from bot.messages import Say
from services.notices import Notices
from services.updates.settle import Settled, Tell


def tell_by(notices: Notices, at: datetime) -> Tell:
    """Tells by these notices; whether it goes out. Said once of each verdict, however often it is tried."""

    def tell(connection: Connection, settled: Settled) -> bool:
        told = {"reference": settled.reference, "on": settled.on.isoformat(), "reason": settled.reason}
        say = Say(f"update.settled.{settled.status}", told)
        id = f"update:{settled.reference}:{settled.status}"
        return not notices.to_conversation(connection, id, settled.conversation, (say,), at).unsent

    return tell

"""What becomes of the guard's alarms: an item in the staff's queue and a line in the log, naming nobody."""

import logging
from collections.abc import Callable
from datetime import datetime

from services import desk
from services.privacy.guard import Alert
from services.privacy.identifiers import Keys
from services.privacy.pulse import Alarm
from services.store.engine import Store, StoreUnavailable

log = logging.getLogger("haqdar.guard")


def alert_staff(store: Store, keys: Keys, clock: Callable[[], datetime]) -> Alert:
    """An alert in a transaction of its own: one item of each kind waits. A store that is away is logged."""

    async def alert(alarm: Alarm) -> None:
        log.warning(
            "numbers may be counted through (%s): strangers asked about %d in %.0f s, %d are on no record",
            alarm.kind,
            alarm.numbers,
            alarm.window,
            alarm.missed,
        )
        at = clock()
        nobody = keys.hash("address", f"guard:{alarm.kind}")  # it is about many conversations, or about none
        try:
            await store.run(
                lambda connection: desk.queue(
                    connection,
                    f"guard:{alarm.kind}:{at.isoformat()}",
                    conversation=nobody,
                    reason=f"guard.{alarm.kind}",
                    at=at,
                )
            )
        except StoreUnavailable:
            log.error("the staff could not be told: the database is away")

    return alert

"""When neutral answers leave: at moments that do not depend on what was found."""

import asyncio
import math
import time
from dataclasses import dataclass

COARSE = 0.0015
"""Seconds before the time is due at which an event loop's timer is no longer relied on."""


@dataclass(frozen=True, slots=True)
class Held:
    """An answer that leaves evenly: what `even` is told of it, in `time.monotonic()`.

    Event loops count by the same clock, but uvloop's own time stands still while a callback runs.
    """

    started: float
    bucket: float
    least: float = 0.0
    ends: float = math.inf


def even(started: float, now: float, bucket: float, *, least: float = 0.0, ends: float = math.inf) -> float:
    """Seconds to wait so that an answer leaves at the next multiple of `bucket` after `started`.

    Not before `least` seconds after `started`, and never after `ends`, at which all that is late leaves
    alike. Times are of one clock. A bucket of 0 waits for `least` only.
    """
    took = max(now - started, least)
    if bucket > 0:
        took = max(1, math.ceil(took / bucket)) * bucket
    return max(0.0, min(started + took, ends) - now)


async def leave_evenly(held: Held) -> None:
    """Wait until the moment that `even` gives, exactly.

    A loop's timer lasts whole milliseconds from when it was set, so by itself it would carry on the fraction
    of a millisecond by which a number that exists is found later. The last stretch gives way to others.
    """
    now = time.monotonic()
    moment = now + even(held.started, now, held.bucket, least=held.least, ends=held.ends)
    await asyncio.sleep(max(0.0, moment - now - COARSE))
    while time.monotonic() < moment:
        await asyncio.sleep(0)

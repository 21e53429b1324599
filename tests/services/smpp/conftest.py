"""The desk of one operator, on each kind of database."""

import pytest

from channels.smpp.channel import SmsSmpp
from services.privacy.identifiers import Keys
from services.smpp.runner import Listener
from services.store.engine import Store
from tests.channels.smpp.doubles import profile
from tests.services.deployment import deploy
from tests.services.smpp.desks import Clock, Desk


@pytest.fixture
def desk(store: Store, keys: Keys) -> Desk:
    """The desk of one operator."""
    clock = Clock()
    channel = SmsSmpp((profile(1),), jitter=lambda: 0.5)
    parts = deploy(store, keys, channels={"sms": channel}, clock=clock)
    woken: list[int] = []
    return Desk(Listener(parts, channel, lambda: woken.append(1)), store, clock, woken=woken)

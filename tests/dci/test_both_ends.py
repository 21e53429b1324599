"""The connector against our own server, over real HTTP, with the sample registry behind it."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.dci.signatures import DIALECTS
from services.privacy.identifiers import Keys
from services.registry import Enrolment, Record, Refused, Unavailable
from services.registry.spdci import connect
from services.registry.sql import SqlRegistry
from services.store.engine import Store
from tests.dci.parties import CNIC, NOW, THEM
from tests.dci.peers import Known, asking, served, service
from tests.services.deployment import sample, settle

BOTH: Any = frozenset({"person.link", "enrolment.status", "survey.recency", "payment.timeline"})


@contextmanager
def both(
    folder: Path, keys: Keys, registry: Any, store: Store, dialect: str, **partner: Any
) -> Iterator[Any]:
    """A connector to a running server of ours, and what the server's audit was told."""
    client = partner.pop("client", {})
    app, audited = service(folder, registry, store, dialect=dialect, **client)
    with served(app) as base:
        held = asking(folder, f"{base}/bot", dialect=dialect, timeout=10, **partner)
        # They publish their key under another name than that of its owner.
        them = held.registries[0].model_copy(update={"keys": (replace(held.registries[0].keys[0], id=""),)})
        yield connect(them, held.us, keys=keys, clock=lambda: NOW), audited


def find(registry: Any, *cnics: str) -> list[Record | None]:
    async def run() -> list[Record | None]:
        try:
            return [await registry.find(cnic, BOTH) for cnic in cnics]
        finally:
            await registry.close()

    return asyncio.run(run())


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_household_of_the_sample_registry(tmp_path: Path, store: Store, keys: Keys, dialect: str) -> None:
    settle(store, keys)
    own = SqlRegistry(store, keys, lambda: NOW.date())
    ready, gone = sample("enrolled, payment ready").cnic, sample("exited deceased").cnic
    truth = [asyncio.run(own.find(one, BOTH)) for one in (ready, gone)]
    with both(tmp_path, keys, own, store, dialect) as (registry, audited):
        told = find(registry, ready, gone, CNIC)
        for one, true in zip(told, truth, strict=False):
            assert one is not None
            assert true is not None
            assert one.person is not None
            assert true.person is not None
            assert one.person == replace(true.person, district="", phones=frozenset(), reach=None)
            assert one.surveyed_on == true.surveyed_on
            assert one.enrolments is one.payments is None
        assert told[2] is None
        assert [one.outcome for one in audited] == ["found", "found", "not_found"]
    with both(tmp_path, keys, own, store, dialect, kind="ibr") as (registry, _):
        told = find(registry, ready, gone)
        for one, true in zip(told, truth, strict=True):
            assert one is not None
            assert true is not None
            assert one.enrolments == tuple(each for each in true.enrolments or () if not each.beneficiary)


def test_first_whether_then_since_when(tmp_path: Path, store: Store, keys: Keys) -> None:
    settle(store, keys)
    own = SqlRegistry(store, keys, lambda: NOW.date())
    ready, above = sample("enrolled, payment ready").cnic, sample("not eligible score above").cnic
    options = {"kind": "ibr", "ask": "enrolled", "programmes": {"KAFAALAT": "kafaalat"}}
    with both(tmp_path, keys, own, store, "spdci-cavage", **options) as (registry, audited):
        yes, no = find(registry, ready, above)
        assert yes is not None
        assert [one.status for one in yes.enrolments or ()] == ["enrolled"]
        assert no == Record(NOW.date(), enrolments=())
        assert len(audited) == 3


def test_what_was_not_agreed_is_refused(tmp_path: Path, store: Store, keys: Keys) -> None:
    known = Known({CNIC: Record(NOW.date(), enrolments=(Enrolment("kafaalat", "enrolled", NOW.date()),))})
    narrow = {"client": {"fields": ["name"]}, "kind": "ibr"}
    with (
        both(tmp_path, keys, known, store, "jws-detached", **narrow) as (registry, _),
        pytest.raises(Refused, match=r"refuses the search: rjct\.search_criteria\.invalid"),
    ):
        find(registry, CNIC)
    with (
        both(tmp_path, keys, known, store, "openspp", client={"per_minute": 1}) as (registry, _),
        pytest.raises(Unavailable, match="429"),
    ):
        find(registry, CNIC, CNIC)
    with (
        both(tmp_path, keys, Known(fault=Unavailable()), store, "openspp") as (registry, _),
        pytest.raises(Unavailable, match="503"),
    ):
        find(registry, CNIC)
    with (
        both(tmp_path, keys, known, store, "openspp", client={"id": "other"}) as (registry, _),
        pytest.raises(Refused, match="401"),
    ):
        find(registry, CNIC)


def test_a_request_written_by_hand_on_a_socket(tmp_path: Path, store: Store) -> None:
    app, _ = service(tmp_path, Known(), store)
    with served(app) as base, socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2]))) as line:
        line.settimeout(5)
        line.sendall(
            b"POST /bot/registry/sync/search HTTP/1.1\r\nHost: them\r\nTransfer-Encoding: chunked\r\n"
            b"Connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        )
        answer = b""
        while chunk := line.recv(4096):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"err.request.unauthorized" in answer
    assert THEM.encode() not in answer

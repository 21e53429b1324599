"""Our server: who gets in, how often, and what anybody else learns."""

import json
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.dci import envelope, search
from services.dci.signatures import DIALECTS
from services.registry import Record, Unavailable
from services.store import partner_messages
from services.store.engine import Store, StoreUnavailable, open_store
from services.web.dci import add_dci
from services.web.dci_answers import Lookups
from tests.dci.driven import ENROLLED, SEARCH, STATUS, Driven, item, turned, valid
from tests.dci.parties import CNIC, NOW, OTHER, US, header, key, opened, question, sealed
from tests.dci.peers import TOKEN, Known, asking


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"action": "subscribe"}, "rjct.action.invalid"),
        ({"count": 2}, "rjct.total_count.invalid"),
        ({"count": 0}, "rjct.total_count.invalid"),
    ],
)
def test_headers_that_are_refused(tmp_path: Path, store: Store, changed: Any, reason: str) -> None:
    driven = Driven(tmp_path, store)
    told = driven.answer(**changed)
    assert (told["header"]["status"], told["header"]["status_reason_code"]) == ("rjct", reason)
    assert "message" not in told
    assert not driven.audited


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"version": "2.0.0"}, "rjct.version.invalid"),
        ({"message_ts": "yesterday"}, "rjct.message_ts.invalid"),
        ({"message_ts": "2026-11-24T08:00:00Z"}, "rjct.message_ts.invalid"),
    ],
)
def test_header_values_that_are_refused(tmp_path: Path, store: Store, changed: Any, reason: str) -> None:
    response = signed(Driven(tmp_path, store), {**header(id="m-1"), **changed}, question())
    assert response.json()["header"]["status_reason_code"] == reason
    valid(response, SEARCH)


def signed(driven: Driven, head: Any, message: Any, path: str = SEARCH) -> httpx.Response:
    written = envelope.seal(head, message, dialect=DIALECTS["spdci-cavage"], key=key(US), at=NOW)
    return driven.send(written.body, {"Authorization": f"Bearer {TOKEN}"}, path)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"message_id": ""}, "err.request.bad"),
        ({"message_id": "m" * 101}, "err.request.bad"),
        ({"message_id": "m\x00"}, "err.request.bad"),
        ({"receiver_id": "somebody"}, "err.receiver_id.invalid"),
        ({"is_msg_encrypted": True}, "err.encryption.invalid"),
    ],
)
def test_envelopes_that_are_turned_away(tmp_path: Path, store: Store, changed: Any, code: str) -> None:
    turned(signed(Driven(tmp_path, store), {**header(), **changed}, question()), 400, code)


@pytest.mark.parametrize(
    "message",
    [{}, {"transaction_id": "t"}, {"transaction_id": "t" * 100, "search_request": [{}]},
     {"search_request": [{}]}, {"transaction_id": "t", "search_request": []},
     {"transaction_id": ["t"], "search_request": [{}]}],
)  # fmt: skip
def test_messages_that_are_turned_away(tmp_path: Path, store: Store, message: Any) -> None:
    turned(signed(Driven(tmp_path, store), header(), message), 400, "err.request.bad")


def test_all_who_are_not_authentic_learn_the_same(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)
    good = sealed("spdci-cavage")
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    stranger = sealed("spdci-cavage", sender="stranger")
    answers = [
        driven.send(good.body, bearer, name="nobody"),
        driven.send(good.body, {}),
        driven.send(good.body, {"Authorization": "Bearer other"}),
        driven.send(good.body, {"Authorization": f"Basic {TOKEN}"}),
        driven.send(good.body, {"Authorization": TOKEN}),
        driven.send(good.body, {"Authorization": "Bearer"}),
        driven.send(good.body.replace(CNIC.encode(), OTHER.encode()), bearer),
        driven.send(sealed("spdci-cavage", who=key("stranger")).body, bearer),
        driven.send(stranger.body, bearer),
        driven.send(sealed("jws-detached").body, bearer),
        driven.send(sealed("spdci-cavage", at=NOW - timedelta(hours=1)).body, bearer),
        driven.send(b'{"signature": "unsigned-stub"', bearer),
        driven.send(b"", bearer),
        driven.send(b"[]", bearer),
        driven.send(b"[" * 60_000, bearer),
    ]
    assert len({(one.status_code, one.content, tuple(sorted(one.headers.items()))) for one in answers}) == 1
    turned(answers[0], 401, "err.request.unauthorized")
    assert not driven.audited
    assert not driven.registry.asked
    assert driven.send(good.body, bearer).status_code == 200, "none of that used the message up"


def test_a_message_is_taken_once(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)
    assert driven.answer(id="same")["header"]["status"] == "succ"
    for message in (question(), question(transaction_id="t-2")):
        again = driven.answer(message, id="same")
        assert again["header"]["status_reason_code"] == "rjct.message_id.duplicate"
    assert len(driven.audited) == 1


def test_too_long_is_not_read(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)
    turned(driven.send(b" " * (64 * 1024 + 1), {}), 413, "err.request.bad")
    assert driven.send(b"", {}, method="GET").status_code == 405


def test_the_allowance_of_a_minute(tmp_path: Path, store: Store) -> None:
    now = [NOW]
    driven = Driven(tmp_path, store, per_minute=2, clock=lambda: now[0])
    statuses = [driven.ask(at=NOW).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    refused = driven.ask()
    turned(refused, 429, "err.request.too_many_requests")
    assert refused.headers["retry-after"] == "60"
    now[0] += timedelta(seconds=61)
    assert driven.ask(at=now[0]).status_code == 200


def test_the_allowance_of_a_day(tmp_path: Path, store: Store) -> None:
    now = [NOW]
    driven = Driven(tmp_path, store, per_day=2, clock=lambda: now[0])
    statuses = []
    for minutes in (0, 2, 4, 6, 24 * 60 + 1):
        now[0] = NOW + timedelta(minutes=minutes)
        statuses.append(driven.ask(at=now[0]).status_code)
    assert statuses == [200, 200, 429, 429, 200]


def test_what_is_noted_of_messages_is_forgotten_after_a_day(store: Store) -> None:
    def take(id: str, at: Any) -> Any:
        return store.run_now(
            lambda connection: partner_messages.take(connection, "a", id, at=at, per_minute=9, per_day=9)
        )

    assert take("m", NOW) == "taken"
    assert take("m", NOW + timedelta(hours=24)) == "repeated"
    assert take("m", NOW + timedelta(hours=24, seconds=1)) == "taken"


def test_a_registry_that_is_away_is_no_answer(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store, Known(fault=Unavailable("away")))
    refused = driven.ask()
    turned(refused, 503, "err.service.unavailable")
    assert refused.headers["retry-after"]
    enrolled = search.ask_enrolled(transaction_id="t", id_value=CNIC, programme="KAFAALAT")
    turned(driven.ask(enrolled, ENROLLED), 503, "err.service.unavailable")
    assert not driven.audited


def test_what_the_registry_did_not_say_is_no_no(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store, Known({CNIC: Record(NOW.date())}))
    turned(driven.ask(question(registry="IBR", record="")), 503, "err.service.unavailable")
    enrolled = search.ask_enrolled(transaction_id="t", id_value=CNIC, programme="KAFAALAT")
    turned(driven.ask(enrolled, ENROLLED), 503, "err.service.unavailable")


def test_a_store_that_is_away_lets_nobody_in(tmp_path: Path) -> None:
    away = open_store("sqlite:////nowhere/at/all.db")
    turned(Driven(tmp_path, away).ask(), 503, "err.service.unavailable")


@pytest.mark.parametrize("path", [SEARCH, ENROLLED])
def test_without_audit_there_is_no_answer(tmp_path: Path, store: Store, path: str) -> None:
    async def fails(lookup: Any) -> None:
        raise StoreUnavailable("away")

    driven = Driven(tmp_path, store, audit=fails)
    enrolled = search.ask_enrolled(transaction_id="t", id_value=CNIC, programme="KAFAALAT")
    turned(driven.ask(enrolled if path == ENROLLED else None, path), 503, "err.service.unavailable")
    assert driven.registry.asked


def status_of(driven: Driven, **changed: Any) -> Any:
    plain = {
        "reference_id": "r-9", "txn_type": "search", "attribute_type": "transaction_id",
        "attribute_value": "t-1",
    }  # fmt: skip
    message = {"transaction_id": "t-9", "txnstatus_request": {**plain, **changed}}
    told = driven.answer(message, STATUS)["message"]["txnstatus_response"]["txn_status"]
    return told["transaction_id"], told["search_response"][0]["status"]


def test_what_became_of_a_transaction(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)
    assert status_of(driven) == ("t-1", "rjct")
    driven.answer()
    assert status_of(driven) == ("t-1", "succ")
    assert status_of(driven, attribute_type="correlation_id") == ("t-1", "rjct")
    assert status_of(driven, attribute_type="reference_id_list", attribute_value=["r-1"]) == ("", "rjct")
    assert status_of(driven, attribute_value="t-9") == ("t-9", "rjct"), "a question for a status is none"
    assert not store.read_now(lambda c: partner_messages.was_answered(c, "other.example.org", "t-1"))


@pytest.mark.parametrize(
    "changed", [{"txn_type": "subscribe"}, {"reference_id": ""}, {"attribute_value": "t" * 100}]
)
def test_status_questions_that_cannot_be_understood(tmp_path: Path, store: Store, changed: Any) -> None:
    driven = Driven(tmp_path, store)
    plain = {
        "reference_id": "r",
        "txn_type": "search",
        "attribute_type": "transaction_id",
        "attribute_value": "t",
    }
    turned(
        driven.ask({"transaction_id": "t", "txnstatus_request": {**plain, **changed}}, STATUS),
        400,
        "err.request.bad",
    )


def test_our_key_is_published(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)
    response = driven.send(b"", {}, "/.well-known/jwks.json", name="", method="GET")
    (one,) = response.json()["keys"]
    assert (one["kid"], one["use"], one["alg"], one["kty"]) == ("k-1", "sig", "EdDSA", "OKP")
    assert "d" not in one


async def _unheard(lookup: Any) -> None:
    pytest.fail("nobody was looked up")


def test_without_clients_there_is_only_the_key(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)
    driven.app = FastAPI(openapi_url=None)
    us = asking(tmp_path, "https://sr.example.org")
    add_dci(driven.app, us, Lookups(driven.registry, _unheard, store), clock=lambda: NOW)
    assert driven.ask().status_code == 404
    assert driven.send(b"", {}, "/.well-known/jwks.json", name="", method="GET").status_code == 200


def test_sender_uri_is_never_called(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    driven = Driven(tmp_path, store)

    def refuse(*args: Any) -> None:
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    told = driven.answer(uri="http://169.254.169.254/latest/meta-data/")
    assert item(told)["status"] == "succ"
    assert "169.254" not in json.dumps(told)


def test_no_number_is_logged(tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    driven = Driven(tmp_path, store, per_minute=1)
    driven.answer()
    driven.ask()
    driven.send(sealed("spdci-cavage").body, {})
    assert "used up" in caplog.text
    assert "not authentic" in caplog.text
    assert CNIC not in caplog.text
    assert TOKEN not in caplog.text


def test_the_message_that_arrives_is_the_one_that_was_signed(tmp_path: Path, store: Store) -> None:
    """One name twice: whoever verifies one and reads the other can be deceived."""
    driven = Driven(tmp_path, store)
    body = sealed("spdci-cavage").body
    doubled = body[:-1] + b',"message":' + json.dumps(question(id_value=OTHER)).encode() + b"}"
    turned(driven.send(doubled, {"Authorization": f"Bearer {TOKEN}"}), 401, "err.request.unauthorized")
    assert opened(sealed("spdci-cavage"), "spdci-cavage").message["transaction_id"] == "t-1"

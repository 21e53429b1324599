"""A source described in the settings, over real HTTP: what it may say, and what it may do wrong."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import ValidationError

from services.privacy.identifiers import Keys
from services.registry import SCOPES, Enrolment, Payment, PaymentPoint, Record, Refused, Unavailable
from services.registry.rest import Rest, RestRegistry
from services.registry.wire import Wire

CNIC = "9000000000012"
TODAY = date(2026, 11, 24)
DESCRIBED: dict[str, Any] = {
    "body": {"query": {"id": "{cnic}"}},
    "subject": "person.cnic",
    "as_of": "updated",
    "dates": "%d.%m.%Y",
    "surveyed_on": "person.survey",
    "person": {
        "first_name": "person.name",
        "district": "person.place",
        "sex": "person.gender",
        "phones": "person.mobile",
    },
    "enrolments": {"list": "schemes", "programme": "code", "status": "state", "since": "from"},
    "payments": {
        "list": "paid",
        "programme": "code",
        "cycle": "quarter",
        "amount": "rupees",
        "status": "state",
        "on": "day",
        "account_last4": "iban",
        "point": "where",
        "point_kind": "kind",
        "point_district": "place",
    },
    "values": {
        "status": {"A": "enrolled", "CREDITED": "ready"},
        "sex": {"Female": "f"},
        "district": {"KECH": "kech"},
    },
}
SAID: dict[str, Any] = {
    "updated": "20.11.2026",
    "person": {
        "cnic": "90000-0000001-2", "name": "Amina Bibi", "place": "KECH", "gender": "Female",
        "mobile": ["0399-0000001"], "survey": "05.01.2024", "score": 21.5,
    },
    "schemes": [{"code": "kafaalat", "state": "A", "from": "01.03.2021"}],
    "paid": [{
        "code": "kafaalat", "quarter": "2026-Q4", "rupees": "13500.00", "state": "CREDITED",
        "day": "18.11.2026",
        "iban": "PK00BANK0000001234", "where": "Camp", "kind": "camp", "place": "kech",
    }],
}  # fmt: skip


@contextmanager
def peer(answer: Any) -> Iterator[tuple[str, list[Any]]]:
    """A server that does as `answer(handler, body)` says; the bodies that it got."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            got.append((self.path, dict(self.headers), body))
            answer(self)

        do_GET = do_POST

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/person", got
    finally:
        server.shutdown()
        server.server_close()


def says(value: Any, status: int = 200, kind: str = "application/json") -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def find(url: str, keys: Keys, timeout: float = 2.0, scopes: Any = SCOPES, **changes: Any) -> Record | None:
    async def ask() -> Record | None:
        described = {**DESCRIBED, "url": url, **changes}
        wire = Wire("bank", timeout)
        registry = RestRegistry("bank", Rest(**described), keys, wire, lambda: TODAY)
        try:
            return await registry.find(CNIC, scopes & registry.scopes)
        finally:
            await registry.close()

    return asyncio.run(ask())


def test_connections_are_let_go_of_and_may_be_had_again() -> None:
    async def run() -> None:
        wire = Wire("bank", 1)
        await wire.close()
        client = wire._open()
        await wire.close()
        await wire.close()
        assert client.is_closed
        assert not wire._open().is_closed
        await wire.close()

    asyncio.run(run())


def test_everything_that_is_described_is_read(keys: Keys) -> None:
    with peer(says(SAID)) as (url, got):
        record = find(url, keys)
    assert record is not None
    assert record.as_of == date(2026, 11, 20)
    assert record.surveyed_on == date(2024, 1, 5)
    assert record.person is not None
    assert (record.person.first_name, record.person.district, record.person.sex) == ("Amina", "kech", "f")
    assert record.person.phones == {keys.hash("phone", "+923990000001")}
    assert keys.open(record.person.reach or b"") == "+923990000001"
    assert record.enrolments == (Enrolment("kafaalat", "enrolled", date(2021, 3, 1)),)
    camp = PaymentPoint("kech", "camp", "Camp", "Camp")
    assert record.payments == (
        Payment("kafaalat", "2026-Q4", 13500, "ready", None, date(2026, 11, 18), camp, account_last4="1234"),
    )
    ((path, _, body),) = got
    assert json.loads(body) == {"query": {"id": CNIC}}
    assert CNIC not in path


def test_only_what_was_asked_for_is_kept(keys: Keys) -> None:
    with peer(says(SAID)) as (url, _):
        record = find(url, keys, scopes=frozenset({"survey.recency"}))
    assert record == Record(date(2026, 11, 20), surveyed_on=date(2024, 1, 5))


def test_nothing_on_record_is_not_nothing_said(keys: Keys) -> None:
    with peer(says({**SAID, "paid": [], "schemes": None})) as (url, _):
        record = find(url, keys)
    assert record is not None
    assert record.payments == ()
    assert record.enrolments == ()


def test_a_number_that_the_source_does_not_know(keys: Keys) -> None:
    with peer(says({}, 404)) as (url, _):
        assert find(url, keys) is None


def test_a_token_goes_with_it_and_the_number_into_a_header(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_TOKEN", "a secret of the bank")
    with peer(says(SAID)) as (url, got):
        find(url, keys, method="GET", body=None, headers={"X-Number": "{cnic}"}, secret="BANK_TOKEN")
    headers = got[0][1]
    assert headers["Authorization"] == "Bearer a secret of the bank"
    assert headers["X-Number"] == CNIC


def slow(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.5)


def resets(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    try:
        for _ in range(160):
            handler.wfile.write(b" " * 65536)
    except OSError:
        return


def drops(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (slow, Unavailable),
        (resets, Unavailable),
        (drops, Unavailable),
        (says({}, 503), Unavailable),
        (says({}, 429), Unavailable),
        (endless, Refused),
        (says(b"<html>Please log in</html>", 200, "text/html"), Refused),
        (says({}, 403), Refused),
        (says(b"{", 200), Refused),
        (says(b'{"a": 1}{"a": 1}', 200), Refused),
        (says([SAID]), Refused),
        (says({**SAID, "person": {**SAID["person"], "cnic": "9000000000036"}}), Refused),
        (says({"paid": []}), Refused),
        (says({**SAID, "paid": SAID["paid"] * 2}), Refused),
        (says({**SAID, "paid": [{**SAID["paid"][0], "state": "GONE"}]}), Refused),
        (says({**SAID, "paid": [{**SAID["paid"][0], "rupees": "many"}]}), Refused),
        (says({**SAID, "schemes": ["kafaalat"]}), Refused),
        (says({**SAID, "updated": "yesterday"}), Refused),
    ],
)  # fmt: skip
def test_whatever_a_source_does_wrong_is_no_fact(answer: Any, fault: type[Exception], keys: Keys) -> None:
    with peer(answer) as (url, _), pytest.raises(Unavailable) as raised:
        find(url, keys, timeout=0.3)
    assert type(raised.value) is fault
    assert CNIC not in str(raised.value)
    assert "Amina" not in str(raised.value)
    assert "bank" in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "says_so"),
    [
        ({"url": "https://bank/{cnic}"}, "number_in_url"),
        ({"body": {}}, "stands nowhere"),
        ({"url": "http://bank.example"}, "https"),
        ({"secret": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        ({"payments": {"list": "paid", "sum": "x"}}, "no field is called sum"),
        (
            {"payments": {}, "person": {}, "enrolments": {}, "surveyed_on": None},
            "nothing could be told",
        ),
        ({"timeouts": 3}, "timeouts"),
    ],
)
def test_a_wrong_description_is_refused_at_start(changes: dict[str, Any], says_so: str) -> None:
    with pytest.raises(ValidationError, match=says_so):
        Rest(**{**DESCRIBED, "url": "https://bank.example", **changes})

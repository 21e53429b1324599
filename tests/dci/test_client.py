"""The connector against peers that behave, and against such as do not."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.dci.signatures import DIALECTS
from services.privacy.identifiers import Keys
from services.registry import Record, Refused, Registry, Unavailable
from tests.dci.asked import HEAD, IBR, SOCIAL, beneficiary, connected, find, records, says
from tests.dci.parties import CNIC, NOW, OTHER, THEM, URDU, US, key
from tests.dci.peers import http, person, searched, told


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_person_of_a_social_registry(tmp_path: Path, keys: Keys, dialect: str) -> None:
    record = person(
        "90000-0000001-2",
        name={"given_name": f"{URDU} bibi"},
        sex="female",
        phone_number=["0399 1234567", "landline"],
        address=[{"sub_region_code": "PK-KCH"}],
        poverty_score=12.5,
        last_updated="2024-03-01T00:00:00Z",
    )
    answer = says(lambda request: searched(request, [record]), dialect=dialect)
    found = find(tmp_path, keys, answer, dialect=dialect, districts={"PK-KCH": "kech"})
    assert found is not None
    assert found.person is not None
    assert (found.person.first_name, found.person.sex, found.person.district) == (URDU, "f", "kech")
    assert found.person.phones == {keys.hash("phone", "+923991234567")}
    assert found.person.reach is not None
    assert keys.open(found.person.reach) == "+923991234567"
    assert (found.as_of, found.surveyed_on) == (NOW.date(), date(2024, 3, 1))
    assert found.enrolments is found.payments is None
    assert "12.5" not in repr(found)


def test_only_what_was_asked_for(tmp_path: Path, keys: Keys) -> None:
    answer = records(person(last_updated="2024-03-01", sex="F"))
    bare = find(tmp_path, keys, answer, scopes=frozenset())
    assert bare == Record(NOW.date())
    assert find(tmp_path, keys, answer, scopes=frozenset({"survey.recency", "payment.timeline"})) == (
        Record(NOW.date(), surveyed_on=date(2024, 3, 1))
    )


def test_what_a_source_does_not_say_is_not_said(tmp_path: Path, keys: Keys) -> None:
    found = find(tmp_path, keys, records(person(sex="unknown")))
    assert found is not None
    assert found.person is not None
    assert (found.person.first_name, found.person.sex, found.person.district) == ("", "", "")
    assert (found.person.phones, found.person.reach, found.surveyed_on) == (frozenset(), None, None)


def test_a_head_of_a_group_who_is_in_its_list_too(tmp_path: Path, keys: Keys) -> None:
    head = {"person": person(name={"first_name": "Naseem"})}
    group = {
        "group_identifier": [{"identifier_type": "HHID", "identifier_value": "H-1"}],
        "group_head_info": head,
        "member_list": [{"household_member": {"demographic_info": head}}, {"person": person(OTHER)}],
        "registration_date": "2021-06-01T00:00:00Z",
        "last_update": " ",
    }
    found = find(tmp_path, keys, records(group))
    assert found is not None
    assert found.person is not None
    assert (found.person.first_name, found.surveyed_on) == ("Naseem", date(2021, 6, 1))
    assert find(tmp_path, keys, records(group), cnic=OTHER) is not None


def test_nobody_there_is_none(tmp_path: Path, keys: Keys) -> None:
    assert find(tmp_path, keys, records()) is None
    one_object = says(lambda request: searched(request, person()))
    assert find(tmp_path, keys, one_object) is not None


def test_two_records_for_one_person_are_none(tmp_path: Path, keys: Keys) -> None:
    with pytest.raises(Refused, match="two records"):
        find(tmp_path, keys, records(person(), person()))


@pytest.mark.parametrize(
    "message",
    [
        lambda request: {**searched(request, [person()]), "transaction_id": "t-other"},
        lambda request: {**searched(request, [person()]), "search_response": []},
        lambda request: {"transaction_id": request["message"]["transaction_id"]},
        lambda request: {
            **(answer := searched(request, [person()])),
            "search_response": answer["search_response"] * 2,
        },
        lambda request: searched(request, [person()], reference_id="r-other"),
        lambda request: searched(request, [person()], status="rjct", status_reason_code="rjct.filter"),
        lambda request: searched(request, [person()], status="rcvd"),
        lambda request: searched(request, [person()], pagination={"total_count": "2"}),
        lambda request: None,
    ],
)
def test_answers_to_another_question(tmp_path: Path, keys: Keys, message: Any) -> None:
    with pytest.raises(Refused):
        find(tmp_path, keys, says(message))


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ({"sender": US}, Refused),
        ({"sender": "somebody"}, Refused),
        ({"receiver": "somebody"}, Refused),
        ({"status": "rjct", "reason": "rjct.action.invalid"}, Refused),
        ({"status": "pdng"}, Unavailable),
        ({"at": NOW - timedelta(seconds=361)}, Refused),
        ({"at": NOW + timedelta(seconds=61)}, Refused),
        ({"who": key(US)}, Refused),
        ({"who": replace(key("stranger"), id=THEM)}, Refused),
        ({"dialect": "jws-detached"}, Refused),
    ],
)
def test_envelopes_that_are_not_believed(tmp_path: Path, keys: Keys, header: Any, error: Any) -> None:
    with pytest.raises(error) as raised:
        find(tmp_path, keys, says(lambda request: searched(request, [person()]), **header))
    assert type(raised.value) is error


async def _hang(request: Any) -> bytes:
    await asyncio.Event().wait()
    return b""


async def _reset(request: Any) -> None:
    return None


def _raw(answer: bytes) -> Any:
    async def reply(request: Any) -> bytes:
        return answer

    return reply


async def _changed_on_the_way(request: Any) -> bytes:
    return told(request, searched(request, [person(OTHER)])).replace(OTHER.encode(), CNIC.encode())


async def _encrypted(request: Any) -> bytes:
    answer = told(request, searched(request, [person()]))
    return answer.replace(b'"is_msg_encrypted":false', b'"is_msg_encrypted":true ')


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (_hang, Unavailable),
        (_reset, Unavailable),
        (
            _raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"),
            Unavailable,
        ),
        (_raw(b"nonsense\r\n\r\n"), Unavailable),
        (_raw(b""), Unavailable),
        (_raw(http(b"<html>sign in</html>", kind="text/html")), Refused),
        (_raw(http(b"<html>sign in</html>")), Refused),
        (_raw(http(b'{"header": {}}')), Refused),
        (_raw(http(b'{"header": 1, "message": {}}')), Refused),
        (_raw(http(b"[]")), Refused),
        (_raw(http(b'{"header": {"a": "' + b"a" * (10 * 1024 * 1024) + b'"}}')), Refused),
        (_raw(http(gzip.compress(b"a" * 10_000_000), more="Content-Encoding: gzip\r\n")), Refused),
        (_raw(http(b"{}", status="302 Found", more="Location: http://127.0.0.1:1/\r\n")), Refused),
        (_raw(http(b"{}", status="401 No")), Refused),
        (_raw(http(b"{}", status="404 No")), Refused),
        (_raw(http(b"{}", status="429 Later")), Unavailable),
        (_raw(http(b"{}", status="500 No")), Unavailable),
        (_changed_on_the_way, Refused),
        (_encrypted, Refused),
    ],
)
def test_peers_that_misbehave(tmp_path: Path, keys: Keys, reply: Any, error: Any) -> None:
    with pytest.raises(error) as raised:
        find(tmp_path, keys, reply, timeout=0.3 if reply is _hang else 10)
    assert type(raised.value) is error
    assert CNIC not in str(raised.value)
    assert raised.value.__cause__ is None


async def _drip(request: Any) -> AsyncIterator[bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        yield HEAD + b"Content-Length: 99999\r\n\r\n"
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    return chunks()


def test_a_peer_that_drips_is_given_up_in_time(tmp_path: Path, keys: Keys) -> None:
    """Every read succeeds within the time-out, and the whole never ends."""
    with pytest.raises(Unavailable):
        find(tmp_path, keys, _drip, timeout=0.2)


def test_nobody_listens(tmp_path: Path, keys: Keys) -> None:
    async def run() -> None:
        registry = connected(tmp_path, "http://127.0.0.1:1", keys)
        await registry.close()
        with pytest.raises(Unavailable):
            await registry.find(CNIC, SOCIAL)

    asyncio.run(run())


def test_what_is_sent(tmp_path: Path, keys: Keys) -> None:
    seen: list[Any] = []

    async def reply(request: Any) -> bytes:
        seen.append(request)
        return told(request, searched(request, []))

    changed = {
        "purpose": "self-service.status",
        "reg_type": "Household",
        "reg_record_type": "Individual",
        "id_type": "CNIC",
    }
    find(tmp_path, keys, reply, **changed)
    (request,) = seen
    criteria = request["message"]["search_request"][0]["search_criteria"]
    assert criteria["query"] == {"type": "CNIC", "value": CNIC}
    assert (criteria["reg_type"], criteria["reg_record_type"]) == ("Household", "Individual")
    assert criteria["authorize"]["purpose"]["code"] == "self-service.status"
    assert "consent" not in criteria, "of consent the connector knows nothing"
    assert (request["header"]["sender_id"], request["header"]["receiver_id"]) == (US, THEM)
    assert "sender_uri" not in request["header"]


def test_no_number_is_logged(tmp_path: Path, keys: Keys, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    find(tmp_path, keys, records(person(phone_number="03991234567")))
    with pytest.raises(Refused):
        find(tmp_path, keys, records(beneficiary(programme="OTHER")), kind="ibr", scopes=IBR)
    assert "OTHER" in caplog.text
    assert CNIC not in caplog.text
    assert "3991234567" not in caplog.text
    assert "a-token" not in caplog.text


def test_it_is_a_registry(tmp_path: Path, keys: Keys) -> None:
    registry: Registry = connected(tmp_path, "https://sr.example.org/dci/", keys)
    assert registry.name == "nser"
    assert registry.scopes == SOCIAL

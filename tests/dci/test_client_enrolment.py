"""The connector and registries of beneficiaries: who is enrolled in what, since when."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.privacy.identifiers import Keys
from services.registry import Enrolment, Record, Refused
from tests.dci.asked import IBR, beneficiary, find, records
from tests.dci.parties import NOW, OTHER
from tests.dci.peers import person, searched, told


def test_enrolments_newest_first(tmp_path: Path, keys: Keys) -> None:
    answer = records(
        beneficiary(),
        beneficiary(programme="TALEEMI", status="Suspended", enrollment_date="02.05.2024"),
    )
    found = find(tmp_path, keys, answer, kind="ibr", scopes=IBR)
    assert found == Record(
        NOW.date(),
        enrolments=(
            Enrolment("taleemi_wazaif", "suspended", date(2024, 5, 2)),
            Enrolment("kafaalat", "enrolled", date(2022, 2, 1)),
        ),
    )


def test_a_programme_that_was_not_agreed_is_passed_over(
    tmp_path: Path, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    answer = records(beneficiary(programme="OTHER", status="9"), beneficiary())
    found = find(tmp_path, keys, answer, kind="ibr", scopes=IBR)
    assert found is not None
    assert [one.programme for one in found.enrolments or ()] == ["kafaalat"]
    assert "OTHER" in caplog.text


@pytest.mark.parametrize(
    "found",
    [
        [beneficiary(OTHER)],
        [beneficiary(), beneficiary(OTHER)],
        [beneficiary(), beneficiary()],
        [beneficiary(), beneficiary(status="4")],
        [beneficiary(status="9")],
        [beneficiary(status="")],
        [beneficiary(programme="OTHER")],
        [beneficiary(enrollment_date="yesterday")],
        [beneficiary(enrollment_date="2024-13-01")],
        [beneficiary(member={})],
        [{"programme_identifier": {"programme": {"programme_identifier": "KAFAALAT"}}}],
        [{**beneficiary(member={}), "parent1_identifier": person()["identifier"]}],
        [{}],
        ["nonsense"],
    ],
)
def test_records_that_are_no_fact_about_this_person(tmp_path: Path, keys: Keys, found: Any) -> None:
    with pytest.raises(Refused):
        find(tmp_path, keys, records(*found), kind="ibr", scopes=IBR)


def _yes_or_no(said: Any, found: Any = ()) -> Any:
    async def reply(request: Any) -> bytes:
        asked = request["message"]
        if "search_request" in asked:
            return told(request, searched(request, list(found)))
        programme = asked["enrolled_criteria"]["query"]["programme_identifier.program.programme_identifier"][
            "eq"
        ]
        item = {"reference_id": "r", "timestamp": "2026-11-24T09:00:00Z", "status": "succ", **said(programme)}
        message = {
            "transaction_id": asked["transaction_id"],
            "correlation_id": "c",
            "enrolled_response": [item],
        }
        return told(request, message)

    return reply


def test_a_plain_no_is_none_on_record(tmp_path: Path, keys: Keys) -> None:
    answer = _yes_or_no(lambda programme: {"enrolled_status": "no"})
    found = find(tmp_path, keys, answer, kind="ibr", ask="enrolled", scopes=IBR)
    assert found == Record(NOW.date(), enrolments=())


def test_a_yes_is_followed_by_the_search_that_names_the_day(tmp_path: Path, keys: Keys) -> None:
    answer = _yes_or_no(
        lambda programme: {"enrolled_status": "yes" if programme == "TALEEMI" else "no"},
        [beneficiary(programme="TALEEMI")],
    )
    found = find(tmp_path, keys, answer, kind="ibr", ask="enrolled", scopes=IBR)
    assert found is not None
    assert found.enrolments == (Enrolment("taleemi_wazaif", "enrolled", date(2022, 2, 1)),)


@pytest.mark.parametrize("said", ["yes", "maybe", ""])
def test_a_yes_without_a_record_and_an_unclear_answer_are_none(tmp_path: Path, keys: Keys, said: str) -> None:
    answer = _yes_or_no(lambda programme: {"enrolled_status": said})
    with pytest.raises(Refused):
        find(tmp_path, keys, answer, kind="ibr", ask="enrolled", scopes=IBR)


def test_a_search_response_in_answer_to_enrolled(tmp_path: Path, keys: Keys) -> None:
    """As the published sample does it, with the same record to each question."""
    entry = {
        "programme": {"programme_identifier": "KAFAALAT", "programme_name": "Kafaalat"},
        "enrolment_date": "2024-04-12T00:00",
        "enrolment_status": "Active",
    }
    record = {**person(), "programme_identifier": entry}
    found = find(tmp_path, keys, records(record), kind="ibr", ask="enrolled", scopes=IBR)
    assert found is not None
    assert found.enrolments == (Enrolment("kafaalat", "enrolled", date(2024, 4, 12)),)
    nothing = find(tmp_path, keys, records(), kind="ibr", ask="enrolled", scopes=IBR)
    assert nothing == Record(NOW.date(), enrolments=())


def test_enrolment_is_not_asked_for_where_it_is_not_wanted(tmp_path: Path, keys: Keys) -> None:
    found = find(
        tmp_path, keys, records(beneficiary()), kind="ibr", ask="enrolled", scopes=frozenset({"person.link"})
    )
    assert found is not None
    assert found.enrolments is None
    assert found.person is not None

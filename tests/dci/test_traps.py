"""The traps of the published artefacts, each by its number; all published samples must be read."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.dci import disburse, envelope, loose, records, search, status
from services.dci.codes import enrolment_word
from services.dci.envelope import Broken
from services.dci.search import Condition
from services.dci.signatures import DIALECTS, Unauthentic
from services.privacy.identifiers import Keys
from services.registry import Refused
from tests.dci.asked import IBR, find, says
from tests.dci.parties import CNIC, NOW, US, header, key, question
from tests.dci.peers import searched
from tests.dci.schemas import SAMPLES, faults, request_faults, response_faults

CAVAGE = DIALECTS["spdci-cavage"]


def load(sample: Path) -> Any:
    return envelope.read(sample.read_bytes(), {}, CAVAGE)


def sample(name: str) -> Any:
    return load(next(one for one in SAMPLES if f"{one.parent.name}/{one.stem}" == name))


@pytest.mark.parametrize("file", SAMPLES, ids=lambda one: f"{one.parent.name}/{one.stem}")
def test_trap_1_every_sample_is_read(file: Path) -> None:
    """And none of them passes the schema of its own standard."""
    received = load(file)
    head, message = received.header, received.message
    assert head.version == "1.0.0"
    assert head.action in ("search", "verify")
    assert head.at == datetime(2023, 7, 19, 12, 15, 4, 555000, UTC) or file.parent.name in ("dr", "fr")
    assert head.total_count == 1, "written as a text"
    assert head.sender
    assert received.signature.startswith("Signature:")
    with pytest.raises(Unauthentic):
        received.verify(CAVAGE, [key(US).public], sender=head.sender, at=NOW)
    kind = "ibr" if file.parent.name == "ibr" else "social"
    if "search_response" in message:
        (found,) = search.read_answer(message).items
        assert found.status == "rcvd"
        assert found.records
        assert response_faults(file.read_bytes(), kind, "/registry/sync/search")
    elif "enrolled_criteria" in message:
        assert search.read_enrolled(message) == (Condition("person_identifier", "eq", "847951632"),)
        assert request_faults(file.read_bytes(), "ibr", "/registry/sync/enrolled")
    else:
        (asked,) = search.read_requests(message)
        assert asked.conditions or file.stem.endswith("-copy"), "those two hold no criteria at all"
        assert request_faults(file.read_bytes(), kind, "/registry/sync/search")


def test_there_are_thirty_six_of_them() -> None:
    assert len(SAMPLES) == 36


def test_trap_1_people_and_standings_are_found_in_the_samples() -> None:
    group = sample("social/processflow1-1res").message["search_response"][0]["data"]["reg_records"][0]
    head, *_ = records.individuals(group)
    assert head.identifiers == (("NID", "0205202401"),)
    assert (head.given_name, head.sex) == ("Test", "F")
    assert records.surveyed_on(group) == date(1985, 5, 20)
    one = sample("social/processflow3ares").message["search_response"][0]["data"]["reg_records"][0]
    (found,) = records.individuals(one)
    assert found.identifiers == (("UIN", "847951632"), ("BRN", "947951532")), "and no parent's"
    assert (found.given_name, found.place, len(found.phones)) == ("Sudarat", "SH", 2)


def test_people_wrapped_without_end_are_not_followed() -> None:
    record: dict[str, Any] = {"identifier": [{"identifier_type": "UIN", "identifier_value": CNIC}]}
    for _ in range(4):
        record = {"member": record}
    assert len(records.individuals(record)) == 1
    assert not records.individuals({"member": record})


def test_trap_2_numbers_in_predicates_are_texts() -> None:
    """An integer matches two of the schema's alternatives. We send no predicate, and read both."""
    step = {"expression1": {"attribute_name": "UIN", "operator": "eq", "attribute_value": 5}}
    predicate = "/components/schemas/SubscriptionInfo/properties/filter/anyOf/2"
    assert faults([step], "social", predicate)
    assert not faults([{"expression1": {**step["expression1"], "attribute_value": "5"}}], "social", predicate)
    (asked,) = search.read_requests({"search_request": {"search_criteria": {"query": [step]}}})
    assert asked.conditions == (Condition("UIN", "eq", "5"),)
    assert json.dumps(question()).count(f'"{CNIC}"') == 1, "an identifier is a text too"


def test_trap_3_the_shape_of_a_query_says_what_it_is_not_its_name() -> None:
    mislabelled = sample("social/processflow3areq").message["search_request"][0]
    assert mislabelled["search_criteria"]["query_type"] == "expression"
    (asked,) = search.read_requests({"search_request": [mislabelled]})
    assert asked.conditions == (
        Condition("age", "lt", "25"),
        Condition("poverty_score", "lt", "2.5"),
        Condition("gender", "eq", "m"),
    )


def test_trap_4_misspelt_names_are_read() -> None:
    (found,) = search.read_answer({"search_response": {"timesstamp": "2026-01-15T10:30:00Z"}}).items
    assert found.at == datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
    assert status.read_status({"txn_status_request": {"reference_id": "r"}}).reference_id == "r"
    assert disburse.read_payments({"disburemsents": []}) == ()
    written = disburse.ask_payments(transaction_id="t", reference_id="r", at=NOW, payee="a:b@c", locale="urd")
    assert "disburemsents" not in json.dumps(written)


@pytest.mark.parametrize("found", [{"a": 1}, [{"a": 1}]])
def test_trap_5_records_are_a_list_or_one_object(found: Any) -> None:
    (one,) = search.read_answer({"search_response": [{"data": {"reg_records": found}}]}).items
    assert one.records == ({"a": 1},)


@pytest.mark.parametrize("name", ["enrolment", "enrollment"])
@pytest.mark.parametrize("word", ["programme", "program"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_trap_6_both_spellings_at_every_depth(name: str, word: str, wrapped: bool) -> None:
    entry: dict[str, Any] = {f"{word}_identifier": "P1"}
    entry = {word: entry} if wrapped else entry
    dates = {f"{name}_date": "2024-04-12T00:00", f"{name}_status": "Active"}
    name_of_list = f"{word}_identifier"
    for record in (
        {name_of_list: {**entry, **dates}},
        {name_of_list: [entry], **dates},
        {word: [{**entry, **dates}]},
        {"member": {name_of_list: {**entry, **dates}}},
    ):
        (standing,) = records.standings(record)
        assert (standing.programme, standing.status, standing.since) == ("P1", "Active", date(2024, 4, 12))
    (bare,) = records.standings({f"{word}_identifier": "P1", **dates})
    assert (bare.programme, bare.since) == ("P1", date(2024, 4, 12))
    assert enrolment_word("Active") == enrolment_word("1") == ("enrolled", None)
    assert search.is_programme(f"programme_identifier.{word}.{word}_identifier")


def test_trap_7_a_score_is_neither_read_nor_written() -> None:
    source = "".join(Path(module.__file__).read_text("utf-8") for module in (records, search))  # type: ignore[arg-type]
    assert "poverty_score" not in source


@pytest.mark.parametrize("value", ["USD 50", {"amount": "50.00", "currency_code": "USD"}, 50, None])
def test_trap_8_benefits_in_any_form_change_nothing(value: Any) -> None:
    """What was paid is asked of the payment system, never taken from here."""
    benefits = {"benefit_type": "Cash", "benefit_date": "02.05.2024", "benefit_value": value}
    record = {"programme_identifier": "P1", "enrollment_status": "1", "benefits": benefits}
    assert records.standings(record) == (records.Standing("P1", "1", None),)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("02.05.2024", date(2024, 5, 2)),
        ("2024-05-02", date(2024, 5, 2)),
        ("2024-05-02T00:00", date(2024, 5, 2)),
        ("2024-05-02T23:00:00-04:00", date(2024, 5, 2)),
        (" 2024-05-02T11:20:00Z", date(2024, 5, 2)),
        ("32.05.2024", None), ("2024-05", None), ("2024-05-021", None), ("", None), (None, None),
        (20240502, None),
    ],
)  # fmt: skip
def test_trap_9_days_in_three_ways(written: Any, day: date | None) -> None:
    assert loose.day(written) == day


def test_trap_10_a_callback_without_a_message() -> None:
    head = envelope.response_header(
        id="m", at=NOW, action="on-search", sender=US, receiver="", count=1, completed=0
    )
    for dialect in DIALECTS.values():
        written = envelope.seal(head, None, dialect=dialect, key=key(US), at=NOW)
        assert not request_faults(written.body, "social", "/registry/on-search")
        arrived = {name.lower(): value for name, value in written.headers.items()}
        received = envelope.read(written.body, arrived, dialect)
        received.verify(dialect, [key(US).public], sender=US, at=NOW)
        assert received.message == {}
    for message in (b"null", b'""', b"[]"):
        assert envelope.read(b'{"header": {}, "message": ' + message + b"}", {}, CAVAGE).message == {}
    for broken in (b'{"message": {}}', b'{"header": "", "message": ""}', b'{"headers": "", "message": ""}'):
        with pytest.raises(Broken):
            envelope.read(broken, {}, CAVAGE)


def test_trap_11_a_page_is_not_taken_for_the_whole(tmp_path: Path, keys: Keys) -> None:
    pages = {"page_size": "1", "page_number": "1", "total_count": "2"}
    answer = says(lambda request: searched(request, [{"identifier": []}], pagination=pages))
    with pytest.raises(Refused, match="a part"):
        find(tmp_path, keys, answer, kind="ibr", scopes=IBR)


def test_trap_12_the_address_of_a_sender_is_not_even_read() -> None:
    """Nothing to call: `Header` has no such field. The server's own test watches the sockets."""
    written = envelope.seal(
        header(uri="http://169.254.169.254/"), question(), dialect=CAVAGE, key=key(US), at=NOW
    )
    assert "169.254" not in repr(envelope.read(written.body, {}, CAVAGE).header)
    source = Path(envelope.__file__).read_text("utf-8")
    assert source.count("sender_uri") == 1, "written, never read"

"""Every message that is written satisfies the published descriptions, whatever it is made of."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dci import codes, disburse, envelope, loose, search, status
from services.dci.codes import ErrorCode, HeaderReason, SearchReason
from services.dci.records import beneficiary_record, individuals, person_record, standings, surveyed_on
from services.dci.signatures import DIALECTS
from services.registry import EnrolmentReason, EnrolmentStatus, PaymentStatus, Person
from tests.dci.parties import NOW, key
from tests.dci.schemas import error_faults, faults, request_faults, response_faults

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=99)
MOMENT = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
DAY = st.dates(date(1900, 1, 1), date(2100, 1, 1))
LOCALE = st.from_regex(r"[a-z]{3}", fullmatch=True)
DIALECT = st.sampled_from(sorted(DIALECTS))


def sealed(dialect: str, head: Any, message: Any, at: datetime) -> bytes:
    return envelope.seal(head, message, dialect=DIALECTS[dialect], key=key("k-1"), at=at).body


def request(dialect: str, message: Any, at: datetime, *, action: str = "search", uri: str = "") -> bytes:
    head = envelope.request_header(id="m", at=at, action=action, sender="a", receiver="b", count=1, uri=uri)
    return sealed(dialect, head, message, at)


def response(
    dialect: str, message: Any, at: datetime, *, action: str = "on-search", reason: Any = None
) -> bytes:
    head = envelope.response_header(
        id="m", at=at, action=action, sender="a", receiver="b", count=1, completed=1,
        status="rjct" if reason else "succ", reason=reason,
    )  # fmt: skip
    return sealed(dialect, head, message, at)


@given(DIALECT, ID, ID, MOMENT, TEXT, TEXT, TEXT, LOCALE)
def test_searches(
    dialect: str, id: str, reference: str, at: datetime, kind: str, value: str, purpose: str, locale: str
) -> None:
    message = search.ask(
        transaction_id=id, reference_id=reference, at=at, registry=kind, record=kind, id_type=kind,
        id_value=value, locale=locale, purpose=purpose,
    )  # fmt: skip
    body = request(dialect, message, at, uri="https://bot.example.org/dci")
    for file in ("social", "ibr"):
        assert not request_faults(body, file, "/registry/sync/search")
    (read,) = search.read_requests(json.loads(body)["message"])
    assert read.conditions == (search.Condition(kind.strip(), "eq", value.strip()),)
    assert read.purpose == purpose.strip()


@given(DIALECT, ID, MOMENT, TEXT, TEXT)
def test_questions_for_enrolment(
    dialect: str, transaction: str, at: datetime, value: str, programme: str
) -> None:
    message = search.ask_enrolled(transaction_id=transaction, id_value=value, programme=programme)
    assert not request_faults(request(dialect, message, at), "ibr", "/registry/sync/enrolled")
    person, enrolment = search.read_enrolled(message) or ()
    assert (person.value, enrolment.value) == (value.strip(), programme.strip())


@given(DIALECT, ID, ID, MOMENT, TEXT, st.sampled_from(["female", "male", "other", ""]), DAY, LOCALE)
def test_answers(
    dialect: str, transaction: str, reference: str, at: datetime, name: str, sex: str, day: date, locale: str
) -> None:  # fmt: skip
    ids = {"UIN": "9000000000012"}
    person = person_record(identifiers=ids, name=name, sex=sex, surveyed_on=day)
    record = beneficiary_record(identifiers=ids, programme="P", status="1", since=day, name=name, sex=sex)
    for one, file in ((person, "social"), (record, "ibr")):
        items = [
            search.found([one], reference_id=reference, at=at, registry="r", record="c", locale=locale),
            search.found([], reference_id=reference, at=at, registry="", record="", locale=locale, page=9),
            *(search.refused(reason, reference_id=reference, at=at) for reason in SearchReason.__args__),  # type: ignore[attr-defined]
        ]
        message = search.answer(transaction_id=transaction, correlation_id="c", items=items)
        body = response(dialect, message, at)
        assert not response_faults(body, file, "/registry/sync/search")
        read = search.read_answer(json.loads(body)["message"])
        assert read.items[0].records == (one,)
        (told,) = individuals(one)
        assert (told.given_name, told.sex) == (name.strip(), sex)
    assert surveyed_on(person) == day
    assert [(one.programme, one.status, one.since) for one in standings(record)] == [("P", "1", day)]


@given(DIALECT, ID, MOMENT, st.booleans())
def test_answers_about_enrolment_and_transactions(dialect: str, id: str, at: datetime, yes: bool) -> None:
    message = search.answer_enrolled(yes, transaction_id=id, correlation_id=id, reference_id=id, at=at)
    assert not response_faults(response(dialect, message, at), "ibr", "/registry/sync/enrolled")
    (read,) = search.read_answer(message).items
    assert read.enrolled == ("yes" if yes else "no")
    asked = status.StatusAsked(id, id, "search", "transaction_id", id)
    told = status.answer_status(asked, known=yes, correlation_id=id, at=at)
    body = response(dialect, told, at, action="txn-on-status")
    assert not response_faults(body, "social", "/registry/sync/txn/status")


@given(DIALECT, ID, MOMENT, LOCALE, st.lists(ID, min_size=1, max_size=4))
def test_questions_about_payments(
    dialect: str, id: str, at: datetime, locale: str, references: list[str]
) -> None:
    ask = disburse.ask_payments(transaction_id=id, reference_id=id, at=at, payee="a:b@c", locale=locale)
    body = request(dialect, ask, at, action=disburse.ACTION)
    assert not request_faults(body, "disburse", "/disburse/sync/search")
    state = disburse.ask_status(transaction_id=id, reference_id=id, references=references, locale=locale)
    body = request(dialect, state, at, action=disburse.ACTION)
    assert not request_faults(body, "disburse", "/disburse/sync/txn/status")


def test_refusals() -> None:
    for reason in HeaderReason.__args__:  # type: ignore[attr-defined]
        for file in ("social", "ibr"):
            body = response("spdci-cavage", None, NOW, reason=reason)
            assert not response_faults(body, file, "/registry/sync/search")
    for code in ErrorCode.__args__:  # type: ignore[attr-defined]
        body = json.dumps(envelope.error(code, "why")).encode()
        assert not error_faults(body)
        assert not faults(envelope.error(code, "why")["errors"][0], "ibr", "/components/schemas/Error")


def enum(file: str, pointer: str) -> set[str]:
    """The values that a description allows, found by what it refuses."""
    (fault,) = faults("nonsense", file, pointer)
    return set(json.loads(fault.rpartition("of ")[2].replace("'", '"')))


def test_the_codes_are_those_of_the_standard() -> None:
    schemas = "/components/schemas"
    assert set(SearchReason.__args__) == enum("social", f"{schemas}/SearchStatusReasonCode")  # type: ignore[attr-defined]
    assert set(HeaderReason.__args__) == enum("social", f"{schemas}/MsgHeaderStatusReasonCode")  # type: ignore[attr-defined]
    assert set(codes.Status.__args__) == enum("social", f"{schemas}/UnSubscribeResponse/properties/status")  # type: ignore[attr-defined]
    assert set(ErrorCode.__args__) == enum("social", f"{schemas}/Error/properties/code")  # type: ignore[attr-defined]
    assert set(codes.PAYMENT) | {"rjct"} == enum("disburse", f"{schemas}/RequestStatus")
    assert set(codes.REJECTED) < enum("disburse", f"{schemas}/DisburseStatusReasonCode")


def test_every_word_has_a_code_and_every_code_a_word() -> None:
    words = EnrolmentStatus.__args__  # type: ignore[attr-defined]
    for word in words:
        for reason in (None, *EnrolmentReason.__args__):  # type: ignore[attr-defined]
            told = codes.enrolment_word(codes.enrolment_code(word, reason))
            assert told is not None
            assert told[0] == word
            assert told[1] in (None, reason)
    for code, (word, reason) in codes.ENROLMENT.items():
        assert word in words
        assert codes.enrolment_code(word, reason) == code
    assert codes.enrolment_word("5") is None
    sexes = set(Person.__annotations__["sex"].__args__)
    assert {codes.sex_word(codes.sex_code(sex)) for sex in sexes} == sexes
    assert {codes.sex_word(label) for label in ("F", "M", "Others", "", "unknown")} == {"f", "m", "x", ""}
    states = {codes.payment_word(one, "") for one in (*codes.PAYMENT, "rjct")}
    assert states | {codes.payment_word("rjct", "rjct.payee_fa.invalid")} <= set(PaymentStatus.__args__)  # type: ignore[attr-defined]
    assert codes.payment_word("other", "") is None


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [("1", 1, "1"), (1, 1, "1"), ("", None, ""), (None, None, ""), (True, None, ""), ([], None, ""),
     ("1.5", None, "1.5"), (1.5, None, "1.5")],
)  # fmt: skip
def test_numbers_and_texts_that_come(value: Any, number: Any, text: str) -> None:
    assert (loose.number(value), loose.text(value)) == (number, text)

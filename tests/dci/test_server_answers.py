"""Our server: what is answered to questions that were let in."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.dci import search
from services.dci.codes import ENROLMENT
from services.dci.signatures import DIALECTS
from services.registry import Enrolment, Record
from services.store.engine import Store
from tests.dci.driven import ENROLLED, Driven, item, turned
from tests.dci.parties import CNIC, NOW, OTHER, URDU, question
from tests.dci.peers import Known


@pytest.fixture
def database() -> str:
    """One kind of database is enough: the answers come from no table."""
    return "sqlite"


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_person(tmp_path: Path, store: Store, dialect: str) -> None:
    driven = Driven(tmp_path, store, dialect=dialect)
    told = driven.answer()
    assert told["header"]["status"] == "succ"
    assert told["message"]["transaction_id"] == "t-1"
    assert item(told)["reference_id"] == "r-1"
    assert item(told)["locale"] == "urd"
    assert item(told)["data"]["reg_records"] == [
        {
            "@context": {"@vocab": "https://schema.spdci.org/extensions/social/v1"},
            "@type": "SRPerson",
            "identifier": [{"identifier_type": "UIN", "identifier_value": CNIC}],
            "name": {"given_name": URDU},
            "sex": "female",
            "last_updated": "2024-03-01T00:00:00Z",
        }
    ]
    assert driven.registry.asked == [{"person.link", "survey.recency"}]


def test_a_beneficiary(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)
    told = driven.answer(question(registry="ns:org:RegistryType:IBR", record="Beneficiary"))
    (record,) = item(told)["data"]["reg_records"]
    assert record["programme_identifier"][0]["programme_identifier"] == "KAFAALAT"
    assert (record["enrollment_status"], record["enrollment_date"]) == ("1", "2022-02-01T00:00:00Z")
    assert record["member"]["demographic_info"] == {"name": {"given_name": URDU}, "sex": "female"}
    assert item(told)["data"]["reg_type"] == "ns:org:RegistryType:IBR"
    assert driven.registry.asked == [{"person.link", "enrolment.status"}]


@pytest.mark.parametrize(
    ("registry", "record", "kind"),
    [
        ("", "", "SRPerson"),
        ("", "Beneficiary", "Beneficiary"),
        ("IBR", "", "Beneficiary"),
        ("Social", "Person", "SRPerson"),
    ],
)
def test_which_registry_is_meant(tmp_path: Path, store: Store, registry: str, record: str, kind: str) -> None:
    told = Driven(tmp_path, store).answer(question(registry=registry, record=record))
    assert item(told)["data"]["reg_record_type"] == kind


def test_every_standing_has_a_code(tmp_path: Path, store: Store) -> None:
    words: Any = list(ENROLMENT.values())
    standings = [Enrolment(f"p{n}", *word[:1], date(2022, 2, 1), word[1]) for n, word in enumerate(words)]
    driven = Driven(tmp_path, store, Known({CNIC: Record(NOW.date(), enrolments=tuple(standings))}))
    told = driven.answer(question(registry="IBR", record=""))
    assert [record["enrollment_status"] for record in item(told)["data"]["reg_records"]] == list(ENROLMENT)


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ([], set()),
        (["name"], {"name"}),
        (["sex"], {"sex"}),
        (["survey_date"], {"last_updated"}),
        (["enrolment"], set()),
    ],
)
def test_what_a_client_may_not_learn_is_left_out(
    tmp_path: Path, store: Store, fields: Any, held: Any
) -> None:
    driven = Driven(tmp_path, store, fields=fields)
    (record,) = item(driven.answer())["data"]["reg_records"]
    assert set(record) - {"@context", "@type", "identifier"} == held
    (lookup,) = driven.audited
    assert lookup.fields == set(fields) - {"enrolment"}


def test_never_a_score_a_phone_a_child_or_a_payment(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)
    for registry in ("Social", "IBR"):
        told = json.dumps(driven.answer(question(registry=registry, record="")))
        for secret in ("score", "phone", "sealed", "Ali", "9999", "taleemi", "2030", "kech"):
            assert secret not in told


def test_nobody_there_is_an_empty_list(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store, Known())
    told = driven.answer()
    assert item(told)["status"] == "succ"
    assert item(told)["data"]["reg_records"] == []
    assert item(told)["pagination"]["total_count"] == 0
    assert driven.audited[0].outcome == "not_found"
    unenrolled = Driven(tmp_path, store, Known({CNIC: Record(NOW.date(), enrolments=())}))
    assert not item(unenrolled.answer(question(registry="IBR", record=""), id="x"))["data"]["reg_records"]


def predicate(attribute: str, operator: str = "eq", value: str = CNIC) -> list[Any]:
    return [
        {
            "seq_num": 1,
            "expression1": {"attribute_name": attribute, "operator": operator, "attribute_value": value},
        }
    ]


def expression(tree: Any) -> Any:
    return {
        "type": "ns:org:QueryType:expression",
        "value": {"expression": {"collection": "Group", "query": tree}},
    }


@pytest.mark.parametrize(
    ("kind", "query", "good"),
    [
        ("idtype-value", {"type": "UIN", "value": CNIC}, True),
        ("idtype-value", {"type": "UIN", "value": "90000-0000001-2"}, True),
        ("idtype-value", {"type": "UIN", "value": "12"}, False),
        ("idtype-value", {"type": "BRN", "value": CNIC}, False),
        ("idtype-value", {"type": "poverty_score", "value": "5"}, False),
        ("predicate", predicate("UIN"), True),
        ("predicate", predicate("person_identifier"), True),
        ("predicate", predicate("poverty_score", "le", "32"), False),
        ("predicate", predicate("UIN", "in"), False),
        ("predicate", predicate("UIN", ""), False),
        ("predicate", predicate("UIN") * 2, False),
        ("predicate", [{**predicate("UIN")[0], "condition": "or"}], False),
        ("expression", expression({"identifier": {"$eq": CNIC}}), True),
        ("expression", expression({"$and": [{"UIN": {"eq": CNIC}}]}), True),
        ("expression", expression({"$and": [{"UIN": {"eq": CNIC}}, {"poverty_score": {"$lt": 5}}]}), False),
        ("expression", expression({"$or": [{"UIN": {"eq": CNIC}}]}), False),
        ("expression", expression({"UIN": CNIC}), False),
        ("expression", {}, False),
    ],
)
def test_only_one_person_by_an_identifier(
    tmp_path: Path, store: Store, kind: str, query: Any, good: bool
) -> None:
    driven = Driven(tmp_path, store)
    message = question()
    message["search_request"][0]["search_criteria"] |= {"query_type": kind, "query": query}
    one = item(driven.answer(message))
    if good:
        assert one["data"]["reg_records"]
    else:
        assert (one["status"], one["status_reason_code"]) == ("rjct", "rjct.search_criteria.invalid")
        assert not driven.registry.asked
    assert len(driven.audited) == 1
    assert driven.audited[0].outcome == ("found" if good else "rjct.search_criteria.invalid")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"reference_id": ""}, "rjct.reference_id.invalid"),
        ({"timestamp": "2026-01-15 10:30"}, "rjct.timestamp.invalid"),
        ({"timestamp": "2026-01-15T10:30:00"}, "rjct.timestamp.invalid"),
        ({"locale": "en"}, "rjct.search_criteria.invalid"),
        ({"locale": "ENG"}, "rjct.search_criteria.invalid"),
        ({"search_criteria": None}, "rjct.search_criteria.invalid"),
    ],
)
def test_items_that_are_refused(tmp_path: Path, store: Store, changed: Any, reason: str) -> None:
    message = question()
    message["search_request"][0] |= changed
    assert item(Driven(tmp_path, store).answer(message))["status_reason_code"] == reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"pagination": {"page_size": 0, "page_number": 1}}, "rjct.pagination.invalid"),
        ({"pagination": {"page_size": 5, "page_number": 0}}, "rjct.pagination.invalid"),
        ({"pagination": {"page_size": -5}}, "rjct.pagination.invalid"),
        ({"reg_type": "ns:org:RegistryType:Civil"}, "rjct.search_criteria.invalid"),
        ({"reg_record_type": "Group"}, "rjct.search_criteria.invalid"),
    ],
)
def test_criteria_that_are_refused(tmp_path: Path, store: Store, changed: Any, reason: str) -> None:
    message = question()
    message["search_request"][0]["search_criteria"] |= changed
    assert item(Driven(tmp_path, store).answer(message))["status_reason_code"] == reason


def test_enrolment_is_refused_where_it_was_not_agreed(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store, fields=["name"])
    one = item(driven.answer(question(registry="IBR", record="")))
    assert one["status_reason_code"] == "rjct.search_criteria.invalid"
    enrolled = search.ask_enrolled(transaction_id="t-2", id_value=CNIC, programme="KAFAALAT")
    turned(driven.ask(enrolled, ENROLLED), 403, "err.request.forbidden")
    assert not driven.registry.asked
    assert [one.outcome for one in driven.audited] == [
        "rjct.search_criteria.invalid",
        "err.request.forbidden",
    ]


def test_pages(tmp_path: Path, store: Store) -> None:
    standings = tuple(Enrolment(f"p{n}", "enrolled", date(2022, 2, 1)) for n in range(5))
    driven = Driven(tmp_path, store, Known({CNIC: Record(NOW.date(), enrolments=standings)}))

    def page(size: Any, number: Any) -> Any:
        message = question(registry="IBR", record="")
        message["search_request"][0]["search_criteria"]["pagination"] = {
            "page_size": size,
            "page_number": number,
        }
        one = item(driven.answer(message))
        assert one["pagination"]["total_count"] == 5
        return [
            record["programme_identifier"][0]["programme_identifier"] for record in one["data"]["reg_records"]
        ]

    assert page(2, 1) == ["p0", "p1"]
    assert page("2", "3") == ["p4"]
    assert page(2, 4) == []
    assert len(page(10_000, 1)) == 5


def test_several_persons_only_where_that_was_agreed(tmp_path: Path, store: Store) -> None:
    message = question()
    first = message["search_request"][0]
    message["search_request"] += [{**first, "reference_id": "r-2"}, {**first, "reference_id": "r-2"}]
    refused = Driven(tmp_path, store).answer(message, count=3)
    assert refused["header"]["status_reason_code"] == "rjct.total_count.limit_exceeded"
    driven = Driven(tmp_path, store, batch=3)
    told = driven.answer(message, count=3, id="other")
    assert [one["status"] for one in told["message"]["search_response"]] == ["succ", "succ", "rjct"]
    assert told["message"]["search_response"][2]["status_reason_code"] == "rjct.reference_id.duplicate"
    assert len(driven.audited) == 3


def test_what_the_audit_is_told(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)
    driven.answer(question(purpose="grievance.check" + "." * 20_000), id="m-7")
    (lookup,) = driven.audited
    assert (lookup.partner, lookup.message_id, lookup.transaction_id) == ("bot", "m-7", "t-1")
    assert (lookup.reference_id, lookup.purpose[:15], lookup.at) == ("r-1", "grievance.check", NOW)
    assert len(lookup.purpose) == 100
    assert (lookup.cnic, lookup.outcome) == (CNIC, "found")
    assert lookup.scopes == {"person.link", "survey.recency"}
    assert lookup.fields == {"name", "sex", "survey_date"}
    assert CNIC not in repr(lookup)


def enrolled_in(driven: Driven, query: Any) -> Any:
    criteria = {"query_type": "expression", "response_entity": "Member", "query": query}
    return driven.answer({"transaction_id": "t-3", "enrolled_criteria": criteria}, ENROLLED)["message"]


def test_enrolled_or_not(tmp_path: Path, store: Store) -> None:
    driven = Driven(tmp_path, store)

    def said(person: str, programme: str | None) -> str:
        query: Any = {"person_identifier": {"eq": person}}
        if programme:
            query["programme_identifier.program.programme_identifier"] = {"eq": programme}
        (one,) = enrolled_in(driven, query)["enrolled_response"]
        assert one["reference_id"] == "t-3"
        return str(one["enrolled_status"])

    assert said(CNIC, "KAFAALAT") == "yes"
    assert said(CNIC, None) == "yes"
    assert said(CNIC, "taleemi_wazaif") == "no", "that is her child's"
    assert said(CNIC, "OTHER") == "no"
    assert said(OTHER, "KAFAALAT") == "no"
    assert driven.registry.asked == [{"enrolment.status"}] * 5
    assert [one.outcome for one in driven.audited] == ["found"] * 4 + ["not_found"]


def test_the_sample_s_own_way_to_ask(tmp_path: Path, store: Store) -> None:
    query = {"attribute_name": "person_identifier", "operator": "eq", "attribute_value": CNIC}
    (one,) = enrolled_in(Driven(tmp_path, store), query)["enrolled_response"]
    assert one["enrolled_status"] == "yes"


@pytest.mark.parametrize(
    "query",
    [
        {}, "", {"person_identifier": {"eq": "12"}}, {"person_identifier": {"ne": CNIC}},
        {"person_identifier": {"eq": CNIC}, "poverty_score": {"lt": "5"}},
        {"programme_identifier": {"eq": "KAFAALAT"}},
        {
            "person_identifier": {"eq": CNIC}, "a.programme_identifier": {"eq": "A"},
            "programme_identifier": {"eq": "B"},
        },
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_no_no(tmp_path: Path, store: Store, query: Any) -> None:
    driven = Driven(tmp_path, store)
    message = {"transaction_id": "t-3", "enrolled_criteria": {"query": query}}
    turned(driven.ask(message, ENROLLED), 400, "err.request.bad")
    assert driven.audited[0].outcome == "err.request.bad"
    assert not driven.registry.asked

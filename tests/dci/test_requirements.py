"""The requirements of the independent compliance suite that a synchronous registry and its client must meet.

One case for each; those that the suite tests on the asynchronous path are held to on the synchronous one.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.store.engine import Store
from tests.dci.driven import NASEEM, SEARCH, STATUS, Driven, valid
from tests.dci.parties import CNIC, header, question, sealed
from tests.dci.peers import Known
from tests.dci.schemas import DATA, request_faults

REQUIREMENTS: Any = json.loads((DATA / "requirements.json").read_text("utf-8"))["requirements"]
STATUS_QUESTION: Any = {
    "transaction_id": "t-2",
    "txnstatus_request": {
        "reference_id": "r", "txn_type": "search", "attribute_type": "transaction_id", "attribute_value": "t",
    },
}  # fmt: skip


@pytest.fixture
def database() -> str:
    """One kind of database is enough: the answers come from no table."""
    return "sqlite"


@pytest.fixture
def driven(tmp_path: Path, store: Store) -> Driven:
    return Driven(tmp_path, store, Known({CNIC: NASEEM}))


def asked(driven: Driven, **changed: Any) -> httpx.Response:
    """A search whose item is changed in these members."""
    message = question()
    message["search_request"][0] |= changed
    return driven.ask(message)


def of(driven: Driven, **changed: Any) -> httpx.Response:
    """A search whose criteria are changed in these members."""
    message = question()
    message["search_request"][0]["search_criteria"] |= changed
    return driven.ask(message)


def accepts(response: httpx.Response, path: str = SEARCH) -> None:
    assert response.status_code == 200
    valid(response, path)
    told = response.json()
    assert told["header"]["status"] == "succ"
    if path == SEARCH:
        assert told["message"]["search_response"][0]["status"] == "succ"


def rejects(response: httpx.Response) -> None:
    """By HTTP, or by a status of the item, which must be a proper one."""
    if response.status_code == 200:
        valid(response, SEARCH)
        assert response.json()["message"]["search_response"][0]["status"] == "rjct"
    else:
        assert 400 <= response.status_code < 500


def unauthorised(driven: Driven, message: Any, path: str) -> None:
    written = sealed("spdci-cavage", message, action="txn-status" if path == STATUS else "search")
    assert driven.send(written.body, {}, path).status_code in (401, 403)


def predicate() -> list[Any]:
    return [
        {"seq_num": 1, "expression1": {"attribute_name": "UIN", "operator": "eq", "attribute_value": CNIC}}
    ]


EXPRESSION: Any = {
    "type": "ns:org:QueryType:expression",
    "value": {"expression": {"collection": "SRPerson", "query": {"UIN": {"$eq": CNIC}}}},
}

CASES: dict[str, Callable[[Driven], None]] = {
    "DCI-VAL-FMT-TS-01": lambda driven: rejects(asked(driven, timestamp="15/01/2026")),
    "DCI-VAL-FMT-TS-02": lambda driven: accepts(asked(driven, timestamp="2026-01-15T10:30:00.5+05:00")),
    "DCI-VAL-FMT-LOC-01": lambda driven: accepts(asked(driven, locale="eng")),
    "DCI-VAL-FMT-LOC-02": lambda driven: rejects(asked(driven, locale="en")),
    "DCI-VAL-FMT-LOC-03": lambda driven: rejects(asked(driven, locale="ENG")),
    "DCI-VAL-BND-TXN-01": lambda driven: accepts(driven.ask(question(transaction_id="t" * 99))),
    "DCI-VAL-BND-TXN-02": lambda driven: rejects(driven.ask(question(transaction_id="t" * 100))),
    "DCI-VAL-BND-REF-01": lambda driven: accepts(asked(driven, reference_id="r" * 200)),
    "DCI-CORE-PAG-01": lambda driven: accepts(of(driven, pagination={"page_size": 10, "page_number": 1})),
    "DCI-CORE-PAG-02": lambda driven: accepts(of(driven, pagination={"page_size": 10})),
    "DCI-CORE-PAG-03": lambda driven: accepts(of(driven, pagination={"page_size": 10, "page_number": 2})),
    "DCI-VAL-PAG-01": lambda driven: rejects(of(driven, pagination={"page_size": 0, "page_number": 1})),
    "DCI-VAL-PAG-02": lambda driven: rejects(of(driven, pagination={"page_size": 10, "page_number": 0})),
    "DCI-VAL-PAG-03": lambda driven: rejects(of(driven, pagination={"page_size": -1, "page_number": 1})),
    "SR-CORE-RG-SYNC-SEARCH-01": lambda driven: accepts(driven.ask()),
    "SR-CORE-RG-SYNC-TXNSTATUS-01": lambda driven: accepts(driven.ask(STATUS_QUESTION, STATUS), STATUS),
    "SR-CORE-RG-SYNC-SEARCH-NEG-01": lambda driven: rejects(driven.ask({"transaction_id": "t"})),
    "SR-CORE-RG-SYNC-TXNSTATUS-NEG-01": lambda driven: rejects(driven.ask({"transaction_id": "t"}, STATUS)),
    "SR-SEC-AUTH-RG-SYNC-SEARCH-01": lambda driven: unauthorised(driven, question(), SEARCH),
    "SR-SEC-AUTH-RG-SYNC-TXNSTATUS-01": lambda driven: unauthorised(driven, STATUS_QUESTION, STATUS),
    "SR-EXTRA-RG-SYNC-SEARCH-REGRECORDS-01": lambda driven: records(driven.ask()),
    "SR-CORE-RG-SYNC-SEARCH-EXPRESSION-01": lambda driven: accepts(
        of(driven, query_type="expression", query=EXPRESSION)
    ),
    "SR-CORE-RG-SYNC-SEARCH-PREDICATE-01": lambda driven: accepts(
        of(driven, query_type="predicate", query=predicate())
    ),
    "SP-CORE-CL-SYNC-SEARCH-01": lambda driven: is_valid_request(),
}


def records(response: httpx.Response) -> None:
    (record,) = response.json()["message"]["search_response"][0]["data"]["reg_records"]
    assert record["@type"] == "SRPerson"


def is_valid_request() -> None:
    written = sealed("spdci-cavage", question(), uri="https://bot.example.org/dci")
    assert not request_faults(written.body, "social", SEARCH)
    assert written.headers["Content-Type"] == "application/json"
    assert header()["version"] == "1.0.0"


@pytest.mark.parametrize("requirement", [one["id"] for one in REQUIREMENTS])
def test_requirement(driven: Driven, requirement: str) -> None:
    CASES[requirement](driven)


def test_there_is_no_case_without_a_requirement() -> None:
    assert set(CASES) == {one["id"] for one in REQUIREMENTS}

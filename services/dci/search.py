"""Searches of a registry, the questions and the answers: `/registry/sync/search` and `/sync/enrolled`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.dci import loose
from services.dci.codes import SearchReason, Status
from services.dci.envelope import VERSION, stamp

LONGEST_ID = 99
"""Characters of a transaction or correlation id."""

PAGE = 50
"""Records that are asked for at most: more than any family has."""

_PERSON = ("person_identifier", "identifier", "identifier_value", "member_identifier")
_CHAINS = ("$and",)


@dataclass(frozen=True, slots=True)
class Condition:
    """That an attribute (or an identifier of a type) compares so with a value: eq, lt, gt, le, ge, in."""

    attribute: str
    operator: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Criteria:
    """One search of a request. `conditions` must all hold; None where the query cannot be understood."""

    reference_id: str
    at: datetime | None
    registry: str
    record: str
    conditions: tuple[Condition, ...] | None
    page_size: int | None
    page: int | None
    locale: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Found:
    """One answer of a response. `listed` is whether there is a list of records, be it an empty one.

    `total` is how many records there are, of which these are a page.
    """

    reference_id: str
    at: datetime | None
    status: str
    reason: str
    enrolled: str = ""
    listed: bool = False
    total: int | None = None
    records: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """The message of a response to a search, or to the question whether somebody is enrolled."""

    transaction_id: str
    correlation_id: str
    items: tuple[Found, ...]


def ask(
    *,
    transaction_id: str,
    reference_id: str,
    at: datetime,
    registry: str,
    record: str,
    id_type: str,
    id_value: str,
    locale: str,
    purpose: str = "",
) -> dict[str, Any]:
    """The message that searches for one identifier. `purpose` is the code of what entitles us to ask."""
    because: dict[str, Any] = {"ts": stamp(at), "purpose": {"code": purpose, "text": purpose}}
    criteria: dict[str, Any] = {
        "version": VERSION,
        "reg_type": registry,
        "reg_record_type": record,
        "query_type": "idtype-value",
        "query": {"type": id_type, "value": id_value},
        "pagination": {"page_size": PAGE, "page_number": 1},
        **({"authorize": because} if purpose else {}),
    }
    item = {
        "reference_id": reference_id,
        "timestamp": stamp(at),
        "search_criteria": criteria,
        "locale": locale,
    }
    return {"transaction_id": transaction_id, "search_request": [item]}


def ask_enrolled(*, transaction_id: str, id_value: str, programme: str) -> dict[str, Any]:
    """The message that asks whether somebody is enrolled in a programme."""
    query = {
        "person_identifier": {"eq": id_value},
        "programme_identifier.program.programme_identifier": {"eq": programme},
    }
    criteria = {"query_type": "expression", "response_entity": "Member", "query": query}
    return {"transaction_id": transaction_id, "enrolled_criteria": criteria}


def answer(*, transaction_id: str, correlation_id: str, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The message of a response; `items` are made by `found` and `refused`."""
    return {
        "transaction_id": transaction_id,
        "correlation_id": correlation_id,
        "search_response": list(items),
    }


def found(
    records: Sequence[Mapping[str, Any]],
    *,
    reference_id: str,
    at: datetime,
    registry: str,
    record: str,
    locale: str,
    page: int = 1,
    page_size: int = PAGE,
) -> dict[str, Any]:
    """A page of what a search found. Nothing found is an empty page: there is no code for it."""
    start = (page - 1) * page_size
    data = {
        "version": VERSION,
        "reg_type": registry,
        "reg_record_type": record,
        "reg_records": list(records[start : start + page_size]),
    }
    return {
        "reference_id": reference_id,
        "timestamp": stamp(at),
        "status": "succ",
        "data": data,
        "pagination": {"page_size": page_size, "page_number": page, "total_count": len(records)},
        "locale": locale,
    }


def refused(reason: SearchReason, *, reference_id: str, at: datetime) -> dict[str, Any]:
    """A search that was not made, and why."""
    status: Status = "rjct"
    told = {"reference_id": reference_id, "timestamp": stamp(at), "status": status}
    return {**told, "status_reason_code": reason}


def answer_enrolled(
    enrolled: bool, *, transaction_id: str, correlation_id: str, reference_id: str, at: datetime
) -> dict[str, Any]:
    """The message that says whether somebody is enrolled."""
    item = {
        "reference_id": reference_id,
        "timestamp": stamp(at),
        "status": "succ",
        "enrolled_status": "yes" if enrolled else "no",
    }
    return {
        "transaction_id": transaction_id,
        "correlation_id": correlation_id,
        "enrolled_response": [item],
    }


def read_requests(message: Mapping[str, Any]) -> tuple[Criteria, ...]:
    """The searches of a request, one that stands there without a list included."""
    return tuple(_criteria(item) for item in loose.parts(message.get("search_request")))


def read_enrolled(message: Mapping[str, Any]) -> tuple[Condition, ...] | None:
    """The conditions of a question for enrolment, None where it cannot be understood."""
    criteria = loose.part(message.get("enrolled_criteria"))
    return _conditions(criteria.get("query"))


def is_person(attribute: str, id_types: Sequence[str]) -> bool:
    """Whether an attribute is a person's identifier: by its type, or by a name that profiles give it."""
    return attribute in id_types or attribute in _PERSON


def is_programme(attribute: str) -> bool:
    """Whether an attribute is a programme's identifier, in either spelling and at any depth."""
    return attribute.rpartition(".")[2] in ("programme_identifier", "program_identifier")


def read_answer(message: Mapping[str, Any]) -> Answer:
    """The message of a response, whichever of the two kinds of answer it holds."""
    items = loose.parts(message.get("search_response")) + loose.parts(message.get("enrolled_response"))
    return Answer(
        transaction_id=loose.text(message.get("transaction_id")),
        correlation_id=loose.text(message.get("correlation_id")),
        items=tuple(map(_found, items)),
    )


def _found(item: Mapping[str, Any]) -> Found:
    data = loose.part(item.get("data"))
    return Found(
        reference_id=loose.text(item.get("reference_id")),
        at=loose.moment(loose.first(item, "timestamp", "timesstamp")),
        status=loose.text(item.get("status")),
        reason=loose.text(item.get("status_reason_code")),
        enrolled=loose.text(item.get("enrolled_status")).lower(),
        listed="reg_records" in data,
        total=loose.number(loose.part(item.get("pagination")).get("total_count")),
        records=loose.parts(data.get("reg_records")),
    )


def _criteria(item: Mapping[str, Any]) -> Criteria:
    criteria = loose.part(item.get("search_criteria"))
    pages = loose.part(criteria.get("pagination"))
    authorised = loose.part(loose.first(criteria, "authorize", "consent"))
    return Criteria(
        reference_id=loose.text(item.get("reference_id")),
        at=loose.moment(loose.first(item, "timestamp", "timesstamp")),
        registry=loose.text(criteria.get("reg_type")),
        record=loose.text(criteria.get("reg_record_type")),
        conditions=_conditions(criteria.get("query")),
        page_size=loose.number(pages.get("page_size")),
        page=loose.number(pages.get("page_number")),
        locale=loose.text(item.get("locale")),
        purpose=loose.text(loose.part(authorised.get("purpose")).get("code")),
    )


def _conditions(query: Any) -> tuple[Condition, ...] | None:
    """By the shape of the query alone: samples name the wrong `query_type`."""
    try:
        if isinstance(query, list):
            found = tuple(one for step in query for one in _predicate(loose.part(step)))
        else:
            found = tuple(_expression(loose.part(query)))
    except ValueError:
        return None
    return found or None


def _predicate(step: Mapping[str, Any]) -> Iterator[Condition]:
    if loose.text(step.get("condition")) not in ("", "and"):
        raise ValueError("only conditions that must all hold are understood")
    for name in sorted(step):
        if name.startswith("expression"):
            one = loose.part(step[name])
            if one:
                yield _condition(one)


def _condition(one: Mapping[str, Any]) -> Condition:
    attribute, operator = loose.text(one.get("attribute_name")), loose.text(one.get("operator"))
    if not attribute or not operator:
        raise ValueError("not a condition")
    return Condition(attribute, operator, loose.text(one.get("attribute_value")))


def _expression(query: Mapping[str, Any]) -> Iterator[Condition]:
    value = query.get("value")
    if isinstance(value, Mapping):
        yield from _tree(loose.part(loose.part(value.get("expression")).get("query")))
    elif set(query) == {"type", "value"}:
        yield Condition(loose.text(query["type"]), "eq", loose.text(value))
    elif "attribute_name" in query:
        yield _condition(query)
    else:
        yield from _tree(query)


def _tree(query: Mapping[str, Any]) -> Iterator[Condition]:
    for attribute, compared in query.items():
        if attribute in _CHAINS:
            for one in loose.parts(compared):
                yield from _tree(one)
        elif attribute.startswith("$") or not isinstance(compared, Mapping):
            raise ValueError("only conditions that must all hold are understood")
        else:
            for operator, value in compared.items():
                yield Condition(attribute, operator.removeprefix("$"), loose.text(value))

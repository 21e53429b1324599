"""What partner systems are told: their questions understood, looked up, audited and answered.

Nothing here decides who is asking; `services.web.dci` has.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from services.dci import loose, search
from services.dci.codes import ErrorCode, SearchReason, enrolment_code, sex_code
from services.dci.records import beneficiary_record, person_record
from services.dci.search import Condition, Criteria
from services.dci.status import answer_status, read_status
from services.partners import ClientPartner
from services.registry import Enrolment, Record, Registry, Scope, Unavailable
from services.store import partner_messages
from services.store.engine import Store

SCOPES: Mapping[str, Scope] = {
    "name": "person.link",
    "sex": "person.link",
    "survey_date": "survey.recency",
    "enrolment": "enrolment.status",
}
"""What must be asked of the registry to tell a field."""

Served: TypeAlias = Literal["Social", "IBR"]

_SERVED: Mapping[Served, tuple[str, frozenset[str]]] = {
    "Social": ("SRPerson", frozenset({"name", "sex", "survey_date"})),
    "IBR": ("Beneficiary", frozenset({"name", "sex", "enrolment"})),
}
_RECORD_TYPES: Mapping[str, Served] = {
    "srperson": "Social", "person": "Social", "member": "Social", "beneficiary": "IBR",
}  # fmt: skip
_LOCALE = re.compile(r"[a-z]{3}")
_LARGEST_PAGE = 100

_NOTED = 100
"""Characters of a partner's own texts that the audit is told."""


class Wrong(Exception):
    """A question that cannot be answered at all; the client is told so with an HTTP error."""

    def __init__(self, status: int, code: ErrorCode, why: str) -> None:
        super().__init__(why)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class PartnerLookup:
    """One look that a partner took at one person, or tried to: what the audit is told.

    `fields` are what the answer held, `scopes` what the registry was asked; `cnic` is None where the
    question named nobody. `outcome` is found, not_found, or the reason of the refusal. `purpose` is what
    the partner says it is.
    """

    partner: str
    message_id: str
    transaction_id: str
    reference_id: str
    at: datetime
    purpose: str
    cnic: str | None = field(repr=False)
    scopes: frozenset[Scope]
    fields: frozenset[str]
    outcome: str


Audit: TypeAlias = Callable[[PartnerLookup], Awaitable[None]]
"""Returns once the lookup is on record for good; whatever it raises, there is no answer."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """Where facts come from, and who is told that they were given away."""

    registry: Registry
    audit: Audit
    store: Store


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that is authentic, and new."""

    client: ClientPartner
    message_id: str
    transaction_id: str
    message: Mapping[str, Any] = field(repr=False)
    at: datetime
    correlation_id: str


async def searches(lookups: Lookups, asked: Asked) -> Mapping[str, Any]:
    """The answer to `search_request`: each of its items by itself."""
    criteria = search.read_requests(asked.message)
    if not criteria:
        raise Wrong(400, "err.request.bad", "there is no search_request")
    seen: set[str] = set()
    items = []
    for one in criteria:
        reason = _fault(one, seen)
        seen.add(one.reference_id)
        items.append(await _searched(lookups, asked, one, reason))
    return search.answer(
        transaction_id=asked.transaction_id, correlation_id=asked.correlation_id, items=items
    )


async def enrolled(lookups: Lookups, asked: Asked) -> Mapping[str, Any]:
    """The answer to `enrolled_criteria`. A refusal is no *no*, so it is an HTTP error."""
    client = asked.client
    if "enrolment" not in client.fields:
        await lookups.audit(_lookup(asked, outcome="err.request.forbidden"))
        raise Wrong(403, "err.request.forbidden", "enrolment may not be asked for")
    conditions = search.read_enrolled(asked.message) or ()
    people = [one for one in conditions if search.is_person(one.attribute, sorted(client.search_by))]
    programmes = [one for one in conditions if search.is_programme(one.attribute)]
    cnic = _only_person(people, client)
    if cnic is None or len(programmes) > 1 or len(conditions) != len(people) + len(programmes):
        await lookups.audit(_lookup(asked, outcome="err.request.bad"))
        raise Wrong(400, "err.request.bad", "enrolled_criteria cannot be understood")
    scopes: frozenset[Scope] = frozenset({"enrolment.status"})
    record = await lookups.registry.find(cnic, scopes)
    named = {client.programmes.get(one.value, one.value) for one in programmes}
    yes = any(one.status == "enrolled" and (not named or one.programme in named) for one in _own(record))
    outcome = "found" if record else "not_found"
    told = frozenset({"enrolment"})
    await lookups.audit(_lookup(asked, cnic=cnic, scopes=scopes, fields=told, outcome=outcome))
    return search.answer_enrolled(
        yes,
        transaction_id=asked.transaction_id,
        correlation_id=asked.correlation_id,
        reference_id=asked.transaction_id,
        at=asked.at,
    )


async def status(lookups: Lookups, asked: Asked) -> Mapping[str, Any]:
    """The answer to `txnstatus_request`: whether a search was answered, never what with."""
    question = read_status(asked.message)
    if not question.reference_id or question.kind != "search" or len(question.value) > search.LONGEST_ID:
        raise Wrong(400, "err.request.bad", "txnstatus_request cannot be understood")
    known = question.by == "transaction_id" and await lookups.store.read(
        lambda connection: partner_messages.was_answered(connection, asked.client.id, question.value)
    )
    return answer_status(question, known=known, correlation_id=asked.correlation_id, at=asked.at)


async def _searched(
    lookups: Lookups, asked: Asked, one: Criteria, reason: SearchReason | None
) -> Mapping[str, Any]:
    client, reference = asked.client, one.reference_id
    served = _served(one)
    cnic = _only_person(one.conditions or (), client)
    forbidden = served == "IBR" and "enrolment" not in client.fields
    if served is None or cnic is None or forbidden:
        reason = reason or "rjct.search_criteria.invalid"
    if reason:
        told = _lookup(asked, reference_id=reference, purpose=one.purpose, cnic=cnic, outcome=reason)
        await lookups.audit(told)
        return search.refused(reason, reference_id=reference, at=asked.at)
    assert served
    assert cnic
    kind, possible = _SERVED[served]
    fields = possible & client.fields
    scopes = frozenset(SCOPES[name] for name in fields)
    record = await lookups.registry.find(cnic, scopes)
    identifiers = {_id_type(one.conditions, client): cnic}
    records = _records(served, record, identifiers, fields, client) if record else []
    await lookups.audit(
        _lookup(
            asked,
            reference_id=reference,
            purpose=one.purpose,
            cnic=cnic,
            scopes=scopes,
            fields=fields if records else frozenset(),
            outcome="found" if records else "not_found",
        )
    )
    return search.found(
        records,
        reference_id=reference,
        at=asked.at,
        registry=one.registry or f"ns:org:RegistryType:{served}",
        record=kind,
        locale=one.locale or client.locale,
        page=one.page or 1,
        page_size=min(one.page_size or search.PAGE, _LARGEST_PAGE),
    )


def _records(
    served: Served,
    record: Record,
    identifiers: Mapping[str, str],
    fields: frozenset[str],
    client: ClientPartner,
) -> list[dict[str, Any]]:
    person = record.person
    about: dict[str, str] = {}
    if person and "name" in fields:
        about["name"] = person.first_name
    if person and person.sex and "sex" in fields:
        about["sex"] = sex_code(person.sex)
    if served == "Social":
        on = record.surveyed_on if "survey_date" in fields else None
        return [person_record(identifiers=identifiers, surveyed_on=on, **about)]
    theirs = {ours: id for id, ours in client.programmes.items()}
    return [
        beneficiary_record(
            identifiers=identifiers,
            programme=theirs.get(one.programme, one.programme),
            status=enrolment_code(one.status, one.reason),
            since=one.since,
            **about,
        )
        for one in _own(record)
    ]


def _own(record: Record | None) -> tuple[Enrolment, ...]:
    """A person's own enrolments: what is paid to them for a child is the child's.

    Raises `Unavailable` where the registry did not say, which must not be told as *none*.
    """
    if record is None:
        return ()
    if record.enrolments is None:
        raise Unavailable("the registry did not say")
    return tuple(one for one in record.enrolments if not one.beneficiary)


def _fault(one: Criteria, seen: set[str]) -> SearchReason | None:
    if not one.reference_id:
        return "rjct.reference_id.invalid"
    if one.reference_id in seen:
        return "rjct.reference_id.duplicate"
    if one.at is None:
        return "rjct.timestamp.invalid"
    if any(number is not None and number < 1 for number in (one.page, one.page_size)):
        return "rjct.pagination.invalid"
    if one.locale and not _LOCALE.fullmatch(one.locale):
        return "rjct.search_criteria.invalid"
    return None


def _served(one: Criteria) -> Served | None:
    """Which of our registries is asked, by its type or else by the type of record; None: one we are not."""
    registry, record = one.registry.rpartition(":")[2].lower(), one.record.rpartition(":")[2].lower()
    by_record = _RECORD_TYPES.get(record)
    if record and by_record is None:
        return None
    by_registry: Mapping[str, Served] = {"social": "Social", "ibr": "IBR"}
    return by_registry.get(registry) if registry else by_record or "Social"


def _only_person(conditions: Sequence[Condition], client: ClientPartner) -> str | None:
    """The one person who is asked for by an identifier that the client may search by."""
    if len(conditions) != 1:
        return None
    (one,) = conditions
    if one.operator != "eq" or not search.is_person(one.attribute, sorted(client.search_by)):
        return None
    return loose.cnic(one.value)


def _id_type(conditions: Sequence[Condition] | None, client: ClientPartner) -> str:
    asked = conditions[0].attribute if conditions else ""
    return asked if asked in client.search_by else min(client.search_by)


def _lookup(
    asked: Asked,
    *,
    outcome: str,
    reference_id: str = "",
    purpose: str = "",
    cnic: str | None = None,
    scopes: frozenset[Scope] = frozenset(),
    fields: frozenset[str] = frozenset(),
) -> PartnerLookup:
    return PartnerLookup(
        partner=asked.client.name,
        message_id=asked.message_id,
        transaction_id=asked.transaction_id,
        reference_id=reference_id[:_NOTED],
        at=asked.at,
        purpose=purpose[:_NOTED],
        cnic=cnic,
        scopes=scopes,
        fields=fields,
        outcome=outcome,
    )

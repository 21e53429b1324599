"""Records of registries: who they are about and what they say, in the shapes of v1.0 and of its samples.

Scores of poverty are in many of them. They are read by nothing here and written by nothing here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.dci import loose

SOCIAL_CONTEXT = {"@vocab": "https://schema.spdci.org/extensions/social/v1"}
IBR_CONTEXT = {"@vocab": "https://schema.spdci.org/extensions/ibr/v1"}

_DEEPEST = 4
"""How far persons are wrapped in one another: group, member_list, household_member, person."""

_WRAPS = ("group_head_info", "member", "member_list", "household_member", "person", "group")


@dataclass(frozen=True, slots=True)
class Individual:
    """A person of a record. `identifiers` are pairs of type and value; `place` is a code or a name."""

    identifiers: tuple[tuple[str, str], ...] = field(repr=False)
    given_name: str
    sex: str
    phones: tuple[str, ...] = field(repr=False)
    place: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the person of a record stands in a programme; `status` is the wire's code or label."""

    programme: str
    status: str
    since: date | None


def individuals(record: Mapping[str, Any]) -> tuple[Individual, ...]:
    """Everybody whom a record describes: a person, a group's head and members, a beneficiary."""
    return tuple(_individuals(record, _DEEPEST))


def standings(record: Mapping[str, Any]) -> tuple[Standing, ...]:
    """The programmes of a record, spelt in either way, each with the status that stands nearest to it."""
    return tuple(one for holder in (record, loose.part(record.get("member"))) for one in _standings(holder))


def surveyed_on(record: Mapping[str, Any]) -> date | None:
    """The day on which what a social registry holds of a family was last collected."""
    return loose.day(loose.first(record, "last_updated", "last_update")) or loose.day(
        record.get("registration_date")
    )


def person_record(
    *, identifiers: Mapping[str, str], name: str = "", sex: str = "", surveyed_on: date | None = None
) -> dict[str, Any]:
    """An `SRPerson` with what may be told of it; `identifiers` are values by type."""
    return {
        "@context": SOCIAL_CONTEXT,
        "@type": "SRPerson",
        "identifier": _identifiers(identifiers),
        **({"name": {"given_name": name}} if name else {}),
        **({"sex": sex} if sex else {}),
        **({"last_updated": _midnight(surveyed_on)} if surveyed_on else {}),
    }


def beneficiary_record(
    *,
    identifiers: Mapping[str, str],
    programme: str,
    status: str,
    since: date,
    name: str = "",
    sex: str = "",
) -> dict[str, Any]:
    """A `Beneficiary`: one person in one programme, with what may be told."""
    about = {**({"name": {"given_name": name}} if name else {}), **({"sex": sex} if sex else {})}
    return {
        "@context": IBR_CONTEXT,
        "@type": "Beneficiary",
        "assistance_unit": "1",
        "member": {
            "member_identifier": _identifiers(identifiers),
            **({"demographic_info": about} if about else {}),
        },
        "programme_identifier": [{"@type": "Programme", "programme_identifier": programme}],
        "enrollment_date": _midnight(since),
        "enrollment_status": status,
    }


def _individuals(record: Mapping[str, Any], depth: int) -> Iterator[Individual]:
    about = loose.part(record.get("demographic_info"))
    about = loose.part(about.get("person")) or about
    own = _own_identifiers(record) + _own_identifiers(about)
    if own:
        merged = {**about, **{name: value for name, value in record.items() if value}}
        yield Individual(
            identifiers=own,
            given_name=_given_name(merged),
            sex=loose.text(loose.first(merged, "sex", "gender")),
            phones=_phones(merged.get("phone_number")),
            place=_place(merged),
        )
    if depth:
        for wrap in _WRAPS:
            for within in loose.parts(record.get(wrap)):
                yield from _individuals(within, depth - 1)


def _own_identifiers(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    listed = (
        (loose.text(one.get("identifier_type")), loose.text(one.get("identifier_value")))
        for name in ("member_identifier", "identifier")
        for one in loose.parts(record.get(name))
    )
    return tuple(pair for pair in listed if pair[1])


def _given_name(record: Mapping[str, Any]) -> str:
    name = next(iter(loose.parts(record.get("name"))), {})
    return loose.text(loose.first(name, "given_name", "first_name"))


def _phones(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(loose.text, value if isinstance(value, list) else [value])))


def _place(record: Mapping[str, Any]) -> str:
    address = next(iter(loose.parts(record.get("address"))), {})
    names = ("sub_region_code", "region_code", "locality", "city")
    return loose.text(loose.first(address, *names) or record.get("sub_region_code"))


def _standings(holder: Mapping[str, Any]) -> Iterator[Standing]:
    for name in ("programme_identifier", "program_identifier", "programme", "program"):
        value = holder.get(name)
        if isinstance(value, str) and value.strip():
            value = {"programme_identifier": value}
        for entry in loose.parts(value):
            inner = loose.part(loose.first(entry, "programme", "program")) or entry
            yield Standing(
                programme=loose.text(loose.first(inner, "programme_identifier", "program_identifier")),
                status=loose.text(_nearest((entry, inner, holder), "enrollment_status", "enrolment_status")),
                since=loose.day(_nearest((entry, inner, holder), "enrollment_date", "enrolment_date")),
            )


def _nearest(holders: tuple[Mapping[str, Any], ...], *names: str) -> Any:
    return next((found for one in holders if (found := loose.first(one, *names)) is not None), None)


def _identifiers(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"identifier_type": type, "identifier_value": value} for type, value in values.items()]


def _midnight(on: date) -> str:
    return f"{on.isoformat()}T00:00:00Z"

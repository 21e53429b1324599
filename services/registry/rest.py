"""A source that answers JSON over HTTP in its own words: which field is what is described in the settings."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from services.privacy.identifiers import Keys
from services.registry import Enrolment, Payment, PaymentPoint, Person, Record, Refused, Scope
from services.registry.wire import Answer, Wire

T = TypeVar("T")

PLACES: Mapping[str, tuple[Scope, frozenset[str]]] = {
    "person": ("person.link", frozenset({"first_name", "district", "sex", "phones"})),
    "enrolments": ("enrolment.status", frozenset(field.name for field in fields(Enrolment))),
    "payments": (
        "payment.timeline",
        frozenset(field.name for field in fields(Payment)) | {"point_kind", "point_district"},
    ),
}
"""What may be mapped under each heading, and what it tells."""

DAYS = frozenset({"on", "since"})
_NOT_DIGITS = re.compile(r"\D")
_PHONE = re.compile(r"(?:\+92|0092|92|0)?(3\d{9})", re.ASCII)


class Rest(BaseModel):
    """How the source is asked and read.

    `{cnic}` in `body`, in a header or in `url` becomes the number. `person`, `enrolments` and `payments`
    say for each of our fields where it stands: names joined by dots, beginning in the items of the list
    that `list` names. `subject` is where the number stands that an answer is about: it must be the one
    asked for. `values`: one of our fields -> the source's word -> ours. `dates` is how days are written, for
    `strptime`, ISO by default. `secret` names the environment variable of the Authorization header's token.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    method: Literal["GET", "POST"] = "POST"
    body: dict[str, Any] | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    secret: str | None = None
    scheme: str = "Bearer"
    number_in_url: bool = False
    missing: tuple[int, ...] = (404,)
    dates: str | None = None
    ca: str | None = None
    proxy: str | None = None
    subject: str
    as_of: str | None = None
    surveyed_on: str | None = None
    card_expires_on: str | None = None
    person: dict[str, str] = Field(default_factory=dict)
    enrolments: dict[str, str] = Field(default_factory=dict)
    payments: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if "{cnic}" in self.url and not self.number_in_url:
            raise ValueError(
                "url holds {cnic}: every machine on the way writes URLs into its log. Put {cnic} into body "
                "or headers, or set number_in_url = true if the source knows no other way"
            )
        if "{cnic}" not in json.dumps([self.url, self.body, self.headers]):
            raise ValueError("{cnic} stands nowhere: put it into body, headers or url")
        if not self.url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("url must begin with https://")
        if self.secret and not os.environ.get(self.secret):
            raise ValueError(f"the environment variable {self.secret} is not set")
        if not self.scopes:
            raise ValueError("nothing could be told: map person, enrolments, payments, surveyed_on, ...")
        for heading, (_, known) in PLACES.items():
            strange = set(getattr(self, heading)) - known - {"list"}
            if strange:
                raise ValueError(f"{heading}: no field is called {min(strange)}; there are {sorted(known)}")
        return self

    @property
    def scopes(self) -> frozenset[Scope]:
        """What can be told by these."""
        told = {scope for heading, (scope, _) in PLACES.items() if getattr(self, heading)}
        told |= {"survey.recency"} if self.surveyed_on else set()
        return frozenset(told | ({"card.validity"} if self.card_expires_on else set()))


@dataclass(frozen=True, slots=True)
class RestRegistry:
    """A `Registry` over such a source. `today` is what an answer is true of that names no day."""

    name: str
    told: Rest
    keys: Keys
    wire: Wire
    today: Callable[[], date]

    @property
    def scopes(self) -> frozenset[Scope]:
        """See `Registry`."""
        return self.told.scopes

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        """See `Registry.find`."""
        told = self.told
        headers = {name: value.replace("{cnic}", cnic) for name, value in told.headers.items()}
        headers["Accept"] = "application/json"
        if told.secret:
            headers["Authorization"] = f"{told.scheme} {os.environ[told.secret]}"
        body = None
        if told.body is not None:
            body = json.dumps(told.body, ensure_ascii=False).replace("{cnic}", cnic).encode()
            headers["Content-Type"] = "application/json"
        url = told.url.replace("{cnic}", cnic)
        answer = await self.wire.send(told.method, url, headers=headers, body=body)
        if answer.status in told.missing:
            return None
        return self._record(self._object(answer), cnic, scopes)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.wire.close()

    def _object(self, answer: Answer) -> Mapping[str, Any]:
        if not 200 <= answer.status < 300 or "json" not in answer.headers.get("content-type", ""):
            raise Refused(f"{self.name} answers {answer.status} without an answer")
        try:
            found = json.loads(answer.body)
        except ValueError:
            raise Refused(f"{self.name} sent broken JSON") from None
        if not isinstance(found, dict):
            raise Refused(f"{self.name} sent no JSON object")
        return found

    def _record(self, found: Mapping[str, Any], cnic: str, scopes: frozenset[Scope]) -> Record:
        told = self.told
        if _NOT_DIGITS.sub("", str(_at(found, told.subject) or "")) != cnic:
            raise Refused(f"{self.name} answers about somebody else")
        days = {
            name: self._day(_at(found, path) if path else None)
            for name, path in (
                ("as_of", told.as_of),
                ("surveyed_on", told.surveyed_on),
                ("card_expires_on", told.card_expires_on),
            )
        }
        return Record(
            as_of=self._made(date, days["as_of"]) if days["as_of"] else self.today(),
            person=self._person(found) if "person.link" in scopes else None,
            enrolments=self._listed(Enrolment, found, told.enrolments)
            if "enrolment.status" in scopes
            else None,
            payments=self._listed(Payment, found, told.payments) if "payment.timeline" in scopes else None,
            surveyed_on=self._made(date | None, days["surveyed_on"]) if "survey.recency" in scopes else None,
            card_expires_on=self._made(date | None, days["card_expires_on"])
            if "card.validity" in scopes
            else None,
        )

    def _person(self, found: Mapping[str, Any]) -> Person:
        said = self._said(found, self.told.person)
        listed = said.pop("phones", None) or ()
        phones = [_PHONE.fullmatch(re.sub(r"[^\d+]", "", str(one))) for one in _several(listed)]
        numbers = [f"+92{match[1]}" for match in phones if match]
        said["first_name"] = str(said.get("first_name") or "").split(" ", 1)[0]
        said["district"] = said.get("district") or ""
        said["phones"] = frozenset(self.keys.hash("phone", number) for number in numbers)
        said["reach"] = self.keys.seal(numbers[0]) if numbers else None
        person: Person = self._made(Person, said)
        return person

    def _listed(self, kind: type[T], found: Mapping[str, Any], places: Mapping[str, str]) -> tuple[T, ...]:
        items = _at(found, places["list"]) if "list" in places else found
        made = [self._made(kind, self._fact(item, places)) for item in _several(items)]
        if len({*map(repr, made)}) != len(made):
            raise Refused(f"{self.name} says something twice")
        return tuple(made)

    def _fact(self, item: Any, places: Mapping[str, str]) -> dict[str, Any]:
        said = {name: value for name, value in self._said(item, places).items() if value not in (None, "")}
        kind, district = said.pop("point_kind", None), said.pop("point_district", "")
        if "point" in said:
            name = str(said["point"])
            said["point"] = self._made(
                PaymentPoint, {"district": district, "kind": kind, "name": name, "name_ur": name}
            )
        if "account_last4" in said:
            said["account_last4"] = str(said["account_last4"])[-4:]
        return said

    def _said(self, item: Any, places: Mapping[str, str]) -> dict[str, Any]:
        """Our fields with what stands there, in our words."""
        said = {}
        for name, path in places.items():
            if name == "list":
                continue
            value = _at(item, path)
            words = self.told.values.get(name)
            if words is not None and value is not None:
                value = words.get(str(value), value)
            said[name] = self._day(value) if name in DAYS else value
        return said

    def _day(self, value: Any) -> Any:
        if value in (None, "") or self.told.dates is None:
            return str(value)[:10] if value else None
        try:
            return datetime.strptime(str(value), self.told.dates).date().isoformat()
        except ValueError:
            raise Refused(f"{self.name}: a day is not written as {self.told.dates}") from None

    def _made(self, kind: Any, said: Any) -> Any:
        try:
            return _checked(kind).validate_python(said)
        except ValidationError as wrong:  # its own words would carry what stands in the record
            where = ".".join(str(part) for part in wrong.errors()[0]["loc"]) or "a day"
            raise Refused(f"{self.name}: {where} is not as agreed") from None


@cache
def _checked(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _at(found: Any, path: str) -> Any:
    """What stands at a path, None where nothing does."""
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _several(items: Any) -> Iterator[Any]:
    if isinstance(items, list | tuple):
        yield from items
    elif items is not None:
        yield items

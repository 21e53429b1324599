"""Registries that speak SP-DCI v1.0: a social registry, or one of beneficiaries.

One question about one person, and its answer: `POST .../registry/sync/search`, or first `/sync/enrolled`.
"""

import logging
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from services.dci import loose, search
from services.dci.codes import enrolment_word, sex_word
from services.dci.records import Individual, individuals, standings, surveyed_on
from services.dci.search import Answer
from services.partners import RegistryPartner, Us
from services.privacy.identifiers import Keys
from services.registry import Enrolment, Person, Record, Refused, Remote, Scope
from services.registry.exchange import Exchange

PATHS: Mapping[Literal["search", "enrolled"], str] = {
    "search": "/registry/sync/search",
    "enrolled": "/registry/sync/enrolled",
}

REGISTRY_TYPES = {"social": ("ns:org:RegistryType:Social", "SRPerson"),
                  "ibr": ("ns:org:RegistryType:IBR", "Beneficiary")}  # fmt: skip

log = logging.getLogger("haqdar.registry")

_PHONE = re.compile(r"(?:\+92|0092|92|0)(3\d{9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class SpdciRegistry:
    """A `Registry` over one partner, as `connect` makes it."""

    partner: RegistryPartner
    keys: Keys
    exchange: Exchange

    @property
    def name(self) -> str:
        """See `Registry`."""
        return self.partner.name

    @property
    def scopes(self) -> frozenset[Scope]:
        """See `Registry`."""
        return self.partner.scopes

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        """See `Registry.find`. A poverty score that the partner sends is not even read."""
        told = scopes & self.scopes
        enrolled = "enrolment.status" in told
        if enrolled and self.partner.ask == "enrolled":
            found, as_of = await self._enrolled(cnic)
            if not found:  # a plain no to every programme, of a person who may well be known
                return Record(as_of, enrolments=())
        else:
            found, as_of = await self._search(cnic)
        if not found:
            return None
        mine = [_subject(record, cnic, self.name) for record in found]
        if self.partner.kind == "social" and len(found) > 1:
            raise Refused(f"{self.name}: two records for one person")
        return Record(
            as_of=as_of,
            person=self._person(mine) if "person.link" in told else None,
            enrolments=self._enrolments(found) if enrolled else None,
            surveyed_on=surveyed_on(found[0]) if "survey.recency" in told else None,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self.exchange.close()

    async def _search(self, cnic: str) -> tuple[tuple[Mapping[str, Any], ...], date]:
        registry, record = REGISTRY_TYPES[self.partner.kind]
        transaction, reference = self.exchange.new_id(), self.exchange.new_id()
        message = search.ask(
            transaction_id=transaction,
            reference_id=reference,
            at=self.exchange.now(),
            registry=self.partner.reg_type or registry,
            record=self.partner.reg_record_type or record,
            id_type=self.partner.id_type,
            id_value=cnic,
            locale=self.partner.locale,
            purpose=self.partner.purpose,
        )
        answer, as_of = await self._answer("search", message, transaction)
        if answer.items[0].reference_id != reference:
            raise Refused(f"{self.name} answers another question")
        return answer.items[0].records, as_of

    async def _enrolled(self, cnic: str) -> tuple[tuple[Mapping[str, Any], ...], date]:
        """A bare yes names no day, so it is followed by the search that does; a no needs none."""
        found: list[Mapping[str, Any]] = []
        yes, as_of = False, self.exchange.now().date()
        for programme in self.partner.programmes:
            transaction = self.exchange.new_id()
            message = search.ask_enrolled(transaction_id=transaction, id_value=cnic, programme=programme)
            answer, as_of = await self._answer("enrolled", message, transaction)
            item = answer.items[0]
            if item.enrolled not in ("yes", "no") and not item.listed:
                raise Refused(f"{self.name} says neither yes nor no")
            # Some answer with the record itself, and perhaps with the same one to each question.
            found += (record for record in item.records if record not in found)
            yes |= item.enrolled == "yes"
        if not yes:
            return tuple(found), as_of
        records, as_of = await self._search(cnic)
        if not records:
            raise Refused(f"{self.name} says yes and has no record")
        return records, as_of

    async def _answer(
        self, kind: Literal["search", "enrolled"], message: Mapping[str, Any], transaction: str
    ) -> tuple[Answer, date]:
        path = self.partner.paths.get(kind, PATHS[kind])
        received = await self.exchange.ask(path, "search", message)
        answer = search.read_answer(received.message)
        if answer.transaction_id != transaction or len(answer.items) != 1:
            raise Refused(f"{self.name} answers another question")
        item = answer.items[0]
        if item.status != "succ":
            raise Refused(f"{self.name} refuses the search: {item.reason[:60]}")
        if (item.total or 0) > len(item.records):
            raise Refused(f"{self.name} sent a part of its answer")
        return answer, (received.header.at or self.exchange.now()).date()

    def _enrolments(self, records: Iterable[Mapping[str, Any]]) -> tuple[Enrolment, ...]:
        """Those in programmes that were agreed. Others are passed over, but never make a *none on record*."""
        found: dict[str, Enrolment] = {}
        for standing in (one for record in records for one in standings(record)):
            programme = self.partner.programmes.get(standing.programme)
            if programme is None:
                log.warning("%s: programme %.40r is not in its profile", self.name, standing.programme)
                continue
            word = enrolment_word(standing.status)
            if word is None or standing.since is None:
                raise Refused(f"{self.name} tells of an enrolment without a day, or in words of its own")
            if programme in found:
                raise Refused(f"{self.name} says two things of one programme")
            status, reason = word
            found[programme] = Enrolment(programme, status, standing.since, reason)  # type: ignore[arg-type]
        if not found:
            raise Refused(f"{self.name} tells of no programme that was agreed")
        return tuple(sorted(found.values(), key=lambda one: one.since, reverse=True))

    def _person(self, mine: Sequence[Individual]) -> Person:
        first = max(mine, key=lambda one: (bool(one.given_name), bool(one.sex)))
        phones = [f"+92{match[1]}" for one in mine for phone in one.phones if (match := _mobile(phone))]
        return Person(
            first_name=first.given_name.split(" ", 1)[0],
            district=self.partner.districts.get(first.place, ""),
            sex=sex_word(first.sex),
            phones=frozenset(self.keys.hash("phone", phone) for phone in phones),
            reach=self.keys.seal(phones[0]) if phones else None,
        )


def connect(
    partner: RegistryPartner,
    us: Us,
    *,
    keys: Keys,
    clock: Callable[[], datetime],
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> Remote:
    """The connector to a partner of kind `social` or `ibr`."""
    return SpdciRegistry(partner, keys, Exchange(us, partner, clock, new_id))


def _subject(record: Mapping[str, Any], cnic: str, name: str) -> Individual:
    for one in individuals(record):
        if any(loose.cnic(value) == cnic for _, value in one.identifiers):
            return one
    raise Refused(f"{name} answers about somebody else")


def _mobile(phone: str) -> re.Match[str] | None:
    return _PHONE.fullmatch(re.sub(r"[^\d+]", "", phone))

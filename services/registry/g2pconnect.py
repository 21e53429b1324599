"""Payment systems that speak G2P Connect: which payments there are for a person, and what became of them."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.dci import disburse
from services.dci.codes import payment_word
from services.dci.disburse import Disbursement
from services.partners import RegistryPartner, Us
from services.registry import Payment, Record, Refused, Remote, Scope
from services.registry.exchange import Exchange

PATHS: Mapping[Literal["search", "status"], str] = {
    "search": "/disburse/sync/search",
    "status": "/disburse/sync/txn/status",
}

MOST = 40
"""Payments of one person: ten years of quarters."""


@dataclass(frozen=True, slots=True)
class PaymentSystem:
    """A `Registry` of payments over one partner, as `connect` makes it."""

    partner: RegistryPartner
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
        """See `Registry.find`: first which payments there are, then what became of each."""
        payee = self.partner.payee.replace("{cnic}", cnic)
        transaction, reference = self.exchange.new_id(), self.exchange.new_id()
        question = disburse.ask_payments(
            transaction_id=transaction,
            reference_id=reference,
            at=self.exchange.now(),
            payee=payee,
            locale=self.partner.locale,
        )
        listed, as_of = await self._ask("search", question, transaction)
        references = [one.reference_id for one in listed]
        if not references:
            return None
        if len(set(references)) < len(references) or not all(references) or len(references) > MOST:
            raise Refused(f"{self.name} lists payments twice, without a reference, or too many")
        transaction = self.exchange.new_id()
        question = disburse.ask_status(
            transaction_id=transaction,
            reference_id=self.exchange.new_id(),
            references=references,
            locale=self.partner.locale,
        )
        told, as_of = await self._ask("status", question, transaction)
        if sorted(one.reference_id for one in told) != sorted(references):
            raise Refused(f"{self.name} answers about other payments")
        # A list of references need not say whose they are; what became of them must.
        if any(one.payee not in ("", payee) for one in listed) or any(one.payee != payee for one in told):
            raise Refused(f"{self.name} answers about somebody else")
        payments = sorted(map(self._payment, told), key=lambda one: one.cycle, reverse=True)
        asked = "payment.timeline" in scopes & self.scopes
        return Record(as_of=as_of.date(), payments=tuple(payments) if asked else None)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.exchange.close()

    async def _ask(
        self, kind: Literal["search", "status"], message: Mapping[str, Any], transaction: str
    ) -> tuple[tuple[Disbursement, ...], datetime]:
        path = self.partner.paths.get(kind, PATHS[kind])
        received = await self.exchange.ask(path, disburse.ACTION, message)
        found = disburse.read_payments(received.message)
        if found is None or received.message.get("transaction_id") != transaction:
            raise Refused(f"{self.name} answers another question")
        return found, received.header.at or self.exchange.now()

    def _payment(self, one: Disbursement) -> Payment:
        status = payment_word(one.status, one.reason)
        cycle = re.search(self.partner.reference, one.reference_id)
        if status is None or cycle is None or one.amount is None or one.currency not in ("", "PKR"):
            raise Refused(f"{self.name} speaks of a payment in words that are not agreed")
        return Payment(
            programme=self.partner.programme,
            cycle=f"{cycle['year']}-Q{cycle['quarter']}",
            amount=one.amount,
            status=status,
            on=one.at.date() if one.at else None,
        )


def connect(
    partner: RegistryPartner,
    us: Us,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> Remote:
    """The connector to a partner of kind `payments`."""
    return PaymentSystem(partner, Exchange(us, partner, clock, new_id))

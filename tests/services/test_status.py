"""What one answer tells of several payments that sources know."""

from datetime import timedelta
from typing import ClassVar

from services.privacy.identifiers import Keys
from services.registry import Payment, PaymentPoint, Person, Record, Scope
from services.registry.lookup import Connected
from services.store.engine import Store
from tests.services.deployment import NOW, deploy
from tests.services.test_linking import Talk

CNIC, PHONE = "9000000000012", "+923990000555"
CAMP = PaymentPoint("kech", "camp", "BISP camp", "\u06a9")
SHOP = PaymentPoint("kech", "shop", "Aslam shop", "\u06af")


class Ours:
    """Who she is, and what one office pays."""

    name = "ours"
    scopes: ClassVar[frozenset[Scope]] = frozenset({"person.link", "payment.timeline"})

    def __init__(self, keys: Keys, *paid: Payment) -> None:
        self.phones, self.paid = frozenset({keys.hash("phone", PHONE)}), paid

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        return Record(NOW.date(), Person("Amina", "kech", "f", self.phones), (), self.paid)


class Bank:
    """What another pays, as it knew yesterday."""

    name = "bank"
    scopes: ClassVar[frozenset[Scope]] = frozenset({"payment.timeline"})

    def __init__(self, *paid: Payment) -> None:
        self.paid = paid

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        return Record(NOW.date() - timedelta(days=1), payments=self.paid)


def child(name: str, point: PaymentPoint) -> Payment:
    return Payment("nashonuma", "2026-Q4", 2500, "ready", point=point, beneficiary=name)


def test_children_of_two_sources_are_one_sum(store: Store, keys: Keys) -> None:
    ours, bank = Ours(keys, child("Bilal", CAMP)), Bank(child("Dua", CAMP))
    parts = deploy(store, keys, sources=[Connected(ours), Connected(bank)])
    answer = Talk(parts, PHONE).say(CNIC)
    assert "for 2 children" in answer
    assert "Rs 5,000" in answer


def test_payments_at_two_places_are_told_apart(store: Store, keys: Keys) -> None:
    parts = deploy(store, keys, sources=[Connected(Ours(keys, child("Bilal", CAMP), child("Dua", SHOP)))])
    answer = Talk(parts, PHONE).say(CNIC).splitlines()
    assert answer[0] == "Nashonuma, for Dua:"
    assert answer[2] == "Bilal - Nashonuma: Rs 2,500 is ready."

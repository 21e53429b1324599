"""Puts on record what partner systems looked up, before they are answered."""

from services.privacy.audit import Entry, actor_of, append, subject_of
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.web.dci_answers import Audit, PartnerLookup

CHANNEL = "spdci"
LONGEST_PURPOSE = 40


def audit_partners(store: Store, keys: Keys) -> Audit:
    """An audit in a transaction of its own: it raises where nothing could be written, and nothing is told."""

    async def note(look: PartnerLookup) -> None:
        entry = Entry(
            at=look.at,
            actor=actor_of(keys, look.partner),
            by="partner",
            channel=CHANNEL,
            purpose=look.purpose[:LONGEST_PURPOSE] or "not said",
            subject=subject_of(keys, look.cnic or ""),
            asked=look.scopes,
            given=look.fields,
            decision=look.outcome,
            office=look.partner,
        )
        await store.run(lambda connection: append(connection, keys, [entry]))

    return note

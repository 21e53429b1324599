"""Who may learn what: decided here and nowhere else, before a fact is asked of any source.

Nobody: what is general, and what follows from what the asker says of themselves. A phone that is linked
to the CNIC: its own status and payments. A helper: what the beneficiary consented to, until then.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from services.registry import SCOPES, Person, Scope

Level: TypeAlias = Literal["none", "word", "helper", "own"]
Policy: TypeAlias = Literal["registered_phone", "anyone"]

OWN: frozenset[Scope] = SCOPES - {"person.link"}
WORD: frozenset[Scope] = frozenset({"enrolment.status"})
NOTHING: frozenset[Scope] = frozenset()


@dataclass(frozen=True, slots=True)
class Links:
    """What this service knows of the asker and the CNIC, beside the registries.

    `code`: the asker has read a code from the registered phone. `consent`: id of the beneficiary's consent
    that names the asker as helper, and the scopes that it gives.
    """

    code: bool = False
    consent: str | None = None
    scopes: frozenset[Scope] = NOTHING


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be asked for, and on what ground: registry, code, consent, policy or none."""

    level: Level
    scopes: frozenset[Scope]
    ground: Literal["registry", "code", "consent", "policy", "none"]
    consent: str | None = None


REFUSAL = Grant("none", NOTHING, "none")


def decide(persons: Sequence[Person], phone: bytes | None, links: Links, policy: Policy) -> Grant:
    """The grant of whoever holds `phone` (None: unproven). `persons`: whose CNIC it is, best source first.

    The best source that has a phone of the person on record decides. A number that does not exist, one
    that is somebody else's and one whose family is not eligible lead to the same refusal.
    """
    registered = next((person.phones for person in persons if person.phones), frozenset())
    if phone and any(hmac.compare_digest(one, phone) for one in registered):
        return Grant("own", OWN, "registry")
    if links.code:
        return Grant("own", OWN, "code")
    if links.consent and links.scopes:
        return Grant("helper", links.scopes & OWN, "consent", links.consent)
    if policy == "anyone":
        return Grant("word", WORD, "policy")
    return REFUSAL

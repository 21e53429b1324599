"""Who may learn what: decided here and nowhere else, before a fact reaches the conversation."""

import hmac
from typing import Literal, TypeAlias

from services.registry import Person

Disclosure: TypeAlias = Literal["none", "word", "own"]
Policy: TypeAlias = Literal["registered_phone", "anyone"]


def granted(person: Person | None, phone: bytes | None, policy: Policy) -> Disclosure:
    """What the holder of a phone may learn of a record.

    `own`: everything, because the phone is the one registered for the family. Otherwise `none`, the
    same for a number that is not registered, that is somebody else's and that does not exist; or the
    bare status `word` where the deployment's policy gives that to anyone, as 8171 does.
    """
    if person and phone and any(hmac.compare_digest(one, phone) for one in person.phones):
        return "own"
    return "word" if policy == "anyone" else "none"

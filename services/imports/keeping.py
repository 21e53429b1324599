"""How what was read is kept: people's numbers hashed and sealed, and what a row lacks made of what it has."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from services.imports.values import Terms
from services.privacy.identifiers import Keys

Columns: TypeAlias = dict[str, list[Any]]
"""Columns of some rows, as they are kept."""

Keep: TypeAlias = Callable[[Keys, Sequence[Any]], tuple[Sequence[Any], ...]]
"""Values that were read -> the columns that they are kept in."""


def as_it_is(keys: Keys, values: Sequence[Any]) -> tuple[Sequence[Any], ...]:
    """What is nobody's."""
    return (values,)


def cnic(keys: Keys, digits: Sequence[str]) -> tuple[Sequence[Any], ...]:
    """The hashes of CNICs or B-form numbers, and the last four digits."""
    return keys.hash_all("cnic", digits), [one[-4:] for one in digits]


def cnic_hash(keys: Keys, digits: Sequence[str]) -> tuple[Sequence[Any], ...]:
    """The hashes of CNICs or B-form numbers."""
    return (keys.hash_all("cnic", digits),)


def phone(keys: Keys, numbers: Sequence[str]) -> tuple[Sequence[Any], ...]:
    """The hashes of mobile numbers, and the numbers sealed."""
    hashes = keys.hash_all("phone", numbers)
    return hashes, keys.seal_all(numbers, hashes)


def conversation(keys: Keys, numbers: Sequence[str]) -> tuple[Sequence[Any], ...]:
    """The conversations that mobile numbers have with us by SMS."""
    return (keys.hash_all("address", [f"sms:{number}" for number in numbers]),)


def number_of(what: str) -> Keep:
    """The hashes of an extract's own numbers of its things."""

    def keep(keys: Keys, texts: Sequence[str]) -> tuple[Sequence[Any], ...]:
        return (keys.hash_all("extract", [f"{what}:{text}" for text in texts]),)

    return keep


def seal_names(columns: Columns, terms: Terms, keys: Keys) -> None:
    """Names, each for its owner."""
    columns["name"] = keys.seal_all(columns["name"], columns["cnic"])


def leave_out_own(columns: Columns, terms: Terms, keys: Keys) -> None:
    """Who is paid is only told where it is another."""
    if "payee_cnic" in columns:
        both = zip(columns["payee_cnic"], columns["member_cnic"], strict=True)
        columns["payee_cnic"] = [None if payee == person else payee for payee, person in both]


def name_in_urdu(columns: Columns, terms: Terms, keys: Keys) -> None:
    """A payment point without an Urdu name is called in Urdu as it is called."""
    told = columns.get("name_ur") or columns["name"]
    columns["name_ur"] = [urdu or name for urdu, name in zip(told, columns["name"], strict=True)]


def complaints(columns: Columns, terms: Terms, keys: Keys) -> None:
    """Whose a complaint is, what it says, who may see it, and when it changed."""
    columns["id"] = [f"extract/{one}" for one in columns["reference"]]
    owners = keys.hash_all("extract", columns["id"])
    nothing = [None] * len(owners)
    # Nobody's conversation, where no phone is told: then only staff find it.
    told = columns.get("conversation", nothing)
    columns["conversation"] = [one or owner for one, owner in zip(told, owners, strict=True)]
    facts = (
        json.dumps({"category": category, "details": details}, ensure_ascii=False)
        for category, details in zip(columns["category"], columns.get("facts", nothing), strict=True)
    )
    columns["facts"] = keys.seal_all(facts, owners)
    marks = zip(columns["category"], columns.get("sensitive", nothing), strict=True)
    columns["sensitive"] = [terms.complaints[category] if mark is None else mark for category, mark in marks]
    days = zip(columns.get("changed_at", nothing), columns["at"], strict=True)
    columns["changed_at"] = [changed or at for changed, at in days]

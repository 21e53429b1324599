"""Phone numbers on the wire and in E.164, by the type of number (SMPP 3.4, 5.2.5)."""

import re

from channels.smpp.pdu import Address

INTERNATIONAL, NATIONAL, LETTERS, UNKNOWN = 1, 2, 5, 0
TELEPHONE = 1

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"[0-9]+")
SHORTEST = 7
"""Digits; a shorter number is a short code, which is the same everywhere."""


def phone(address: Address, *, country: str) -> str | None:
    """The number of a person's phone as +92..., None for short codes and names. `country`: its code, "92"."""
    number = address.number.strip().removeprefix("+")
    if address.ton == LETTERS or not _DIGITS.fullmatch(number) or len(number) < SHORTEST:
        return None
    if number.startswith("00"):
        number = number[2:]
    elif number.startswith("0"):
        number = country + number[1:]
    elif address.ton == NATIONAL or (address.ton != INTERNATIONAL and not number.startswith(country)):
        number = country + number
    whole = f"+{number}"
    return whole if _E164.fullmatch(whole) else None


def recipient(number: str) -> Address | None:
    """Where to send to a number of ours, +92... or a short code; None for anything else."""
    if _E164.fullmatch(number):
        return Address(number[1:], INTERNATIONAL, TELEPHONE)
    if _DIGITS.fullmatch(number) and len(number) < SHORTEST:
        return Address(number, UNKNOWN, TELEPHONE)
    return None

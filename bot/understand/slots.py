"""What a text names exactly: identity numbers, phones, amounts, references, links."""

import re
from collections.abc import Iterator

from bot.messages import Json
from bot.understand.reference import is_reference

CNIC_DIGITS = 13
NEAR_MISSES = range(9, 18)
"""Lengths of a digit run that can only be meant as a CNIC, if it is not a phone."""

_RUN = re.compile(r"(?<![\w+])\+?[0-9OolI](?:[0-9OolI]|[ \-./](?=[0-9OolI(]))*[0-9OolI](?!\w)|\d")
_LETTER_DIGITS = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"})
_DIGIT = re.compile(r"\d")
_NOT_DIGIT = re.compile(r"[^0-9]")
PHONE = re.compile(r"(?:\+92|0092|92|0)?(3\d{9})")
"""A mobile number without separators; its group is what follows +92."""

_LINK = re.compile(
    r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|info|site|shop|online|xyz|top|link|ly|me|app|pk)\b(?:/\S*)?",
    re.I,
)
_OFFICIAL = re.compile(r"^(?:https?://)?(?:[\w-]+\.)*(?:gov\.pk)(?:[/:?]|$)", re.I)
_REFERENCE = re.compile(r"(?<!\d)(\d{4})[- ](\d{4})(?!\d)")
_AMOUNT = re.compile(
    r"(?<![\d\-])(\d{1,3}(?:[,\u066c]\d{2,3})+|\d{2,7})(?:\s*(k|hazar|hazaar|thousand|\u06c1\u0632\u0627\u0631|lakh|lac|\u0644\u0627\u06a9\u06be)\b)?",
    re.I,
)
_YEAR = re.compile(r"19[3-9]\d|20[1-3]\d")
_RUPEES = re.compile(r"\s*(?:rs|rup\w*|pkr|ru?pa?y\w*|\u0631\u0648\u067e\w*|\u0631\u067e\w*|/-)", re.I)
LEAST_AMOUNT = 100
"""Smaller numbers are an age, a class, a house, unless rupees are named."""
_SMALL_AMOUNT = re.compile(
    r"(?<![\d.])(\d{1,3}(?:\.\d)?)\s*(k|hazar|hazaar|thousand|\u06c1\u0632\u0627\u0631|lakh|lac|\u0644\u0627\u06a9\u06be)\b",
    re.I,
)
_SCALE = {"k": 1000, "hazar": 1000, "hazaar": 1000, "thousand": 1000, "\u06c1\u0632\u0627\u0631": 1000,
          "lakh": 100_000, "lac": 100_000, "\u0644\u0627\u06a9\u06be": 100_000}  # fmt: skip


def numbers(text: str, codes: frozenset[str]) -> dict[str, Json]:
    """Slots cnic, cnics, cnic_wrong, phone, reference and amount of a plain text.

    `codes` are short codes (8171, ...): never an amount.
    """
    found: dict[str, Json] = {}
    if not _DIGIT.search(text):
        return found
    reference = _REFERENCE.search(text)
    if reference and is_reference(reference[1] + reference[2]):
        found["reference"] = f"{reference[1]}-{reference[2]}"
    cnics: list[str] = []
    spans: list[tuple[int, int]] = []
    for start, run in _runs(text):
        digits = _digits(run)
        if sum(character.isdecimal() for character in run) < len(digits) * 2 / 3:
            continue
        phone = PHONE.fullmatch(("+" if run.startswith("+") else "") + digits)
        if phone and len(digits) != CNIC_DIGITS:
            found.setdefault("phone", f"+92{phone[1]}")
        elif len(digits) == 8 and is_reference(digits):
            found.setdefault("reference", f"{digits[:4]}-{digits[4:]}")
        elif len(digits) == CNIC_DIGITS:
            if len(set(digits)) == 1:
                found["cnic_wrong"] = "repeated"
            elif digits not in cnics:
                cnics.append(digits)
        elif len(digits) in NEAR_MISSES:
            found.setdefault("cnic_wrong", len(digits))
        else:
            continue
        spans.append((start, start + len(run)))
    if len(cnics) == 1:
        found["cnic"] = cnics[0]
        found.pop("cnic_wrong", None)
    elif cnics:
        found["cnics"] = cnics
    amount = _amount(_without(text, spans), codes)
    if amount is not None:
        found["amount"] = amount
    return found


def link(text: str) -> bool:
    """Whether a text holds a web address that is not of the government."""
    return "." in text and any(not _OFFICIAL.match(found[0]) for found in _LINK.finditer(text))


def without_links(text: str) -> str:
    """The text without web addresses: they are in nobody's language."""
    return _LINK.sub(" ", text) if "." in text else text


def _amount(text: str, codes: frozenset[str]) -> int | None:
    small = _SMALL_AMOUNT.search(text)
    if small:
        return round(float(small[1]) * _SCALE[small[2].lower()])
    for found in _AMOUNT.finditer(text):
        digits = found[1].replace(",", "").replace("\u066c", "")
        amount = int(digits) * _SCALE.get((found[2] or "").lower(), 1)
        in_rupees = _RUPEES.match(text, found.end())
        bare = amount < LEAST_AMOUNT or _YEAR.fullmatch(digits) or digits.startswith("0")
        if digits in codes or (bare and not in_rupees):
            continue
        return amount
    return None


def _digits(run: str) -> str:
    return _NOT_DIGIT.sub("", run.translate(_LETTER_DIGITS))


def _runs(text: str) -> Iterator[tuple[int, str]]:
    """Runs of digits with their separators; two whole numbers side by side are two runs."""
    for found in _RUN.finditer(text):
        run, start = found[0], found.start()
        tokens = run.split(" ")
        if len(tokens) > 1 and any(_whole(token) for token in tokens):
            for token in tokens:
                yield start, token
                start += len(token) + 1
        else:
            yield start, run


def _whole(token: str) -> bool:
    digits = _digits(token)
    return len(digits) == CNIC_DIGITS or bool(PHONE.fullmatch(digits) and len(digits) > 10)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + " # " + text[end:]
    return text

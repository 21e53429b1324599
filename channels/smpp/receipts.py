"""Delivery receipts: by parameters where they are, else by the text that most SMSCs write.

SMPP 3.4, 5.3.2.35 (states) and Appendix B (the text, which is each vendor's own).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from channels import Status
from channels.smpp import codes
from channels.smpp.pdu import Message, Pdu

IdFormat: TypeAlias = Literal["text", "hex", "decimal"]
"""How an SMSC writes message ids: many answer in hex, and write the same number in decimal in receipts."""

_KIND = 0x3C
_RECEIPT, _INTERMEDIATE = 0x04, 0x20

_STATES: Mapping[int, str] = {
    1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN",
    8: "REJECTD",
}  # fmt: skip
_OUTCOMES: Mapping[str, tuple[Status, str]] = {
    "ENROUTE": ("sent", ""),
    "ACCEPTD": ("sent", ""),
    "DELIVRD": ("delivered", ""),
    "EXPIRED": ("failed", "unreachable"),
    "UNDELIV": ("failed", "unreachable"),
    "DELETED": ("failed", "refused"),
    "REJECTD": ("failed", "refused"),
    "UNKNOWN": ("unknown", ""),
}
"""What an SMSC says -> our status, and why. ACCEPTD is the network's word, not the phone's."""

_FIELD = re.compile(rb"\b(id|stat|err)\s*:\s*([^\s:]+)", re.IGNORECASE)
_TEXT = re.compile(rb"\btext\s*:", re.IGNORECASE)
_NO_ERROR = re.compile(r"0*")


@dataclass(frozen=True, slots=True)
class Told:
    """What a receipt says. `reference` is the message's id in the form that `reference` gives to all."""

    reference: str
    status: Status
    error: str = ""


def is_receipt(pdu: Pdu, message: Message) -> bool:
    """Whether a deliver_sm tells of a message of ours. Its text alone is nothing: people write texts."""
    if message.esm_class & _KIND in (_RECEIPT, _INTERMEDIATE):
        return True
    return pdu.tlv(codes.RECEIPTED_ID) is not None and pdu.tlv(codes.MESSAGE_STATE) is not None


def read(pdu: Pdu, message: Message, *, ids: IdFormat = "text") -> Told | None:
    """What a receipt tells; None for one that names no message or no state that is known."""
    fields = _fields(message.text or pdu.tlv(codes.MESSAGE_PAYLOAD) or b"")
    id = (pdu.tlv(codes.RECEIPTED_ID) or b"").rstrip(b"\0").decode("latin-1") or fields.get("id", "")
    state = _STATES.get(int.from_bytes(pdu.tlv(codes.MESSAGE_STATE) or b"")) or _state(fields.get("stat", ""))
    if not id or not state:
        return None
    status, reason = _OUTCOMES[state]
    failed = status == "failed"
    code = fields.get("err", "") or str(int.from_bytes((pdu.tlv(codes.NETWORK_ERROR) or b"")[1:]))
    detail = "" if _NO_ERROR.fullmatch(code) else f":{code}"
    return Told(reference(id, ids), status, f"{reason}{detail}"[:60] if failed else "")


def reference(id: str, ids: IdFormat = "text") -> str:
    """One form for an id, however it is written: no case, no leading zeros, numbers of `ids` in decimal."""
    plain = id.strip().lower()
    if ids != "text":
        try:
            return str(int(plain, 16 if ids == "hex" else 10))
        except ValueError:
            pass
    return plain.lstrip("0") or "0"


def _fields(text: bytes) -> dict[str, str]:
    if text.count(b"\0") * 3 > len(text):  # some write even this in UCS-2
        text = text.replace(b"\0", b"")
    # The first of each counts, and what comes after `text:` are words of the message itself.
    end = _TEXT.search(text)
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(text[: end.start()] if end else text):
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


def _state(word: str) -> str | None:
    # DELIVERED, UNDELIVERABLE, REJECTED, ACCEPTED in full are met as well; the first five letters tell.
    return next((state for state in _OUTCOMES if word and state[:5] == word.upper()[:5]), None)

"""Receipts: every way in which SMSCs write them, and ids that are the same number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.smpp import codes
from channels.smpp.pdu import Address, Message, Pdu, Tlvs
from channels.smpp.receipts import IdFormat, Told, is_receipt, read, reference

STANDARD = (
    b"id:0123456789 sub:001 dlvrd:001 submit date:2611240900 done date:2611240901 "
    b"stat:DELIVRD err:000 text:salam"
)
RECEIPT = 0x04


def pdu(text: bytes = b"", esm: int = RECEIPT, tlvs: Tlvs = (), coding: int = 0) -> tuple[Pdu, Message]:
    message = Message(Address("923990000001", 1, 1), Address("8171"), text, coding, esm)
    return Pdu(codes.DELIVER_SM, 1, 0, message, tlvs), message


def by_tlv(id: bytes, state: int) -> Tlvs:
    return (codes.RECEIPTED_ID, id), (codes.MESSAGE_STATE, bytes((state,)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (STANDARD, Told("123456789", "delivered")),
        (STANDARD.upper(), Told("123456789", "delivered")),
        (b"id:AB12 stat:EXPIRED err:045", Told("ab12", "failed", "unreachable:045")),
        (b"id: AB12 stat: UNDELIV err: 0", Told("ab12", "failed", "unreachable")),
        (b"stat:REJECTD id:ab12", Told("ab12", "failed", "refused")),
        (b"id:AB12 stat:DELETED err:9", Told("ab12", "failed", "refused:9")),
        (b"id:AB12 stat:ACCEPTD", Told("ab12", "sent")),
        (b"id:AB12 stat:ENROUTE", Told("ab12", "sent")),
        (b"id:AB12 stat:UNKNOWN err:5", Told("ab12", "unknown")),
        (b"id:AB12 stat:DELIVERED", Told("ab12", "delivered")),
        (b"id:AB12 stat:UNDELIVERABLE", Told("ab12", "failed", "unreachable")),
        (b"id:AB12 stat:ACCEPTED", Told("ab12", "sent")),
        ("id:AB12 stat:DELIVRD".encode("utf-16-be"), Told("ab12", "delivered")),
        (b"id:AB12 stat:DELIVRD text:id:99 stat:REJECTD", Told("ab12", "delivered")),
        (b"stat:DELIVRD text:id:99", None),
        (b"id:AB12 stat:SOMETHING", None),
        (b"id:AB12", None),
        (b"", None),
        (b"\xff\xfe\0", None),
    ],
)
def test_receipts_by_text(text: bytes, told: Told | None) -> None:
    assert read(*pdu(text)) == told
    assert read(*pdu(b"", tlvs=((codes.MESSAGE_PAYLOAD, text),))) == told


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (1, "sent"), (2, "delivered"), (3, "failed"), (4, "failed"), (5, "failed"), (6, "sent"),
        (7, "unknown"), (8, "failed"),
    ],
)  # fmt: skip
def test_receipts_by_parameters(state: int, status: str) -> None:
    told = read(*pdu(tlvs=by_tlv(b"00AB12\0", state)))
    assert told
    assert (told.reference, told.status) == ("ab12", status)


def test_parameters_go_before_the_text_and_either_may_be_half() -> None:
    told = read(*pdu(b"id:99 stat:REJECTD", tlvs=by_tlv(b"AB12", 2)))
    assert told == Told("ab12", "delivered")
    assert read(*pdu(b"stat:DELIVRD", tlvs=by_tlv(b"AB12", 2)[:1])) == Told("ab12", "delivered")
    assert read(*pdu(b"id:AB12", tlvs=by_tlv(b"", 2)[1:])) == Told("ab12", "delivered")
    assert read(*pdu(tlvs=by_tlv(b"AB12", 99))) is None
    told = read(*pdu(tlvs=(*by_tlv(b"AB12", 5), (codes.NETWORK_ERROR, b"\3\0\x1b"))))
    assert told == Told("ab12", "failed", "unreachable:27")


@pytest.mark.parametrize(
    ("esm", "tlvs", "receipt"),
    [
        (0x04, (), True),
        (0x44, (), True),
        (0x20, (), True),
        (0x24, (), False),
        (0x08, (), False),
        (0x00, (), False),
        (0x40, (), False),
        (0x00, by_tlv(b"1", 2), True),
        (0x00, by_tlv(b"1", 2)[:1], False),
    ],
)
def test_what_is_a_receipt(esm: int, tlvs: Tlvs, receipt: bool) -> None:
    assert is_receipt(*pdu(STANDARD, esm, tlvs)) == receipt


numbers = st.integers(0, 2**80)
padding = st.integers(0, 12)


def hexadecimal(number: int, pad: int, upper: bool) -> str:
    written = "0" * pad + f"{number:x}"
    return written.upper() if upper else written


@given(numbers, padding, padding, st.booleans(), st.booleans())
def test_one_number_in_any_spelling_is_one_reference(
    number: int, pad: int, other: int, upper: bool, lower: bool
) -> None:
    decimal = "0" * other + str(number)
    assert reference(hexadecimal(number, pad, upper), "hex") == reference(decimal, "decimal")
    assert reference(hexadecimal(number, pad, upper)) == reference(hexadecimal(number, other, lower))
    assert reference(decimal, "decimal") == reference(f" {number} ") == str(number)


@given(st.text(max_size=70), st.sampled_from(["text", "hex", "decimal"]))
def test_any_id_has_a_reference_and_it_is_its_own(id: str, ids: IdFormat) -> None:
    one = reference(id, ids)
    assert one
    assert reference(one) == one


@given(
    st.binary(max_size=254),
    st.integers(0, 255),
    st.lists(st.tuples(st.integers(0, 0x500), st.binary(max_size=9))),
)
def test_no_bytes_break_a_receipt(text: bytes, esm: int, tlvs: list[tuple[int, bytes]]) -> None:
    got = pdu(text, esm, (*tlvs, (codes.RECEIPTED_ID, text[:9]), (codes.NETWORK_ERROR, text[:5])))
    is_receipt(*got)
    read(*got)

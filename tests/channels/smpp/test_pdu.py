"""PDUs: whatever is written is read again, another codec agrees, and no bytes break it."""

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from channels.smpp import codes
from channels.smpp.pdu import LARGEST, Address, BadPdu, Bind, Framer, Message, Pdu, decode, encode

octet = st.integers(0, 255)
word = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
addresses = st.builds(Address, word, octet, octet)
tlvs = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=4).map(tuple)
messages = st.builds(
    Message, addresses, addresses, st.binary(max_size=254), octet, octet, octet, word,
    octet, octet, word, word, octet, octet,
)  # fmt: skip
binds = st.builds(Bind, word, word, word, octet, addresses)
numbers = st.integers(0, 0xFFFFFFFF)
REPLIES = sorted((codes.MESSAGES | codes.BINDS), key=int)
pdus = st.one_of(
    st.builds(Pdu, st.sampled_from([codes.SUBMIT_SM, codes.DELIVER_SM]), numbers, numbers, messages, tlvs),
    st.builds(Pdu, st.sampled_from(sorted(codes.BINDS)), numbers, numbers, binds, tlvs),
    st.builds(Pdu, st.sampled_from(REPLIES).map(lambda c: c | codes.RESPONSE), numbers, numbers, word, tlvs),
    st.builds(
        Pdu,
        st.sampled_from(
            [codes.ENQUIRE_LINK, codes.UNBIND, codes.GENERIC_NACK, codes.ALERT_NOTIFICATION, 0x777]
        ),
        numbers,
        numbers,
        st.binary(max_size=40),
    ),
    st.builds(
        lambda m, s, t: Pdu(
            codes.DATA_SM,
            s,
            0,
            Message(m.source, m.destination, b"", m.coding, m.esm_class, m.registered, m.service),
            t,
        ),
        messages,
        numbers,
        tlvs,
    ),
)


@given(pdus)
def test_what_is_written_is_read_again(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


@given(st.lists(pdus, max_size=4), st.lists(st.integers(1, 50), max_size=40))
def test_frames_do_not_depend_on_how_the_stream_is_cut(sent: list[Pdu], cuts: list[int]) -> None:
    stream, framer, found = b"".join(map(encode, sent)), Framer(), []
    for cut in [*cuts, len(stream)]:
        found += framer.feed(stream[:cut])
        stream = stream[cut:]
    found += framer.feed(stream)
    assert [decode(frame) for frame in found] == sent


@given(st.binary(max_size=200))
def test_any_bytes_give_a_pdu_or_the_named_fault(junk: bytes) -> None:
    for command in (0, codes.SUBMIT_SM, codes.DATA_SM, codes.BIND_RECEIVER, codes.SUBMIT_SM | codes.RESPONSE):
        length = (16 + len(junk)).to_bytes(4)
        for frame in (junk, length + command.to_bytes(4) + bytes(8) + junk):
            try:
                decode(frame)
            except BadPdu as bad:
                assert bad.answer is None or decode(encode(bad.answer)).status  # noqa: PT017


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_stream_gives_frames_or_ends(chunks: list[bytes]) -> None:
    framer = Framer()
    try:
        for chunk in chunks:
            assert all(16 <= len(frame) <= LARGEST for frame in framer.feed(chunk))
    except BadPdu as bad:
        assert bad.answer  # noqa: PT017


@given(messages, numbers)
def test_another_codec_reads_the_same(message: Message, sequence: int) -> None:
    theirs = smpp34.decode(encode(Pdu(codes.SUBMIT_SM, sequence, 0, message, ((0x1401, b"\0x"),))))
    assert isinstance(theirs, smpp34.SubmitSm)
    assert (theirs.short_message, theirs.data_coding) == (message.text, message.coding)
    assert (theirs.esm_class, theirs.registered_delivery) == (message.esm_class, message.registered)
    assert (theirs.source_addr_ton, theirs.dest_addr_npi) == (message.source.ton, message.destination.npi)
    assert [(tlv.tag, tlv.value) for tlv in theirs.tlvs] == [(0x1401, b"\0x")]
    if message.source.number.isascii():
        assert theirs.source_addr == message.source.number


@given(st.binary(max_size=254), octet, octet, st.binary(max_size=9))
def test_what_another_codec_writes_is_read(text: bytes, coding: int, esm: int, extra: bytes) -> None:
    written = smpp34.DeliverSm(
        "923990000001", "8171", text, data_coding=coding, esm_class=esm, source_addr_ton=1,
        service_type="USSD", tlvs=[smpp34.Tlv(codes.MESSAGE_PAYLOAD, extra)], sequence_number=7,
    )  # fmt: skip
    expected = Message(Address("923990000001", 1), Address("8171"), text, coding, esm, service="USSD")
    read = decode(written.encode())
    assert (read.command, read.sequence, read.tlvs) == (
        codes.DELIVER_SM,
        7,
        ((codes.MESSAGE_PAYLOAD, extra),),
    )
    assert isinstance(read.body, Message)
    assert (read.body.text, read.body.coding, read.body.esm_class) == (text, coding, esm)
    assert (read.body.source.number, read.body.service) == (expected.source.number, "USSD")


MESSAGE = encode(Pdu(codes.DELIVER_SM, 9, 0, Message(Address("1"), Address("2"), b"abc")))


def cut(frame: bytes, end: int) -> bytes:
    """A frame that ends too early, with a length that says so."""
    return end.to_bytes(4) + frame[4:end]


@pytest.mark.parametrize("end", range(16, len(MESSAGE)))
def test_a_message_that_ends_too_early_is_answered_with_its_fault(end: int) -> None:
    with pytest.raises(BadPdu) as caught:
        decode(cut(MESSAGE, end))
    assert caught.value.answer
    assert (caught.value.answer.sequence, caught.value.answer.status) == (9, codes.INVALID_LENGTH)


@pytest.mark.parametrize("extra", [b"\1", b"\1\2\0", b"\x04\x24\0\5abcd"])
def test_a_broken_parameter_is_answered_with_its_fault(extra: bytes) -> None:
    frame = (len(MESSAGE) + len(extra)).to_bytes(4) + MESSAGE[4:] + extra
    with pytest.raises(BadPdu) as caught:
        decode(frame)
    answer = caught.value.answer
    assert answer
    assert (answer.command, answer.sequence, answer.status) == (
        codes.DELIVER_SM | codes.RESPONSE,
        9,
        codes.INVALID_OPTIONAL,
    )


def test_a_response_that_cannot_be_read_is_never_answered() -> None:
    frame = encode(Pdu(codes.SUBMIT_SM | codes.RESPONSE, 1, 0, "id")) + b"\1"
    with pytest.raises(BadPdu) as caught:
        decode(len(frame).to_bytes(4) + frame[4:])
    assert caught.value.answer is None


@pytest.mark.parametrize(("body", "id"), [(b"", ""), (b"\0", ""), (b"4F\0", "4F"), (b"4F", "4F")])
def test_ids_of_responses_however_they_end(body: bytes, id: str) -> None:
    read = decode(
        (16 + len(body)).to_bytes(4) + (codes.SUBMIT_SM | codes.RESPONSE).to_bytes(4) + bytes(8) + body
    )
    assert read.body == id


@pytest.mark.parametrize("length", [0, 15, LARGEST + 1, 0xFFFFFFFF])
def test_a_length_that_no_pdu_has_ends_the_stream(length: int) -> None:
    with pytest.raises(BadPdu):
        Framer().feed(length.to_bytes(4))


def test_what_is_too_long_is_not_written() -> None:
    with pytest.raises(ValueError, match="short_message"):
        encode(Pdu(codes.SUBMIT_SM, 1, 0, Message(Address(), Address(), b"x" * 255)))
    with pytest.raises(ValueError, match="too long"):
        encode(Pdu(codes.SUBMIT_SM, 1, 0, Message(Address(), Address()), ((1, b"x" * 65536),)))


def test_a_password_is_in_no_representation() -> None:
    assert "hidden" not in repr(Pdu(codes.BIND_RECEIVER, 1, 0, Bind("us", "hidden")))

"""PDUs of SMPP 3.4 as values and as bytes. Parameters that are not known are kept as they came."""

import struct
from dataclasses import dataclass
from typing import TypeAlias

from channels.smpp import codes

SHORTEST = 16
"""Octets of a header."""

LARGEST = 72 * 1024
"""Octets. A message_payload of 64 kB, the largest there can be, with all else around it."""

VERSION = 0x34

MOST_TEXT = 254
"""Octets that short_message holds; more goes into the parameter message_payload."""

_HEADER = struct.Struct(">IIII")
_TLV = struct.Struct(">HH")
_BODIES = codes.MESSAGES | codes.BINDS


class BadPdu(Exception):
    """Bytes that are no PDU, or none that can be read: `answer` tells the peer so, None for a response."""

    def __init__(self, status: int, command: int, sequence: int) -> None:
        super().__init__(f"status {status:#x}, command {command:#x}")
        nack = Pdu(codes.GENERIC_NACK, sequence, status)
        known = command in _BODIES and status != codes.INVALID_LENGTH
        told = Pdu(command | codes.RESPONSE, sequence, status, "") if known else nack
        self.answer = None if command & codes.RESPONSE else told


@dataclass(frozen=True, slots=True)
class Address:
    """A number with its type (TON: 1 international, 2 national, 5 letters) and plan (NPI: 1 telephone)."""

    number: str = ""
    ton: int = 0
    npi: int = 0


@dataclass(frozen=True, slots=True)
class Bind:
    """Body of bind_receiver, bind_transmitter and bind_transceiver."""

    system_id: str
    password: str
    system_type: str = ""
    version: int = VERSION
    addresses: Address = Address()
    """`number` is the range of numbers, as a regular expression, that the peer wants to receive for."""

    def __repr__(self) -> str:
        return f"Bind({self.system_id!r})"  # never the password


@dataclass(frozen=True, slots=True)
class Message:
    """Body of submit_sm, deliver_sm and data_sm; of the last without `text`, `protocol` and what follows."""

    source: Address
    destination: Address
    text: bytes = b""
    coding: int = 0
    esm_class: int = 0
    registered: int = 0
    service: str = ""
    protocol: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    replace: int = 0
    canned: int = 0


Tlvs: TypeAlias = tuple[tuple[int, bytes], ...]

Body: TypeAlias = Message | Bind | str | bytes
"""A `str` is the id or name that a response carries; `bytes` are what nobody here needs to read."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU. Responses repeat the `sequence` of what they answer."""

    command: int
    sequence: int
    status: int = codes.OK
    body: Body = b""
    tlvs: Tlvs = ()

    def tlv(self, tag: int) -> bytes | None:
        """The first optional parameter of that tag."""
        for known, value in self.tlvs:
            if known == tag:
                return value
        return None


def encode(pdu: Pdu) -> bytes:
    """The bytes of a PDU. ValueError for a text or parameter longer than its length can say."""
    return framed(pdu.command, pdu.sequence, pdu.status, encode_body(pdu.command, pdu.body, pdu.tlvs))


def framed(command: int, sequence: int, status: int, body: bytes) -> bytes:
    """A PDU whose body is bytes already."""
    return _HEADER.pack(SHORTEST + len(body), command, status, sequence) + body


def encode_body(command: int, body: Body, tlvs: Tlvs = ()) -> bytes:
    """All of a PDU but its header."""
    match body:
        case bytes():
            made = body
        case str():
            made = _string(body)
        case Bind():
            names = _string(body.system_id) + _string(body.password) + _string(body.system_type)
            made = names + bytes((body.version,)) + _address(body.addresses)
        case _:
            made = _message(body, whole=command != codes.DATA_SM)
    if not tlvs:
        return made
    return made + b"".join([_tlv(tag, value) for tag, value in tlvs])


def decode(frame: bytes) -> Pdu:
    """The PDU in a frame of its own length. Raises `BadPdu`, and nothing else, for what cannot be read."""
    if len(frame) < SHORTEST:
        raise BadPdu(codes.INVALID_LENGTH, 0, 0)
    length, command, status, sequence = _HEADER.unpack_from(frame)
    if length != len(frame):
        raise BadPdu(codes.INVALID_LENGTH, command, sequence)
    body: Body
    try:
        if command in codes.MESSAGES:
            body, end = _read_message(frame, whole=command != codes.DATA_SM)
        elif command & codes.RESPONSE and command ^ codes.RESPONSE in _BODIES:
            return _read_response(frame, command, sequence, status)
        elif command in codes.BINDS:
            body, end = _read_bind(frame)
        else:
            return Pdu(command, sequence, status, frame[SHORTEST:])
    except (ValueError, IndexError):
        raise BadPdu(codes.INVALID_LENGTH, command, sequence) from None
    return Pdu(command, sequence, status, body, _read_tlvs(frame, end, command, sequence))


class Framer:
    """Bytes as they come from a stream -> whole frames."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The frames that are whole now. Raises `BadPdu` for a length that no PDU has.

        Where the next one begins cannot be known then, so the stream is at its end.
        """
        data = self._rest + chunk if self._rest else chunk
        frames, place, end = [], 0, len(data)
        while end - place >= 4:
            length = int.from_bytes(data[place : place + 4])
            if not SHORTEST <= length <= LARGEST:
                self._rest = b""
                raise BadPdu(codes.INVALID_LENGTH, 0, 0)
            if end - place < length:
                break
            frames.append(data[place : place + length])
            place += length
        self._rest = data[place:]
        return frames


def _string(text: str) -> bytes:
    return text.encode("latin-1") + b"\0"


def _address(address: Address) -> bytes:
    return bytes((address.ton, address.npi)) + _string(address.number)


def _tlv(tag: int, value: bytes) -> bytes:
    if len(value) > 0xFFFF:
        raise ValueError(f"optional parameter {tag:#x} is too long")
    return _TLV.pack(tag, len(value)) + value


def _message(body: Message, *, whole: bool) -> bytes:
    head = _string(body.service) + _address(body.source) + _address(body.destination)
    if not whole:
        return head + bytes((body.esm_class, body.registered, body.coding))
    if len(body.text) > MOST_TEXT:
        raise ValueError("the text is too long for short_message")
    return b"".join(
        (
            head,
            bytes((body.esm_class, body.protocol, body.priority)),
            _string(body.schedule),
            _string(body.validity),
            bytes((body.registered, body.replace, body.coding, body.canned, len(body.text))),
            body.text,
        )
    )


def _read_string(frame: bytes, place: int) -> tuple[str, int]:
    end = frame.index(b"\0", place)
    return frame[place:end].decode("latin-1"), end + 1


def _read_address(frame: bytes, place: int) -> tuple[Address, int]:
    number, end = _read_string(frame, place + 2)
    return Address(number, frame[place], frame[place + 1]), end


def _read_bind(frame: bytes) -> tuple[Bind, int]:
    system_id, place = _read_string(frame, SHORTEST)
    password, place = _read_string(frame, place)
    system_type, place = _read_string(frame, place)
    addresses, end = _read_address(frame, place + 1)
    return Bind(system_id, password, system_type, frame[place], addresses), end


def _read_message(frame: bytes, *, whole: bool) -> tuple[Message, int]:
    service, place = _read_string(frame, SHORTEST)
    source, place = _read_address(frame, place)
    destination, place = _read_address(frame, place)
    if not whole:
        esm_class, registered, coding = frame[place], frame[place + 1], frame[place + 2]
        return Message(source, destination, b"", coding, esm_class, registered, service), place + 3
    esm_class, protocol, priority = frame[place], frame[place + 1], frame[place + 2]
    schedule, place = _read_string(frame, place + 3)
    validity, place = _read_string(frame, place)
    registered, replace, coding, canned = frame[place], frame[place + 1], frame[place + 2], frame[place + 3]
    begin = place + 5
    end = begin + frame[place + 4]
    if end > len(frame):
        raise ValueError
    text = frame[begin:end]
    return Message(
        source, destination, text, coding, esm_class, registered, service,
        protocol, priority, schedule, validity, replace, canned,
    ), end  # fmt: skip


def _read_response(frame: bytes, command: int, sequence: int, status: int) -> Pdu:
    # A refusal often comes without a body, and some forget the NUL: the id is clear all the same.
    end = frame.find(b"\0", SHORTEST)
    if end < 0:
        return Pdu(command, sequence, status, frame[SHORTEST:].decode("latin-1"))
    tlvs = _read_tlvs(frame, end + 1, command, sequence) if end + 1 < len(frame) else ()
    return Pdu(command, sequence, status, frame[SHORTEST:end].decode("latin-1"), tlvs)


def _read_tlvs(frame: bytes, place: int, command: int, sequence: int) -> Tlvs:
    found = []
    while place < len(frame):
        if place + 4 > len(frame):
            raise BadPdu(codes.INVALID_OPTIONAL, command, sequence)
        tag, length = _TLV.unpack_from(frame, place)
        place += 4 + length
        if place > len(frame):
            raise BadPdu(codes.INVALID_OPTIONAL, command, sequence)
        found.append((tag, frame[place - length : place]))
    return tuple(found)

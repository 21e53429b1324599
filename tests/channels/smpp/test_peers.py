"""Against SMPP that others wrote: operators by node-smpp and smpp34, other clients by smpplib and smpp34."""

import asyncio
import shutil
import ssl
import struct
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
import smpp34
import smpplib.client
import smpplib.consts
import smpplib.gsm

from bot.messages import Outbound
from channels import Receipt, Sent
from channels.smpp import codes, texts
from channels.smpp.channel import SmsSmpp, came
from channels.smpp.line import Lost
from channels.smpp.pdu import Address, Bind, Message, Pdu, encode
from channels.smpp.peer import Peer
from tests.channels.doubles import NOW
from tests.channels.smpp.doubles import PATIENCE, SALAM, certificate, free_port, line, profile, smsc, until
from tests.channels.smpp.node import node_smsc
from tests.channels.smpp.test_line import run

URDU = "یہ ایک لمبا پیغام ہے جس کے کئی حصے ہیں۔ " * 4
ROMAN = "yeh aik lamba paigham hai [jis] ke kai hissay hain, 5 € " * 5


def test_node_as_the_operator_over_tls_both_ways_and_with_receipts(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "smsc.example")
    incoming = [
        {
            "source_addr": "923990000001",
            "source_addr_ton": 1,
            "destination_addr": "8171",
            "short_message": text,
        }
        for text in ("mera paisa [5 €]", "قسط کب آئے گی")
    ]

    async def work() -> None:
        heard: list[Any] = []
        async with node_smsc(pem=str(pem), password="right", texts=incoming) as node:
            given = profile(
                node.port, tls=True, ca=pem, tls_name="smsc.example", password="right",
                response_ids="hex", receipt_ids="decimal",
            )  # fmt: skip
            channel = SmsSmpp((given,), jitter=lambda: 0.5)

            async def hear(name: str, peer: Peer, pdu: Pdu) -> int:
                assert isinstance(pdu.body, Message)
                heard.append(came(given, pdu, pdu.body, NOW))
                return codes.OK

            channel.hear = hear
            await channel.start()
            await until(lambda: len(node.all("acknowledged")) == 2)
            assert [each.text for each in heard] == ["mera paisa [5 €]", "قسط کب آئے گی"]
            assert {each.sender for each in heard} == {"+923990000001"}
            assert node.all("acknowledged") == [0, 0]
            for number, text in enumerate((URDU, ROMAN, "salam")):
                out = Outbound(f"out-{number}", "sms", "+923990000001", (text,))
                sent = await channel.send(out)
                assert isinstance(sent, Sent)
                await until(lambda s=sent: Receipt("delivered", NOW, reference=s.reference) in heard)
            said = [told for told in node.seen if "text" in told]
            assert "".join(told["text"] for told in said) == URDU + ROMAN + "salam"
            assert [bool(told["udh"]) for told in said] == [True] * (len(said) - 1) + [False]
            assert {(told["to"], told["ton"], told["from"]) for told in said} == {("923990000001", 1, "8171")}
            assert node.all("alive") == [True]
            await channel.stop()
            await until(lambda: node.all("unbound"))

    run(work())


def test_node_throttles_refuses_and_cuts(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with node_smsc(throttle_every=4) as node, line(node.port, window=3) as us:
            answers = await asyncio.gather(*(us.submit(SALAM) for _ in range(8)))
            assert all(isinstance(each, Pdu) and each.status == codes.OK for each in answers)
        async with node_smsc(cut_every=3) as node, line(node.port, window=3) as us:
            answers = await asyncio.gather(*(us.submit(SALAM) for _ in range(3)))
            assert answers.count(Lost.UNANSWERED) >= 1
            await until(lambda: us.bound)
        async with node_smsc(password="right") as node, line(node.port, wait=False, password="wrong"):
            await until(lambda: "bind refused: status 0xe" in caplog.text)

    run(work())


def _smpplib(port: int, seen: list[Any], context: ssl.SSLContext) -> None:
    """Another client, which blocks: it sends a long text and reads until it has two texts and a receipt."""
    client = smpplib.client.Client(
        "127.0.0.1", port, ssl_context=context, timeout=PATIENCE, allow_unknown_opt_params=True
    )
    client.logger.disabled = True
    client.set_message_sent_handler(lambda pdu: seen.append(("sent", pdu.message_id.decode())) and None)

    def received(pdu: Any) -> int:
        seen.append(("receipt" if pdu.receipted_message_id else "text", pdu.short_message))
        return smpplib.consts.SMPP_ESME_ROK

    client.set_message_received_handler(received)
    client.connect()
    client.bind_transceiver(system_id="other", password="right")
    parts, coding, esm_class = smpplib.gsm.make_parts(ROMAN)
    for part in parts:
        client.send_message(
            source_addr="8171",
            destination_addr="923990000001",
            dest_addr_ton=1,
            short_message=part,
            data_coding=coding,
            esm_class=esm_class,
            registered_delivery=part is parts[-1],
        )
    while len(seen) < len(parts) + 2:
        client.read_once()
    client.unbind()
    client.disconnect()


def test_smpplib_as_another_client_of_our_simulator(tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate(tmp_path, "smsc.example"))
    careless = ssl.create_default_context()  # it hands over no name that could be checked
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE

    async def work() -> None:
        shown: list[tuple[str, str]] = []
        seen: list[Any] = []
        async with smsc(encryption=context, password="right", tell=lambda *one: shown.append(one)) as (
            them,
            port,
        ):
            client = threading.Thread(target=_smpplib, args=(port, seen, careless))
            client.start()
            await until(lambda: them.bound)
            them.text("+923990000001", "salam [5 €]")
            await until(lambda: not client.is_alive())
            assert them.counts.acknowledged == 2
        assert shown == [("+923990000001", ROMAN)]
        assert ("text", texts.written("salam [5 €]", reference=0)[0].octets) in seen
        assert sorted(kind for kind, _ in seen) == ["receipt", "sent", "sent", "text"]

    run(work())


def test_another_operator_s_software() -> None:
    async def work() -> None:
        port = free_port()
        server = smpp34.Server("127.0.0.1", port)
        await server.start()
        heard: list[bytes] = []

        async def hear(peer: Peer, pdu: Pdu) -> int:
            assert isinstance(pdu.body, Message)
            heard.append(pdu.body.text)
            return codes.OK

        async with line(port, hear) as us:
            session = await server.next()
            assert isinstance(session, smpp34.Esme)
            asked = asyncio.create_task(us.submit(SALAM))
            event = await server.next()
            assert isinstance(event, smpp34.SubmitSmEvent)
            assert (event.short_message, event.destination_addr) == (b"salam", "923990000001")
            event.accept("id-1")
            answer = await asked
            assert isinstance(answer, Pdu)
            assert answer.body == "id-1"
            response = await session.deliver_sm("8171", b"sawal", source_addr="923990000001")
            assert response.is_success
            assert heard == [b"sawal"]
        await server.stop()

    run(work())


def test_another_client_of_our_simulator() -> None:
    async def work() -> None:
        async with smsc(receipts="never") as (them, port):
            client = smpp34.Client("127.0.0.1", port, "other", "any", bind_type="TRX")
            session = await client.connect()
            answer = await session.submit_sm("923990000001", b"salam", source_addr="8171")
            assert (answer.message_id, answer.is_success) == ("00000001", True)
            them.text("+923990000001", "sawal")
            event = await session.next()
            assert isinstance(event, smpp34.DeliverSmEvent)
            assert event.short_message == b"sawal"
            await until(lambda: them.counts.acknowledged)
            await session.unbind()

    run(work())


def _capture(file: Path, pdus: list[bytes]) -> None:
    """A capture of one connection: each PDU a segment of TCP over IPv4, without link layer."""
    made, sequence = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)], 1
    for pdu in pdus:
        tcp = struct.pack(">HHIIBBHHH", 40000, 2775, sequence, 1, 0x50, 0x18, 8192, 0, 0)
        addresses = bytes((127, 0, 0, 1)) * 2
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp) + len(pdu), 0, 0, 64, 6, 0) + addresses
        packet = ip + tcp + pdu
        made.append(struct.pack("<IIII", 0, sequence, len(packet), len(packet)) + packet)
        sequence += len(pdu)
    file.write_bytes(b"".join(made))


def test_wireshark_reads_what_we_write_without_complaint(tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if not tshark:
        pytest.skip("tshark is not installed: what we write is not dissected")
    address = Address("923990000001", 1, 1)
    segments = [*texts.written(URDU, reference=7), *texts.written("یہ ہے۔", reference=1, tables=("urdu",))]
    segments += texts.written(ROMAN, reference=9)
    tlvs = ((codes.RECEIPTED_ID, b"4F\0"), (codes.MESSAGE_STATE, b"\2"))
    pdus = [
        Pdu(codes.BIND_TRANSCEIVER, 1, 0, Bind("us", "secret")),
        Pdu(codes.BIND_TRANSCEIVER | codes.RESPONSE, 1, 0, "them"),
        *(
            Pdu(codes.SUBMIT_SM, n, 0, Message(Address("8171"), address, s.octets, s.coding, s.esm_class))
            for n, s in enumerate(segments, 2)
        ),
        Pdu(codes.SUBMIT_SM | codes.RESPONSE, 2, 0, "4F"),
        Pdu(codes.DELIVER_SM, 3, 0, Message(address, Address("8171"), b"id:4F", esm_class=4), tlvs),
        Pdu(codes.DELIVER_SM | codes.RESPONSE, 3, codes.TRY_LATER, ""),
        Pdu(codes.DATA_SM, 4, 0, Message(address, Address("8171")), ((codes.MESSAGE_PAYLOAD, b"x" * 300),)),
        Pdu(codes.ENQUIRE_LINK, 5),
        Pdu(codes.ENQUIRE_LINK | codes.RESPONSE, 5),
        Pdu(codes.GENERIC_NACK, 6, codes.INVALID_COMMAND),
        Pdu(codes.UNBIND, 7),
        Pdu(codes.UNBIND | codes.RESPONSE, 7),
    ]
    _capture(tmp_path / "smpp.pcap", [encode(pdu) for pdu in pdus])
    command = [
        tshark, "-r", str(tmp_path / "smpp.pcap"), "-d", "tcp.port==2775,smpp", "-T", "fields",
        "-e", "smpp.command_id", "-e", "smpp.sequence_number", "-e", "smpp.command_status",
        "-e", "_ws.malformed", "-e", "_ws.expert.severity",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    read = [line.split("\t") for line in done.stdout.splitlines()]
    assert [int(fields[0], 16) for fields in read] == [pdu.command for pdu in pdus]
    assert [int(fields[1]) for fields in read] == [pdu.sequence for pdu in pdus]
    worst = 0x00600000  # a warning of Wireshark's; a status that is no success is a note
    severities = [int(each) for fields in read for each in fields[4].split(",") if each]
    assert not any(fields[3] for fields in read)
    assert all(severity < worst for severity in severities), severities

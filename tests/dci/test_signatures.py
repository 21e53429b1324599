"""The signature matrix: every dialect against everything that must not pass."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from jwt import PyJWS

from services.dci.envelope import Written
from services.dci.keys import PublicKey
from services.dci.signatures import DIALECTS, Unauthentic
from services.dci.text import canonical
from tests.dci.parties import NOW, THEM, URDU, US, key, opened, question, sealed

ALL = pytest.mark.parametrize("dialect", sorted(DIALECTS))
CAVAGE = [name for name in DIALECTS if name in ("spdci-cavage", "openspp")]
JWS = sorted(set(DIALECTS) - set(CAVAGE))
SORTED = ["openg2p", "openspp"]


def verify(
    written: Written,
    dialect: str,
    *,
    keys: Any = None,
    sender: str = US,
    at: Any = NOW,
) -> None:
    keys = [key(US).public] if keys is None else keys
    opened(written, dialect).verify(DIALECTS[dialect], keys, sender=sender, at=at)


def refused(written: Written, dialect: str, **options: Any) -> None:
    with pytest.raises(Unauthentic, match=r"^the message is not authentic$"):
        verify(written, dialect, **options)


def signature_of(written: Written, dialect: str) -> str:
    return opened(written, dialect).signature


def with_signature(written: Written, dialect: str, signature: str) -> Written:
    if DIALECTS[dialect].place == "http":
        return Written(written.body, {**written.headers, "Signature": signature})
    old = json.dumps(signature_of(written, dialect)).encode()
    assert old in written.body
    return Written(written.body.replace(old, json.dumps(signature).encode()), written.headers)


@ALL
@pytest.mark.parametrize("kind", ["EdDSA", "ES256", "RS256"])
def test_what_was_signed_is_trusted(dialect: str, kind: str) -> None:
    ours = key("k-1", kind)
    verify(sealed(dialect, who=ours), dialect, keys=[ours.public])
    verify(sealed(dialect, who=ours), dialect, keys=[replace(ours.public, id="")])


@ALL
def test_urdu_names_survive(dialect: str) -> None:
    message = question()
    message["search_request"][0]["search_criteria"]["note"] = f'{URDU} \U0001f600 \u00e9 " \\ / 4.0'
    written = sealed(dialect, message)
    assert URDU.encode() in written.body
    verify(written, dialect)


@ALL
@pytest.mark.parametrize("part", [b"9000000000012", b'"message_id":"m-1"', b'"receiver_id"', b"SRPerson"])
def test_a_changed_message_is_refused(dialect: str, part: bytes) -> None:
    written = sealed(dialect)
    assert part in written.body
    refused(replace(written, body=written.body.replace(part, part[:-2] + b"7" + part[-1:], 1)), dialect)


@ALL
def test_another_key_is_refused(dialect: str) -> None:
    written = sealed(dialect)
    refused(written, dialect, keys=[key(THEM).public])
    refused(written, dialect, keys=[replace(key(THEM).public, id=US)])
    refused(written, dialect, keys=[])


@ALL
def test_another_sender_is_refused(dialect: str) -> None:
    refused(sealed(dialect), dialect, sender=THEM)
    refused(sealed(dialect, sender=THEM), dialect)


@ALL
@pytest.mark.parametrize(
    ("late", "good"),
    [(-61, False), (-60, True), (0, True), (300, True), (360, True), (361, False), (10**6, False)],
)
def test_the_window_of_time(dialect: str, late: int, good: bool) -> None:
    written = sealed(dialect)
    at = NOW + timedelta(seconds=late)
    if good:
        verify(written, dialect, at=at)
    else:
        refused(written, dialect, at=at)


@ALL
@pytest.mark.parametrize(
    "signature", ["", "x", "a.b.c", "..", "Signature:", "unsigned-stub", '{"a":1}', "\u0646", "=" * 9]
)
def test_no_signature_at_all_is_refused(dialect: str, signature: str) -> None:
    refused(with_signature(sealed(dialect), dialect, signature), dialect)


@ALL
def test_a_signature_that_is_no_text_is_refused(dialect: str) -> None:
    written = sealed(dialect)
    body = json.loads(written.body)
    for signature in (None, 1, [], {"alg": "none"}):
        body["signature"] = signature
        refused(Written(json.dumps(body).encode(), {}), dialect)


@ALL
def test_each_dialect_refuses_the_others_except_where_they_agree(dialect: str) -> None:
    for other in DIALECTS:
        written = sealed(other)
        carried = signature_of(written, other)
        moved = Written(written.body, {"Signature": carried})
        body = {**json.loads(written.body), "signature": carried}
        if DIALECTS[dialect].place == "body":
            moved = Written(json.dumps(body, sort_keys=True, separators=(",", ":")).encode(), {})
        # What we write is sorted and compact already, so a signature over the sorted form is the same one.
        same = {dialect, other} <= {"jws-detached", "openg2p"} or dialect == other
        same |= dialect == "openg2p" and other == "jws-header"
        same |= dialect == "jws-detached" and other == "jws-header"
        if same:
            verify(moved, dialect)
        else:
            refused(moved, dialect)


@ALL
def test_spaces_and_order_count_unless_the_dialect_sorts(dialect: str) -> None:
    written = sealed(dialect)
    told = json.loads(written.body)
    respaced = replace(written, body=json.dumps(told, indent=1, ensure_ascii=False).encode())
    reordered = replace(
        written, body=json.dumps(dict(reversed(told.items())), separators=(",", ":")).encode()
    )
    if dialect in SORTED:
        verify(respaced, dialect)
    else:
        refused(respaced, dialect)
    if DIALECTS[dialect].place == "body":  # the pieces are the same, wherever they stand
        verify(reordered, dialect)
    else:
        refused(reordered, dialect)


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - set(SORTED) - {"jws-header"}))
def test_a_sender_may_write_as_it_likes(dialect: str) -> None:
    """Signed over text that no serialiser of ours would write."""
    head, said = (
        json.dumps(json.loads(sealed(dialect).body)["header"], indent=3),
        '{ "a" : 4.0,"A":"\\u0646" }',
    )
    signed = replace(opened(sealed(dialect), dialect).signed, header=head, message=said)
    made = DIALECTS[dialect].sign(signed, key(US), sender=US, at=NOW)
    body = f'{{"message": {said} ,\n "signature": {json.dumps(made)}, "header":{head}}}'.encode()
    verify(Written(body, {}), dialect)
    refused(Written(body.replace(b"4.0", b"4"), {}), dialect)


@pytest.mark.parametrize("dialect", JWS)
@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512", "RS256", "EdDSA "])
def test_the_message_cannot_choose_the_algorithm(dialect: str, algorithm: str) -> None:
    written = sealed(dialect)
    _, _, made = signature_of(written, dialect).split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": US}).encode()).rstrip(b"=").decode()
    for signature in (f"{head}..{made}", f"{head}.."):
        refused(with_signature(written, dialect, signature), dialect)


@pytest.mark.parametrize("dialect", JWS)
def test_a_public_key_is_no_shared_secret(dialect: str) -> None:
    written = sealed(dialect)
    secret = key(US).key.public_key().public_bytes_raw()
    payload = opened(written, dialect).signed.whole.encode()
    head, _, made = PyJWS().encode(payload, secret, "HS256", {"kid": US}).split(".")
    refused(with_signature(written, dialect, f"{head}..{made}"), dialect)


@pytest.mark.parametrize("dialect", JWS)
def test_a_payload_within_and_headers_that_must_be_understood_are_refused(dialect: str) -> None:
    written = sealed(dialect)
    ours, payload = key(US), opened(written, dialect).signed.whole.encode()
    head, body, made = PyJWS().encode(payload, ours.key, "EdDSA").split(".")
    verify(with_signature(written, dialect, f"{head}..{made}"), dialect)
    refused(with_signature(written, dialect, f"{head}.{body}.{made}"), dialect)
    unencoded = PyJWS().encode(payload, ours.key, "EdDSA", is_payload_detached=True)
    refused(with_signature(written, dialect, unencoded), dialect)


@pytest.mark.parametrize("dialect", JWS)
def test_a_jws_needs_a_moment_in_the_header(dialect: str) -> None:
    written = sealed(dialect)
    told = json.loads(written.body)
    for moment in ("2026-11-24T09:00:00", "", None, 5):
        told["header"]["message_ts"] = moment
        plain = json.dumps(
            {name: told[name] for name in ("header", "message")}, sort_keys=True, separators=(",", ":")
        )
        head, _, made = PyJWS().encode(plain.encode(), key(US).key, "EdDSA").split(".")
        body = plain if DIALECTS[dialect].place == "http" else f'{plain[:-1]},"signature":"{head}..{made}"}}'
        refused(Written(body.encode(), {"Signature": f"{head}..{made}"}), dialect)


@pytest.mark.parametrize("dialect", CAVAGE)
def test_every_field_of_a_cavage_signature_counts(dialect: str) -> None:
    written = sealed(dialect)
    good = signature_of(written, dialect)
    verify(with_signature(written, dialect, f"Signature: {good}"), dialect)
    created = str(int(NOW.timestamp()))
    expires = str(int(NOW.timestamp()) + 300)
    for old, new in (
        (US, THEM),
        ("|ed25519", "|rsa-sha256"),
        ("|ed25519", ""),
        ('algorithm="ed25519"', 'algorithm="none"'),
        ('algorithm="ed25519", ', ""),
        (f'created="{created}"', f'created="{int(created) - 1}"'),
        (f'created="{created}"', f'created="{created} "'),
        (f'expires="{expires}"', f'expires="{int(expires) + 1}"'),
        (f'expires="{expires}"', f'expires="{created}"'),
        (f'expires="{expires}"', 'expires="99999999999"'),
        ("(created) (expires) digest", "(created)"),
        ('signature="', 'signature="*'),
        ('signature="', 'signature="AAAA'),
        ("namespace", "signature"),
        ("namespace=", "namespace"),
    ):
        assert old in good
        refused(with_signature(written, dialect, good.replace(old, new)), dialect)


@pytest.mark.parametrize("dialect", CAVAGE)
def test_a_signature_may_not_be_good_for_longer_than_five_minutes(dialect: str) -> None:
    signed = opened(sealed(dialect), dialect).signed
    made = DIALECTS[dialect]
    created, expires = int(NOW.timestamp()), int(NOW.timestamp()) + 301
    raw = key(US).sign(made._text(signed, str(created), str(expires)))  # type: ignore[attr-defined]
    signature = (
        f'kidId="{US}|{US}|ed25519", algorithm="ed25519", created="{created}", expires="{expires}", '
        f'headers="(created) (expires) digest", signature="{base64.b64encode(raw).decode()}"'
    )
    refused(with_signature(sealed(dialect), dialect, signature), dialect)


def test_openspp_signs_what_python_would_write() -> None:
    """The bytes that OpenSPP digests: one Urdu name makes the two canonical forms differ."""
    message = question()
    message["search_request"][0]["locale_name"] = URDU
    whole = opened(sealed("openspp", message), "openspp").signed.whole
    told = json.loads(whole)
    assert canonical(whole, ascii=True) == json.dumps(told, sort_keys=True, separators=(",", ":"))
    assert canonical(whole, ascii=False) != canonical(whole, ascii=True)


def test_keys_of_a_partner_s_set_are_told_apart_by_name() -> None:
    old, new = key("old"), key("new")
    keys: list[PublicKey] = [old.public, new.public]
    for dialect in DIALECTS:
        verify(sealed(dialect, who=new), dialect, keys=keys)
        refused(sealed(dialect, who=new), dialect, keys=[old.public, replace(new.public, id="other")])

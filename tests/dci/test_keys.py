"""Keys: kinds, files, sets."""

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519

from services.dci.keys import PublicKey, allowed, read_private, read_public, thumbprint, write_set
from tests.dci import schemas
from tests.dci.parties import key, pem, public_pem


@pytest.mark.parametrize("kind", ["EdDSA", "ES256", "RS256"])
def test_a_key_in_every_form(kind: str) -> None:
    ours = key("k-1", kind)
    assert ours.algorithm == kind
    signature = ours.sign(b"text")
    written = json.dumps(write_set([ours.public])).encode()
    (from_set,) = read_public(written)
    (from_pem,) = read_public(public_pem(ours.key.public_key()))
    assert (from_set.id, from_pem.id) == ("k-1", "")
    for public in (ours.public, from_set, from_pem):
        assert public.algorithm == kind
        assert public.verify(b"text", signature)
        assert not public.verify(b"text!", signature)
    assert thumbprint(from_set) == thumbprint(from_pem)
    assert read_private(pem(ours.key)).id == thumbprint(from_pem)
    assert "key=" not in repr(ours)


def test_the_thumbprint_of_the_standard() -> None:
    # RFC 8037, appendix A.3
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    (public,) = read_public(json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}).encode())
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_published_set_has_no_private_half_and_all_that_is_required() -> None:
    (one,) = write_set([key("k-1").public])["keys"]
    assert set(one) == {"kty", "crv", "x", "kid", "use", "alg"}


def test_keys_for_encryption_are_passed_over() -> None:
    ours = write_set([key("k-1").public])["keys"]
    both = [*ours, {"kty": "RSA", "use": "enc"}]
    assert [one.id for one in read_public(json.dumps({"keys": both}).encode())] == ["k-1"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"nonsense", b"{}", b'{"keys": []}', b'{"keys": [1]}',
        b'{"keys": [{"kty": "oct", "k": "AAAA"}]}', b'{"keys": [{"kty": "RSA", "use": "enc"}]}',
        public_pem(ed448.Ed448PrivateKey.generate().public_key()),
        public_pem(ec.generate_private_key(ec.SECP384R1()).public_key()),
        public_pem(rsa.generate_private_key(65537, 1024).public_key()),
        json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_usable_public_key_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"key|Key"):
        read_public(data)


def test_what_is_no_usable_private_key_is_refused() -> None:
    locked = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    for data in (b"", locked, pem(x25519.X25519PrivateKey.generate()), pem(ed448.Ed448PrivateKey.generate())):
        with pytest.raises(ValueError, match="key"):
            read_private(data)


def test_only_algorithms_that_a_partner_may_use() -> None:
    keys: list[PublicKey] = [key("a").public, key("b", "RS256").public]
    assert [one.id for one in allowed(keys, ["EdDSA"])] == ["a"]
    with pytest.raises(ValueError, match="allowed"):
        allowed(keys, ["none"])


def test_the_judge_of_messages_can_say_no() -> None:
    assert schemas.faults({"transaction_id": 1}, "social", "/components/schemas/SearchRequest")

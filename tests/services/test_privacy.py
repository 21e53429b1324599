"""People's numbers: hashed with a key, sealed, told to nobody else, in no log."""

import logging
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.privacy.disclosure import Links, decide
from services.privacy.identifiers import Keys, WrongKey, load_or_create_secrets, verify_key
from services.registry import Person
from services.store.engine import Store
from tests.services.deployment import deploy, inbound, sample, settle
from tests.services.test_turns import taken

KEYS = Keys.from_secret(b"a secret that is only for the tests")
OTHER = Keys.from_secret(b"another secret that is also only for the tests")


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_sealed_text_can_be_opened_with_its_key_only(text: str) -> None:
    blob = KEYS.seal(text)
    assert KEYS.open(blob) == text
    assert KEYS.seal(text) != blob
    with pytest.raises(WrongKey):
        OTHER.open(blob)


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01" + b"0" * 12, b"\x02" + b"0" * 40])
def test_what_was_not_sealed_cannot_be_opened(blob: bytes) -> None:
    with pytest.raises(WrongKey):
        KEYS.open(blob)


def test_a_changed_byte_is_noticed() -> None:
    blob = bytearray(KEYS.seal("text"))
    for place in range(len(blob)):
        changed = bytes(blob[:place]) + bytes([blob[place] ^ 1]) + bytes(blob[place + 1 :])
        with pytest.raises(WrongKey):
            KEYS.open(changed)


def test_hashes_are_of_one_purpose_and_one_key() -> None:
    number = "9000000000012"
    assert KEYS.hash("cnic", number) == KEYS.hash("cnic", number)
    assert len({KEYS.hash("cnic", number), KEYS.hash("phone", number), OTHER.hash("cnic", number)}) == 3
    assert len(KEYS.hash("cnic", number)) == 16


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        Keys.from_secret(b"short")


def test_keys_do_not_show_themselves() -> None:
    assert repr(KEYS) == "Keys()"


def test_the_secret_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret.key"
    made = load_or_create_secrets(file)
    assert load_or_create_secrets(file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["secret.key"]


def test_another_process_may_have_made_it_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret.key"
    honest = Path.touch

    def touch(self: Path, **options: Any) -> None:
        honest(self, **options)
        file.write_bytes(b"made by another process, a moment before us")

    monkeypatch.setattr(Path, "touch", touch)
    assert load_or_create_secrets(file) == (b"made by another process, a moment before us",)


def test_a_database_knows_its_key(store: Store) -> None:
    store.run_now(lambda connection: verify_key(connection, KEYS))
    store.run_now(lambda connection: verify_key(connection, KEYS))
    with pytest.raises(WrongKey, match="not the one"):
        store.run_now(lambda connection: verify_key(connection, OTHER))


def person(phone: bytes | None) -> Person:
    return Person("A", "kech", "f", frozenset([phone] if phone else []))


@pytest.mark.parametrize(
    ("found", "phone", "level"),
    [
        ([person(b"1")], b"1", "own"),
        ([person(b"1")], b"2", "none"),
        ([person(b"1")], None, "none"),
        ([person(None)], None, "none"),
        ([person(None)], b"1", "none"),
        ([person(None), person(b"1")], b"1", "own"),
        ([person(b"2"), person(b"1")], b"1", "none"),
        ([], b"1", "none"),
    ],
)
def test_who_may_learn_what(found: list[Person], phone: bytes | None, level: str) -> None:
    assert decide(found, phone, Links(), "registered_phone").level == level
    assert decide(found, phone, Links(), "anyone").level == ("own" if level == "own" else "word")


def test_no_number_reaches_a_log(store: Store, keys: Keys, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    settle(store, keys)
    ready = sample("enrolled, payment ready")
    parts = deploy(store, keys)
    taken(
        parts,
        inbound(ready.cnic, id="1", sender=ready.phone),
        inbound("agent ne 500 kaat liye", id="2", sender=ready.phone),
        inbound(f"turbat ki dukan par {ready.cnic}", id="3", sender=ready.phone),
        inbound(ready.cnic, id="4", channel="telegram", sender="77", contact=ready.phone),
    )
    logged = "\n".join(f"{line.getMessage()} {line.__dict__}" for line in caplog.records)
    for secret in (ready.cnic, ready.phone, ready.phone[1:], ready.phone[3:]):
        assert secret not in logged

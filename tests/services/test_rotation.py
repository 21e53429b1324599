"""A new secret takes over: people are found by it, texts read, and the old one alone is worth nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from services.privacy import audit, audit_check, rotation
from services.privacy.identifiers import (
    LASTING,
    MOST_SECRETS,
    PURPOSES,
    Keys,
    WrongKey,
    add_secret,
    load_or_create_secrets,
    verify_key,
)
from services.privacy.rotation import adopt, hashed_columns, reseal, sealed_columns
from services.store.engine import Store
from services.store.tables import about, audit_head, inbound, metadata
from tests.services.anything import kept, put
from tests.services.audits import cnic, entry, fill, tamper
from tests.services.deployment import NOW, deploy, sample, settle
from tests.services.deployment import inbound as said
from tests.services.test_turns import taken, texts

OLD, NEW, NEWEST = (f"secret number {number} that is only for tests".encode() for number in (1, 2, 3))
ONE, TWO, THREE = Keys.from_secret(OLD), Keys.from_secret(NEW, OLD), Keys.from_secret(NEWEST, NEW, OLD)


def rotated(store: Store, keys: Keys) -> int:
    return store.run_now(lambda c: adopt(c, keys, NOW))


def noted(store: Store, keys: Keys = ONE) -> None:
    store.run_now(lambda c: verify_key(c, keys))


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_texts_of_every_secret_are_read_and_the_newest_seals(text: str) -> None:
    for older in (ONE, TWO):
        assert THREE.open(older.seal(text)) == text
    assert (ONE.seal(text)[0], THREE.seal(text)[0]) == (1, 3)
    with pytest.raises(WrongKey):
        TWO.open(THREE.seal(text))


@given(
    st.sampled_from([purpose for purpose in PURPOSES if purpose not in LASTING]),
    st.text(alphabet="0123456789"),
)
def test_a_hash_can_be_brought_up_to_a_new_secret_without_its_number(purpose: Any, value: str) -> None:
    old, newer, newest = THREE.hashes(purpose, value)
    assert (ONE.hash(purpose, value), TWO.hash(purpose, value), THREE.hash(purpose, value)) == (
        old,
        newer,
        newest,
    )
    assert THREE.hash_again(old, 1) == THREE.hash_again(newer, 2) == THREE.hash_again(newest, 3) == newest
    assert len({old, newer, newest}) == 3
    assert Keys.from_secret(NEW).hash(purpose, value) not in (old, newer, newest), "one secret is not enough"


def test_what_names_no_person_stays_as_it_is() -> None:
    assert THREE.hash("reply", "sms:1") == ONE.hash("reply", "sms:1")


@pytest.mark.parametrize("many", [(OLD, OLD), tuple(bytes([n]) * 32 for n in range(MOST_SECRETS + 1))])
def test_secrets_that_cannot_be(many: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="differ"):
        Keys.from_secret(*many)


def test_every_column_of_bytes_is_known() -> None:
    """Sealed, a keyed hash, or a hash of the audit: what is none of these would be lost on a rotation."""
    sealed = {column for columns in sealed_columns().values() for column in columns}
    in_bytes = {
        c for table in metadata.sorted_tables for c in table.columns if isinstance(c.type, sa.LargeBinary)
    }
    rest = in_bytes - sealed - set(hashed_columns())
    assert {column.table.name for column in rest} == {"audit", "audit_head", "audit_cut"}
    for column in sealed - {metadata.tables["household"].c.phone_sealed}:
        assert "sealed" in (column.comment or ""), column
    assert {f"{c.table.name}.{c.name}" for c in hashed_columns()} >= {"member.cnic", "phone_link.holder"}


def test_a_deployment_goes_on_under_a_new_secret(store: Store) -> None:
    settle(store, ONE)
    noted(store)
    ready = sample("enrolled, payment ready")
    before = taken(deploy(store, ONE), said(ready.cnic, id="1", sender=ready.phone))
    with pytest.raises(WrongKey, match="keys rotate"):
        noted(store, TWO)
    assert rotated(store, TWO) > 40
    noted(store, TWO)
    parts = deploy(store, TWO)
    again, after = taken(
        parts, said(ready.cnic, id="1", sender=ready.phone), said("wapas", id="2", sender=ready.phone)
    )
    assert texts([again]) == texts(before), "the reply of before is found"
    assert len(kept(store, "conversation")) == 1, "and the conversation goes on"
    assert after.outbound.parts
    (paid,) = taken(parts, said(ready.cnic, id="3", sender=ready.phone))
    assert "13,500" in paid.outbound.parts[0]
    with pytest.raises(WrongKey):
        noted(store, ONE)


def test_all_hashes_are_new_and_still_fit_one_another(store: Store) -> None:
    noted(store)
    person, phone = ONE.hash("cnic", cnic(1)), ONE.hash("phone", "+923990000001")
    for table in ("phone_link", "one_time_code"):
        put(store, table, holder=phone, subject=person)
    put(store, "grievance", cnic=None)
    (old,) = kept(store, "grievance")
    rotated(store, TWO)
    (link,), (code,), (new,) = (kept(store, name) for name in ("phone_link", "one_time_code", "grievance"))
    assert (link.holder, link.subject) == (code.holder, code.subject)
    assert (link.subject, link.holder) == (TWO.hash("cnic", cnic(1)), TWO.hash("phone", "+923990000001"))
    assert (code.code, new.cnic) == (None, None)
    assert new.conversation == TWO.hash_again(old.conversation, 1)


def test_all_or_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    noted(store)
    put(store, "phone_link")
    (before,) = kept(store, "phone_link")

    def stumble(*args: Any) -> None:
        raise KeyError

    with monkeypatch.context() as patch:
        patch.setattr(rotation.audit, "append", stumble)
        with pytest.raises(KeyError):
            rotated(store, TWO)
    assert kept(store, "phone_link") == [before]
    noted(store)
    assert rotated(store, TWO) == 2
    assert rotated(store, TWO) == 0, "and not twice"
    (after,) = kept(store, "phone_link")
    assert after.subject == TWO.hash_again(before.subject, 1)


def test_two_secrets_at_once(store: Store) -> None:
    noted(store)
    put(store, "phone_link", subject=ONE.hash("cnic", cnic(1)))
    rotated(store, THREE)
    assert kept(store, "phone_link")[0].subject == THREE.hash("cnic", cnic(1))


def test_a_new_database_and_a_strange_one(store: Store) -> None:
    assert rotated(store, TWO) == 0
    noted(store, TWO)
    with pytest.raises(WrongKey, match="not those"):
        rotated(store, Keys.from_secret(NEWEST, NEW))
    with pytest.raises(WrongKey, match="not those"):
        rotated(store, ONE)
    assert kept(store, "about")[0].value == TWO.checks[-1]


def test_texts_are_sealed_anew_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "ROWS", 2)
    for number in range(5):
        put(store, "inbound", text=ONE.seal(f"text {number}"))
    put(store, "inbound", text=TWO.seal("new"))
    put(store, "conversation", address=b"", session=ONE.seal("session"))
    put(store, "household", phone_sealed=None)
    told: dict[str, int] = {}
    assert reseal(store, TWO, tell=told.__setitem__) == 6
    assert {name: rows for name, rows in told.items() if rows} == {"inbound": 5, "conversation": 1}
    alone = [TWO.open(row.text) for row in kept(store, "inbound") if row.text[0] == 2]
    assert sorted(alone) == ["new", *(f"text {number}" for number in range(5))]
    (row,) = kept(store, "conversation")
    assert (row.address, TWO.open(row.session)) == (b"", "session")
    assert reseal(store, TWO) == 0


def test_a_row_that_is_written_meanwhile_is_left_as_it_was_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "inbound", id="1", channel="sms", text=ONE.seal("before"))
    honest = rotation._resealed

    def slow(keys: Keys, columns: Any, row: Any) -> Any:
        found = list(honest(keys, columns, row))
        meanwhile.execute(sa.update(inbound).values(text=TWO.seal("meanwhile")))
        return found

    monkeypatch.setattr(rotation, "_resealed", slow)
    columns = sealed_columns()[inbound]
    with store.engine.begin() as meanwhile:
        rotation._reseal_some(TWO, inbound, columns, (), meanwhile)
    assert TWO.open(kept(store, "inbound")[0].text) == "meanwhile"


def test_a_text_of_nobody_s_key_is_loud(store: Store) -> None:
    put(store, "inbound", text=b"\x01 was not sealed by anybody")
    with pytest.raises(WrongKey):
        reseal(store, TWO)


def test_the_audit_is_verified_and_asked_across_a_rotation(store: Store) -> None:
    noted(store)
    store.run_now(lambda c: audit.append(c, ONE, [entry(ONE, 7)]))
    fill(store, ONE, 5)
    store.run_now(lambda c: audit.cut(c, ONE, 3, NOW + timedelta(seconds=2), most=9))
    rotated(store, TWO)
    store.run_now(lambda c: audit.append(c, TWO, [entry(TWO, 7)]))
    verdict = audit_check.verify(store, TWO)
    assert (verdict.faults, verdict.rows) == ([], 1 + 3 + 16 + 1)
    found = store.read_now(lambda c: audit.of_subject(c, TWO, cnic(7), since=NOW))
    assert len(found) == 2
    assert audit_check.verify(store, ONE).count > 0


def test_an_old_secret_that_was_given_away_forges_nothing(store: Store) -> None:
    noted(store)
    fill(store, ONE, 3)
    rotated(store, TWO)
    fill(store, ONE, 1)
    fill(store, ONE, 1, chain=9)
    faults = [(fault.chain, fault.number, fault.what) for fault in audit_check.verify(store, TWO).faults]
    assert faults == [(3, 5, "changed"), (9, 2, "changed")]
    tamper(store, "DELETE FROM audit WHERE chain = 3 AND number <= 2")
    row = next(row for row in kept(store, "audit") if (row.chain, row.number) == (3, 3))
    store.run_now(lambda c: audit.write_cut(c, ONE, 3, 2, bytes(row.hash)))
    assert (3, 1, "missing") in [(f.chain, f.number, f.what) for f in audit_check.verify(store, TWO).faults]


def test_a_rotation_cannot_be_undone_with_the_old_secret(store: Store) -> None:
    noted(store)
    fill(store, ONE, 3)
    (*_, last) = sorted(row.number for row in kept(store, "audit"))
    before = next(bytes(row.hash) for row in kept(store, "audit") if row.number == last)
    rotated(store, TWO)
    head = sa.update(audit_head).where(audit_head.c.chain == 3).values(number=last, hash=before)
    tamper(store, head, "DELETE FROM audit WHERE chain = 3 AND number > 3")
    fill(store, ONE, 2)
    assert audit_check.verify(store, TWO).faults == [audit_check.Fault(3, 5, "old key")]


def test_secrets_are_lines_of_a_file_newest_first(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    (first,) = load_or_create_secrets(file)
    add_secret(file)
    newest, older = load_or_create_secrets(file)
    assert older == first != newest
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]
    file.write_bytes(b" a secret with blanks in it \r\n\n" + first)
    assert load_or_create_secrets(file) == (b"a secret with blanks in it", first)
    file.write_bytes(b"")
    with pytest.raises(ValueError, match="32"):
        Keys.from_secret(*load_or_create_secrets(file))


def test_the_about_table_tells_no_secret(store: Store) -> None:
    noted(store, THREE)
    (row,) = store.read_now(lambda c: c.execute(sa.select(about)).all())
    assert row.value == THREE.checks[-1]
    assert len({*ONE.checks, *TWO.checks, *THREE.checks}) == 3
    assert repr(THREE) == "Keys()"

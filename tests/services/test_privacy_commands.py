"""`haqdar audit | retention | keys`, as an operator uses them."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from services.app import open_database
from services.cli import app
from services.privacy import audit, commands
from services.settings import Settings
from services.store.tables import audit as audit_rows
from services.store.tables import audit_head, inbound
from tests.services.anything import kept, put
from tests.services.audits import cnic, entry, tamper

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, and no settings of the machine's."""
    for name in list(os.environ):
        if name.startswith("HAQDAR_") and name != "HAQDAR_TEST_FOLDER":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HAQDAR_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def opened() -> Iterator[Any]:
    """The store and keys that the commands will open again."""
    store, keys = open_database(Settings())
    yield store, keys
    store.close()


def run(*args: str, input: str = "") -> Result:
    return RUNNER.invoke(app, list(args), input=input)


def look_up(opened: Any, **fields: Any) -> None:
    store, keys = opened
    one = entry(keys, 7, at=datetime.now(UTC), **fields)
    store.run_now(lambda c: audit.append(c, keys, [one]))


def test_verify_with_and_without_an_anchor(opened: Any, folder: Path) -> None:
    for _ in range(3):
        look_up(opened)
    plain = run("audit", "verify")
    assert plain.exit_code == 0
    assert "3 rows, 0 faults; digest " in plain.output
    assert "only seen with --since-digest" in plain.output
    anchor = folder / "heads"
    anchor.write_text(run("audit", "heads").output, "utf-8")
    assert run("audit", "verify", "--since-digest", str(anchor)).exit_code == 0

    store, _ = opened
    chain = kept(store, "audit")[0].chain
    before = next(row.hash for row in kept(store, "audit") if row.number == 2)
    head = sa.update(audit_head).where(audit_head.c.chain == chain).values(number=2, hash=before)
    tamper(store, head, sa.delete(audit_rows).where(audit_rows.c.number == 3))
    assert run("audit", "verify").exit_code == 0, "which is why it says what it cannot see"
    told = run("audit", "verify", "--since-digest", str(anchor))
    assert told.exit_code == 1
    assert f"chain {chain} row 3 missing" in told.output
    assert anchor.read_text("utf-8").split()[-1] in told.output


def test_verify_tells_what_is_wrong(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        look_up(opened)
    tamper(opened[0], sa.update(audit_rows).values(purpose="another"))
    monkeypatch.setattr("services.privacy.audit_check.MOST_FAULTS", 2)
    told = run("audit", "verify")
    assert told.exit_code == 1
    assert "row 1 changed" in told.output
    assert "and 1 more" in told.output


def test_verify_says_what_it_could_not_compare(opened: Any, folder: Path) -> None:
    look_up(opened)
    look_up(opened)
    anchor = folder / "heads"
    anchor.write_text(run("audit", "heads").output, "utf-8")
    look_up(opened)
    store, keys = opened
    chain = kept(store, "audit")[0].chain
    later = datetime.now(UTC) + timedelta(days=1)
    store.run_now(lambda c: audit.cut(c, keys, chain, later, most=3))
    told = run("audit", "verify", "--since-digest", str(anchor))
    assert told.exit_code == 0
    assert f"not compared: chains [{chain}]" in told.output


def test_show(opened: Any) -> None:
    look_up(opened, by="partner", office="bank")
    look_up(opened, by="other", given=frozenset(), decision="none")
    dashed = f"{cnic(7)[:5]}-{cnic(7)[5:12]}-{cnic(7)[12:]}\n"
    told = run("audit", "show", "--cnic", "-", input=dashed)
    assert told.exit_code == 0
    newest, partner = (line.split("\t") for line in told.output.splitlines())
    assert (newest[1], newest[3:]) == ("other", ["sms", "payment_status", "none", "nothing"])
    assert (partner[1], partner[-1]) == ("partner bank", "enrolment.status payment.timeline person.link")
    assert newest[2] == partner[2]
    assert cnic(7) not in told.output
    assert "nobody in 9 days" in run("audit", "show", "--cnic", "-", "--days", "9", input=cnic(8)).output


@pytest.mark.parametrize(
    ("given", "typed", "told"), [(cnic(7), "", "argument"), ("-", "12345\n", "13 digits")]
)
def test_show_takes_the_number_from_standard_input_only(given: str, typed: str, told: str) -> None:
    done = run("audit", "show", "--cnic", given, input=typed)
    assert isinstance(done.exception, ValueError)
    assert told in str(done.exception)
    assert cnic(7) not in str(done.exception)


def line(output: str, rule: str) -> list[str]:
    return next(line.split()[:4] for line in output.splitlines() if line.split()[:1] == [rule])


def test_retention_counts_and_removes_when_told_to(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.privacy.retention.PAUSE", 0)
    store, _ = opened
    put(store, "inbound", at=datetime(2000, 1, 1, tzinfo=UTC))
    put(store, "inbound", at=datetime.now(UTC))
    counted = run("retention")
    assert line(counted.output, "inbound") == ["inbound", "120", "1", "-"]
    assert len(kept(store, "inbound")) == 2
    applied = run("retention", "--apply")
    assert line(applied.output, "inbound") == ["inbound", "120", "1", "1"]
    assert line(applied.output, "outbound") == ["outbound", "120", "0", "0"]
    assert len(kept(store, "inbound")) == 1


def test_a_key_file_gets_a_new_key(opened: Any, folder: Path) -> None:
    store, keys = opened
    put(store, "inbound", text=keys.seal("text"))
    look_up(opened)
    assert run("keys", "new").exit_code == 0
    assert len((folder / "var" / "secret.key").read_text("ascii").split()) == 2
    assert "keys rotate" in run("check").output, "until the database is under it, nobody can serve"
    told = run("keys", "rotate")
    assert told.exit_code == 0, told.output
    assert "1 hashes are under the newest key" in told.output
    assert "1 rows were sealed anew" in told.output
    assert run("check").exit_code == 0
    renewed, newer = open_database(Settings())
    assert newer.open(renewed.read_now(lambda c: c.execute(sa.select(inbound.c.text)).scalar_one())) == "text"
    renewed.close()
    assert "18 rows" not in run("audit", "verify").output
    assert "17 rows, 0 faults" in run("audit", "verify").output
    assert run("keys", "rotate").exit_code == 0


def test_keys_in_the_settings_are_changed_there(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    first, second = "first key that is only for tests " * 2, "second key that is only for tests " * 2
    monkeypatch.setenv("HAQDAR_SECRET_KEY", first)
    assert run("migrate").exit_code == 0
    refused = run("keys", "new")
    assert "secret_key_previous" in str(refused.exception)
    assert not (folder / "var" / "secret.key").exists()
    monkeypatch.setenv("HAQDAR_SECRET_KEY", second)
    monkeypatch.setenv("HAQDAR_SECRET_KEY_PREVIOUS", json.dumps([first]))
    assert run("keys", "rotate").exit_code == 0
    shown = run("check", "--show")
    assert shown.exit_code == 0
    assert first.strip() not in shown.output


def test_progress_is_shown_to_people_only() -> None:
    assert commands._progress().disable


def test_no_file_was_taken_out(opened: Any) -> None:
    look_up(opened)
    assert "none in 7 days" in run("audit", "files", "--days", "7").output

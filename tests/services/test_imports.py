"""Importing extracts: what gets in, what is changed and what is not, in whatever order and parts."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.imports.runs import Done
from services.privacy.identifiers import Keys
from services.registry.families import demo_cnic, demo_phone
from services.registry.sql import SqlRegistry
from services.store.engine import Store, open_store
from services.store.tables import grievance, household, import_run, member, payment
from tests.extracts import COLUMNS, TABLES, as_parquet
from tests.services.deployment import NOW, rows, settle
from tests.services.importing import held, read, rejects, sample_files, take, take_all, write

SCOPES: Any = frozenset({"person.link", "enrolment.status", "payment.timeline", "survey.recency"})
HOMES = 60


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Extracts of sixty families."""
    return sample_files(tmp_path_factory.mktemp("sample"), HOMES)


@pytest.fixture
def files(sample: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """The same, to be changed."""
    return {kind: Path(shutil.copy(file, tmp_path)) for kind, file in sample.items()}


def empty(store: Store) -> None:
    def work(connection: sa.Connection) -> None:
        for table in (*reversed(TABLES), import_run):
            connection.execute(sa.delete(table))

    store.run_now(work)


def count(done: Done) -> tuple[int, int, int, int]:
    return done.added, done.changed, done.same, done.rejected


def test_what_was_imported_is_answered_like_what_was_loaded(
    store: Store, keys: Keys, files: dict[str, Path], migrated_sqlite: Path, tmp_path: Path
) -> None:
    loaded = open_store(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'other.db')}")
    settle(loaded, keys, households=HOMES)
    told = take_all(store, keys, files)
    assert all(done.rows == done.added > 0 for done in told.values())
    for number in range(1, HOMES + 1):
        theirs, ours = (
            asyncio.run(SqlRegistry(one, keys, lambda: NOW.date()).find(demo_cnic(number), SCOPES))
            for one in (loaded, store)
        )
        assert keys.open(ours.person.reach) == demo_phone(number)
        assert replace(ours, person=None) == replace(theirs, person=None)
        assert replace(ours.person, reach=None) == replace(theirs.person, reach=None)
    loaded.close()


def test_nothing_of_anybody_lies_in_the_database_in_plain(
    store: Store, keys: Keys, files: dict[str, Path]
) -> None:
    take_all(store, keys, files)
    kept = repr([rows(store, table) for table in (*TABLES, import_run)])
    members, payments = read(files["members"])[1:], read(files["payments"])[1:]
    for hidden in (
        {row[1] for row in members}
        | {row[3] for row in members}
        | {row[2][3:] for row in read(files["households"])[1:]}
        | {row[9][:-4] for row in payments}
    ):
        assert hidden not in kept
    assert {row.account_last4 for row in rows(store, payment)} == {row[9][-4:] for row in payments}


def test_the_same_rows_again_change_nothing(store: Store, keys: Keys, files: dict[str, Path]) -> None:
    take_all(store, keys, files)
    before = [rows(store, table) for table in TABLES]
    for kind, file in files.items():
        done = take(store, keys, kind, file, name=f"{kind} again")
        assert count(done) == (0, 0, done.rows, 0), kind
    assert [rows(store, table) for table in TABLES] == before, "not even a seal"


def test_a_file_that_was_imported_is_not_read_again(store: Store, keys: Keys, files: dict[str, Path]) -> None:
    first = take(store, keys, "households", files["households"])
    again = take(store, keys, "households", files["households"])
    assert again == replace(first, before=NOW)


def test_a_newer_extract_of_the_same_name_updates(store: Store, keys: Keys, files: dict[str, Path]) -> None:
    take(store, keys, "households", files["households"])
    header, *homes = read(files["households"])
    homes[0][2], homes[1][3], homes[2][2] = "0399 7654321", "9.5", ""
    fresh = ["new", "kech", "+923990000001", "12", "2026-01-02"]
    done = take(store, keys, "households", write(files["households"], header, *homes, fresh))
    assert count(done) == (1, 3, HOMES - 3, 0)
    kept = {row.key: row for row in rows(store, household)}
    first, second, third, last = (
        kept[keys.hash("extract", f"household:{key}")] for key in ("H1", "H2", "H3", "new")
    )
    assert first.phone == keys.hash("phone", "+923997654321")
    assert keys.open(first.phone_sealed) == "+923997654321"
    assert float(second.score) == 9.5
    assert (third.phone, third.phone_sealed) == (None, None)
    assert last.district == "kech"


def test_what_an_extract_does_not_speak_of_stays(store: Store, keys: Keys, files: dict[str, Path]) -> None:
    take(store, keys, "households", files["households"])
    bare = [[row[0], row[1]] for row in read(files["households"])]
    before = rows(store, household)
    done = take(store, keys, "households", write(files["households"], *bare))
    assert count(done) == (0, 0, HOMES, 0)
    assert rows(store, household) == before


def test_ids_follow_those_that_were_loaded_otherwise(
    store: Store, keys: Keys, files: dict[str, Path]
) -> None:
    settle(store, keys, households=3)
    assert take(store, keys, "households", files["households"]).added == HOMES
    assert len({row.id for row in rows(store, household)}) == HOMES + 3


@settings(
    max_examples=5,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chance=st.randoms(use_true_random=False), size=st.integers(10, 400), parquet=st.booleans())
def test_any_order_of_rows_and_any_parts_make_the_same_database(
    store: Store, keys: Keys, sample: dict[str, Path], tmp_path: Path, chance: Any, size: int, parquet: bool
) -> None:
    empty(store)
    take_all(store, keys, sample)
    straight = held(store, keys)
    empty(store)
    for kind in COLUMNS:
        header, *lines = read(sample[kind])
        chance.shuffle(lines)
        file = write(tmp_path / f"{kind}.csv", header, *lines)
        done = take(store, keys, kind, as_parquet(file) if parquet else file, size=size)
        assert (done.rows, done.added) == (len(lines), len(lines))
    assert held(store, keys) == straight


def test_the_last_of_several_rows_about_the_same_counts(
    store: Store, keys: Keys, files: dict[str, Path]
) -> None:
    header, *homes = read(files["households"])
    later = [[key, "kech", *rest] for key, _, *rest in homes[:10]]
    latest = [[key, "swat", *rest] for key, _, *rest in homes[:4]]
    file = write(files["households"], header, *homes, *later, *latest, ["H1", "nowhere", "", "", ""])
    for size in (7, 1000):
        empty(store)
        done = take(store, keys, "households", file, size=size)
        assert (done.rows, done.added, done.rejected, done.repeated) == (HOMES + 15, HOMES, 1, 14)
        kept = {row.key: row.district for row in rows(store, household)}
        told = [kept[keys.hash("extract", f"household:H{number}")] for number in range(1, 11)]
        assert told == ["swat"] * 4 + ["kech"] * 6


def test_the_order_of_extracts_is_told(store: Store, keys: Keys, files: dict[str, Path]) -> None:
    def why(kind: str) -> set[tuple[str, str]]:
        done = take(store, keys, kind, files[kind])
        found = rejects(files[kind])
        assert len({row for row, *_ in found}) == done.rejected
        return {(column, reason) for _, column, _, reason in found}

    assert why("members") == {("household", "is not known here: import the households first")}
    assert why("enrolments") == {("cnic", "is not known here: import the members first")}
    assert why("payments") == {("cnic", "is not known here: import the members first")}
    assert why("households") == set()
    assert why("members") == set(), "the same file, which takes now what was not taken then"
    assert why("payments") == {
        ("programme", "has no enrolment of this person here: import the enrolments first")
    }
    assert why("enrolments") == set()
    assert why("payments") == {("point", "is not known here: import the points first")}
    assert why("points") == set()
    assert why("payments") == set()
    assert len(rows(store, payment)) == len(read(files["payments"])) - 1


def test_some_rows_without_a_parent_do_not_hold_up_the_others(
    store: Store, keys: Keys, files: dict[str, Path]
) -> None:
    take(store, keys, "households", files["households"])
    header, *people = read(files["members"])
    people[3][0] = people[40][0] = "H999"
    file = write(files["members"], header, *people)
    for _ in range(2):  # once all are new, once most are there
        take(store, keys, "members", file, size=50)
        assert [(row, value) for row, _, value, _ in rejects(file)] == [(4, ""), (41, "")]
    assert len(rows(store, member)) == len(people) - 2


def test_who_is_paid_must_be_known(store: Store, keys: Keys, files: dict[str, Path]) -> None:
    for kind in ("households", "members"):
        take(store, keys, kind, files[kind])
    header, *told = read(files["enrolments"])
    told[0][5] = told[0][0]
    told[1][5] = "9111111111121"
    done = take(store, keys, "enrolments", write(files["enrolments"], header, *told))
    assert done.rejected == 1
    assert rejects(files["enrolments"]) == [
        (2, "payee_cnic", "", "is not known here: import the members first")
    ]
    first = next(
        row for row in held(store, keys)["enrolment"] if row["cnic"] == keys.hash("cnic", told[0][0])
    )
    assert first["payee"] is None, "who is paid for herself has no payee"


def test_a_dry_run_tells_all_and_changes_nothing(store: Store, keys: Keys, files: dict[str, Path]) -> None:
    header, *homes = read(files["households"])
    homes[5][3] = "101"
    file = write(files["households"], header, *homes)
    dry = take(store, keys, "households", file, dry=True, size=7)
    assert count(dry) == (HOMES - 1, 0, 0, 1)
    assert rejects(file) == [(6, "score", "101", "is not between 0 and 100")]
    assert not rows(store, household)
    assert not rows(store, import_run)
    assert take(store, keys, "households", file) == dry


COMPLAINT = ("reference", "phone", "category", "status", "cnic", "district", "details", "at", "changed_at")


def test_complaints_of_elsewhere(store: Store, keys: Keys, tmp_path: Path) -> None:
    told = (
        "bisp-77",
        "0399 1234567",
        "staff",
        "new",
        "90000-0000001-2",
        "Kech",
        "asked for money",
        "2026-11-01",
    )
    bare = ("BISP-78", "", "short payment", "closed", "", "", "", "2026-10-01", "2026-10-20")
    file = write(tmp_path / "complaints.csv", COMPLAINT, (*told, ""), bare)
    assert count(take(store, keys, "grievances", file)) == (2, 0, 0, 0)
    first, second = sorted(rows(store, grievance), key=lambda row: row.reference)
    assert (first.id, first.reference, first.district) == ("extract/BISP-77", "BISP-77", "kech")
    assert first.conversation == keys.hash("address", "sms:+923991234567"), "whose owner may ask after it"
    assert first.cnic == keys.hash("cnic", "9000000000012")
    assert (first.sensitive, second.sensitive) == (True, False)
    assert keys.open(first.facts) == '{"category": "staff", "details": "asked for money"}'
    assert first.at == first.changed_at
    assert str(second.changed_at) == "2026-10-20 00:00:00+00:00"
    assert second.due_at is None
    newer = (*told[:3], "closed", *told[4:], "2026-11-20")
    assert count(take(store, keys, "grievances", write(file, COMPLAINT, newer, bare))) == (0, 1, 1, 0)
    assert {row.status for row in rows(store, grievance)} == {"closed"}

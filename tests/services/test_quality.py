"""`haqdar quality`: each check finds its own rows and no others, district by district."""

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from services.cli import app
from services.quality.checks import GROUPS, load_checks, questions, totals
from services.quality.report import Report, look, write
from services.settings import Settings
from services.store.engine import Store, open_store
from services.store.migrations import migrate
from services.store.tables import enrolment, household, member, payment

TODAY = date(2026, 11, 25)
CHECKS, LIMITS = load_checks()


def home(id: int, **changed: Any) -> dict[str, Any]:
    """A household in order: its own phone, surveyed last year, with a score."""
    good = {"district": "kech", "phone": bytes([id]) * 16, "score": 20, "surveyed_on": date(2025, 6, 1)}
    return {"id": id, **good, **changed}


def person(id: int, house: int, **changed: Any) -> dict[str, Any]:
    """A woman in order, head of her household."""
    good = {
        "household": house, "cnic": bytes([id]) * 16, "cnic_expires_on": date(2030, 1, 1), "name": b"sealed",
        "sex": "f", "born_on": date(1980, 1, id % 28 + 1), "role": "head",
    }  # fmt: skip
    return {"id": id, **good, **changed}


def fill(store: Store, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Put rows into a table."""
    store.run_now(lambda connection: connection.execute(table.insert(), rows) and None)


def report(store: Store) -> Report:
    """What is found on the day of the tests."""
    told: list[str] = []
    found = look(store, CHECKS, LIMITS, TODAY, told.append)
    assert told == [*GROUPS, *(check.id for check in CHECKS)]
    return found


def found(seen: Report) -> dict[str, dict[str, int]]:
    """The checks that found anything: district -> rows."""
    return {check.id: dict(seen.found[check.id]) for check in CHECKS if seen.found[check.id]}


@pytest.fixture
def good(store: Store) -> Store:
    """Two households with nothing wrong, in two districts."""
    fill(store, household, [home(1), home(2, district="swat")])
    fill(store, member, [person(1, 1), person(2, 2)])
    since = date(2020, 1, 1)
    told = {"programme": "kafaalat", "status": "enrolled", "since": since}
    fill(store, enrolment, [{"id": 1, "member": 1, **told}, {"id": 2, "member": 2, **told}])
    paid = {"cycle": "2026-Q3", "amount": 13500, "status": "credited", "on": date(2026, 8, 1)}
    fill(store, payment, [{"id": 1, "enrolment": 1, **paid}])
    return store


def test_every_check_has_a_question_and_a_group() -> None:
    assert list(questions(LIMITS, TODAY)) == [check.id for check in CHECKS]
    assert {check.of for check in CHECKS} == set(GROUPS) == set(totals())


def test_nothing_is_found_where_nothing_is_wrong(good: Store) -> None:
    seen = report(good)
    assert found(seen) == {}
    assert seen.districts() == ["kech", "swat"]
    assert [seen.count(check, None)[1] for check in CHECKS if check.of == "payments"] == [1, 1, 1]
    assert seen.worst(CHECKS[0]) is None


@pytest.mark.parametrize(
    ("homes", "people", "wrong"),
    [
        ([home(3, phone=None)], [person(3, 3)], {"phone_missing": {"kech": 1}}),
        (
            [home(n, district="swat", phone=b"p" * 16) for n in (3, 4, 5, 6)],
            [person(n, n) for n in (3, 4, 5, 6)],
            {"phone_of_many": {"swat": 4}},
        ),
        (
            [home(3, phone=b"p" * 16), home(4, phone=b"p" * 16)],
            [person(n, n, born_on=date(1970, 1, 1)) for n in (3, 4)],
            {"household_twice": {"kech": 2}},
        ),
        ([home(3, surveyed_on=None, score=None)], [person(3, 3)], {"survey_missing": {"kech": 1}}),
        ([home(3, surveyed_on=date(2023, 11, 24))], [person(3, 3)], {"survey_old": {"kech": 1}}),
        ([home(3, surveyed_on=date(2023, 11, 25))], [person(3, 3)], {}),
        ([home(3, surveyed_on=date(2026, 12, 1))], [person(3, 3)], {"survey_in_future": {"kech": 1}}),
        ([home(3, score=None)], [person(3, 3)], {"score_missing": {"kech": 1}}),
        (
            [home(3, score=-1), home(4, score=101)],
            [person(3, 3), person(4, 4)],
            {"score_impossible": {"kech": 2}},
        ),
        ([home(3)], [], {"no_members": {"kech": 1}}),
        ([home(3)], [person(3, 3, role="spouse")], {"head_missing": {"kech": 1}}),
        ([home(3)], [person(3, 3), person(4, 3)], {"heads_several": {"kech": 1}}),
        ([home(3)], [person(3, 3, cnic=None)], {"cnic_missing": {"kech": 1}}),
        (
            [home(3)],
            [person(3, 3), person(4, 3, cnic=None, role="child", born_on=date(2010, 1, 1))],
            {},
        ),
        ([home(3)], [person(3, 3, cnic_expires_on=date(2026, 11, 24))], {"cnic_expired": {"kech": 1}}),
        ([home(3)], [person(3, 3, born_on=date(2026, 11, 26))], {"born_in_future": {"kech": 1}}),
        ([home(3)], [person(3, 3, born_on=date(1916, 11, 24))], {"too_old": {"kech": 1}}),
        (
            [home(3)],
            [person(3, 3), person(4, 3, role="child", born_on=date(1979, 1, 1))],
            {"older_than_parent": {"kech": 1}},
        ),
        (
            [home(3)],
            [person(3, 3), *(person(n, 3, role="child", born_on=date(2010, 1, 1)) for n in (4, 5, 6))],
            {"member_twice": {"kech": 2}},
        ),
    ],
)
def test_each_check_of_families_finds_its_own(
    good: Store, homes: list[dict[str, Any]], people: list[dict[str, Any]], wrong: dict[str, dict[str, int]]
) -> None:
    fill(good, household, homes)
    if people:
        fill(good, member, people)
    assert found(report(good)) == wrong


@pytest.mark.parametrize(
    ("since", "amount", "on", "wrong"),
    [
        (date(2026, 12, 1), 13500, None, {"enrolled_in_future": {"swat": 1}}),
        (date(1979, 1, 1), 13500, None, {"enrolled_before_birth": {"swat": 1}}),
        (date(2020, 1, 1), 0, None, {"amount_impossible": {"swat": 1}}),
        (date(2020, 1, 1), 13500, date(2026, 11, 26), {"paid_in_future": {"swat": 1}}),
        (date(2020, 1, 1), 13500, date(2019, 12, 31), {"paid_before_enrolment": {"swat": 1}}),
    ],
)
def test_each_check_of_benefits_finds_its_own(
    good: Store, since: date, amount: int, on: date | None, wrong: dict[str, dict[str, int]]
) -> None:
    fill(good, household, [home(3, district="swat")])
    fill(good, member, [person(3, 3)])
    fill(
        good,
        enrolment,
        [{"id": 3, "member": 3, "programme": "kafaalat", "status": "enrolled", "since": since}],
    )
    paid = {"id": 3, "enrolment": 3, "cycle": "2026-Q3", "amount": amount, "status": "credited", "on": on}
    fill(good, payment, [paid])
    seen = report(good)
    assert found(seen) == wrong
    (check,) = [check for check in CHECKS if check.id in wrong]
    assert (seen.worst(check), seen.count(check, "swat")[0], seen.count(check, "kech")[0]) == ("swat", 1, 0)


def test_counts_are_written_for_every_district(good: Store, tmp_path: Path) -> None:
    file = tmp_path / "quality.csv"
    assert write(report(good), file) == 2 * len(CHECKS)
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert rows[0] == {
        "district": "kech",
        "check": "phone_missing",
        "found": "0",
        "of": "1",
        "share": "0.0000",
    }
    with pytest.raises(ValueError, match="cannot be written"):
        write(report(good), tmp_path / "nowhere" / "quality.csv")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command with a database of its own."""
    monkeypatch.setenv("HAQDAR_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_the_command_tells_what_is_wrong_where(command: Any, tmp_path: Path) -> None:
    empty = command("quality")
    assert "haqdar import" in str(empty.exception)
    assert command("demo-data", "--households", "60").exit_code == 0
    told = command("quality", "--csv", "all.csv")
    assert (told.exit_code, told.exception) == (0, None)
    assert "no registered phone" in told.stdout
    assert "worst in" in told.stdout
    assert (tmp_path / "all.csv").exists()
    one = command("quality", "--district", "Lahore")
    assert one.exit_code == 0
    assert "Lahore" in one.stdout.splitlines()[0]
    assert "worst in" not in one.stdout
    assert "no district is called 'Lahor'" in str(command("quality", "--district", "Lahor").exception)


def test_a_district_that_places_do_not_know_is_shown_as_it_is(command: Any) -> None:
    command("demo-data", "--households", "1")
    store = open_store(Settings().database)
    migrate(store)
    fill(store, household, [home(250, district="atlantis", phone=None)])
    store.close()
    assert "atlantis" in command("quality").stdout


def test_years_are_counted_from_a_leap_day_too() -> None:
    asked = questions(replace(LIMITS, survey_years=1), date(2024, 2, 29))["survey_old"]
    assert "2023-02-28" in str(asked.compile(compile_kwargs={"literal_binds": True}))

"""The registry in our own tables, and the synthetic one that fills it."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.privacy.identifiers import Keys
from services.registry import Unavailable, demo
from services.registry.families import demo_cnic, demo_phone, generate, sample_fates
from services.registry.sql import SqlRegistry
from services.store.engine import Store, open_store
from services.store.prepared import Prepared
from services.store.tables import enrolment, household, member, payment, payment_point
from tests.services.deployment import HOUSEHOLDS, NOW, country, rows, sample, settle

TODAY = NOW.date()
BOTH: Any = frozenset({"person.link", "enrolment.status", "payment.timeline"})


def registry(store: Store, keys: Keys) -> SqlRegistry:
    return SqlRegistry(store, keys, lambda: TODAY)


def find(store: Store, keys: Keys, cnic: str, scopes: Any = BOTH) -> Any:
    return asyncio.run(registry(store, keys).find(cnic, scopes))


def test_a_record_with_its_payments_newest_first(store: Store, keys: Keys) -> None:
    settle(store, keys)
    ready = sample("enrolled, payment ready")
    record = find(store, keys, ready.cnic)
    assert record.person.phones == {keys.hash("phone", ready.phone)}
    assert keys.open(record.person.reach) == ready.phone
    assert record.as_of == TODAY
    assert record.enrolments[0].programme == "kafaalat"
    cycles = [one.cycle for one in record.payments]
    assert cycles == sorted(cycles, reverse=True)
    newest = next(one for one in record.payments if one.programme == "kafaalat")
    assert (newest.status, newest.amount, newest.cycle) == ("ready", 13500, "2026-Q4")
    assert newest.point.name_ur


@pytest.mark.parametrize("database", ["sqlite"])
def test_no_whole_table_is_read_for_one_person_however_seldom_somebody_else_is_paid(
    store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(store, keys)

    def grown(connection: sa.Connection) -> None:
        """As ANALYZE finds it where nobody is paid for another, and there are many more families."""
        connection.execute(sa.update(enrolment).values(payee=None))
        connection.exec_driver_sql("ANALYZE")
        stats = connection.exec_driver_sql("SELECT rowid, stat FROM sqlite_stat1").all()
        for id, stat in stats:
            all_rows, *each = stat.split()
            many = [f"{all_rows}0000", *(f"{one}0000" if one == all_rows else one for one in each)]
            connection.exec_driver_sql(
                "UPDATE sqlite_stat1 SET stat = ? WHERE rowid = ?", (" ".join(many), id)
            )

    store.run_now(grown)
    told: list[tuple[str, Any]] = []
    monkeypatch.setattr(Prepared, "told", lambda sql, values: told.append((sql, values)))
    cnic = sample("enrolled, payment ready").cnic
    for scopes in (BOTH, frozenset({"enrolment.status"})):
        find(store, keys, cnic, scopes)
    monkeypatch.setattr(Prepared, "told", None)
    with sqlite3.connect(str(store.engine.url.database)) as fresh:
        steps = [
            step
            for sql, values in told
            for *_, step in fresh.execute(f"EXPLAIN QUERY PLAN {sql}", tuple(values))
        ]
    fresh.close()
    assert len(told) == 4
    assert any("enrolment_payee" in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN")], steps


def test_only_what_was_asked_for(store: Store, keys: Keys) -> None:
    settle(store, keys)
    cnic = sample("enrolled, payment ready").cnic
    assert find(store, keys, cnic, frozenset({"enrolment.status"})).payments is None
    assert find(store, keys, cnic, frozenset({"payment.timeline"})).enrolments is None
    bare = find(store, keys, cnic, frozenset())
    assert (bare.person, bare.enrolments, bare.payments) == (None, None, None)


def test_a_number_that_nobody_has(store: Store, keys: Keys) -> None:
    settle(store, keys)
    assert find(store, keys, "9000000000012") is None


def test_a_mother_s_answer_includes_her_children_and_a_father_s_does_not(store: Store, keys: Keys) -> None:
    settle(store, keys, households=300)
    stipends = Counter(row.programme for row in rows(store, enrolment))
    assert stipends["taleemi_wazaif"]
    for number in range(1, 300):
        mother = find(store, keys, demo_cnic(number))
        children = {one.programme for one in mother.enrolments} - {"kafaalat"}
        father = find(store, keys, demo_cnic(number, 2))
        if children and father:
            assert not father.enrolments
            return
    pytest.fail("no family with a father and an enrolled child")


def test_payment_points_of_a_day(store: Store, keys: Keys) -> None:
    settle(store, keys)

    def kinds(district: str, day: date) -> set[str]:
        found = asyncio.run(registry(store, keys).payment_points(district, day))
        return {point.kind for point in found}

    assert kinds("kech", TODAY) == {"camp", "shop", "bank"}
    assert kinds("kech", TODAY + timedelta(days=100)) == {"shop", "bank"}
    assert kinds("nowhere", TODAY) == set()


def test_a_database_that_is_away_is_unknown_never_no(keys: Keys) -> None:
    away = SqlRegistry(open_store("sqlite:////nowhere/at/all.db"), keys, lambda: TODAY)
    with pytest.raises(Unavailable):
        asyncio.run(away.find("9000000000012", BOTH))
    with pytest.raises(Unavailable):
        asyncio.run(away.payment_points("kech", TODAY))


def test_no_number_lies_in_the_database_in_plain(store: Store, keys: Keys) -> None:
    settle(store, keys)
    for table in (household, member, enrolment, payment, payment_point):
        held = repr(rows(store, table))
        for number in range(1, HOUSEHOLDS):
            assert demo_cnic(number) not in held
            assert demo_phone(number)[1:] not in held
            assert demo_phone(number)[3:] not in held


def test_the_same_seed_makes_the_same_families() -> None:
    def made(households: int, seed: int) -> list[Any]:
        return list(generate(households, seed=seed, today=TODAY, country=country()))

    assert made(60, 1) == made(60, 1)
    assert made(60, 1) != made(60, 2)
    assert made(80, 1)[:60] == made(60, 1), "a longer registry begins with the shorter one"


def test_families_live_under_the_rules_that_they_are_told() -> None:
    limit = country().cut_off
    for family in generate(400, seed=3, today=TODAY, country=country()):
        home = family.household
        for person in family.members:
            assert len(person.cnic) == 13
            assert person.cnic.startswith("9"), "a number that cannot exist"
            assert (int(person.cnic[-1]) % 2 == 0) == (person.sex == "f")
        assert home.phone is None or home.phone.startswith("+92399")
        woman = family.enrolments[0]
        if woman.status == "enrolled":
            assert home.score is not None
            assert home.score <= limit
        if woman.reason == "score_above":
            assert home.score is not None
            assert home.score > limit
        if woman.status in ("under_verification", "survey_needed", "not_eligible"):
            assert not family.payments
        for paid in family.payments:
            assert paid.amount > 0


def test_numbers_are_distinct() -> None:
    numbers = [demo_cnic(home, person) for home in range(1, 3000) for person in (1, 2, 3, 91)]
    assert len(set(numbers)) == len(numbers)
    assert len({demo_phone(home) for home in range(1, 5000)}) == 4999


def test_samples_show_every_status_and_reason(store: Store, keys: Keys) -> None:
    settle(store, keys)
    told: Mapping[str, str] = {one.cnic: one.what for one in demo.samples(HOUSEHOLDS)}
    assert len(told) == len(sample_fates())
    for cnic, what in told.items():
        assert what.startswith(find(store, keys, cnic).enrolments[0].status.replace("_", " "))
    assert len(demo.samples(5)) == 5


def test_loading_is_all_or_nothing(store: Store, keys: Keys) -> None:
    assert store.read_now(demo.is_empty)
    seen: list[int] = []

    def stumble(done: int) -> None:
        seen.append(done)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        settle(store, keys, households=1500, progress=stumble)
    assert seen == [500, 1000]
    assert store.read_now(demo.is_empty)


def test_loading_over_data_needs_to_be_wanted(store: Store, keys: Keys) -> None:
    settle(store, keys, households=10)
    with pytest.raises(FileExistsError, match="--replace"):
        settle(store, keys, households=20)
    assert len(rows(store, household)) == 10
    settle(store, keys, households=20, replace=True)
    assert len(rows(store, household)) == 20


def test_the_tables_take_what_is_loaded(store: Store, keys: Keys) -> None:
    settle(store, keys, households=200)
    for table in (household, member, enrolment, payment, payment_point):
        assert rows(store, table)
    statuses = {row.status for row in rows(store, payment)}
    assert statuses == {"not_released", "on_the_way", "ready", "withdrawn", "returned", "blocked"}
    counted = store.read_now(lambda c: c.execute(sa.select(sa.func.count()).select_from(household)).scalar())
    assert counted == 200

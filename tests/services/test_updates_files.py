"""Requests go to the registry as a file, whole or not at all, and its verdicts come back, once."""

import csv
import json
import os
import signal
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from services.privacy.identifiers import Keys
from services.references import free_reference
from services.store.engine import Store, open_store
from services.store.tables import change_request
from services.updates import requests
from services.updates.export import columns, export, mark
from services.updates.settle import Settled, settle
from tests.services.deployment import NOW, rows

CNIC = "9000000000012"
MANY = 1100
"""More than two batches."""


def propose(
    store: Store, keys: Keys, *calls: str, kind: str = "name", value: str = "Ali", days: int = 0
) -> list[str]:
    """A request of somebody for each call; their references."""
    said = {"right_name": {"how": "words", "value": value}, "who": {"how": "who", "value": "son"}}
    facts, subject = keys.seal(json.dumps({"cnic": CNIC, "said": said})), keys.hash("cnic", CNIC)

    def one(connection: Connection, call: str) -> str:
        reference = free_reference(connection, call)
        requests.propose(
            connection, call, reference=reference, conversation=b"c" * 16, kind=kind, subject=subject,
            facts=facts, proven=False, at=NOW + timedelta(days=days),
        )  # fmt: skip
        return reference

    return store.run_now(lambda connection: [one(connection, call) for call in calls])


def many(store: Store, keys: Keys) -> list[str]:
    """Requests of three days, not in the order of their days."""
    numbers = [str(number) for number in range(MANY)]
    return [one for day in (1, 0, 2) for one in propose(store, keys, *numbers[day::3], days=day)]


def statuses(store: Store) -> dict[str, str]:
    return {row.reference: row.status for row in rows(store, change_request)}


def exported(file: Path) -> list[dict[str, Any]]:
    text = file.read_text("utf-8-sig")
    if file.suffix == ".csv":
        return list(csv.DictReader(text.splitlines()))
    return [json.loads(line) for line in text.splitlines()]


def verdicts(file: Path, *lines: dict[str, Any]) -> Path:
    if file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        return file
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, ["reference", "status", "reason", "note"], restval="")
        table.writeheader()
        table.writerows(lines)
    return file


@pytest.mark.parametrize("kind", [".csv", ".jsonl"])
def test_an_export_tells_all_that_the_registry_needs(
    store: Store, keys: Keys, tmp_path: Path, kind: str
) -> None:
    (reference,) = propose(store, keys, "1", value="=HYPERLINK()")
    file = tmp_path / f"requests{kind}"
    assert export(store, keys, file) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path).count(file.name) == 1
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".requests")]
    (told,) = exported(file)
    assert (told["reference"], told["cnic"], told["kind"]) == (reference, "90000-0000001-2", "name")
    assert told["at"] == NOW.isoformat()
    if kind == ".csv":
        assert list(told) == columns()
        assert told["right_name"] == "'=HYPERLINK()", "no formula"
        assert (told["who"], told["new_phone"], told["papers"]) == ("son", "", "own_cnic")
    else:
        assert told["said"] == {"right_name": "=HYPERLINK()", "who": "son"}
        assert told["papers"] == ["own_cnic"]
    assert statuses(store) == {reference: "new"}, "an export alone changes nothing"


def test_every_request_is_exported_once_in_order(store: Store, keys: Keys, tmp_path: Path) -> None:
    expected = many(store, keys)
    file = tmp_path / "all.jsonl"
    assert export(store, keys, file) == MANY
    told = exported(file)
    assert sorted(one["reference"] for one in told) == sorted(expected)
    assert [one["at"] for one in told] == sorted(one["at"] for one in told)
    assert mark(store, file, NOW) == MANY
    assert mark(store, file, NOW) == 0
    assert set(statuses(store).values()) == {"exported"}


def test_what_is_exported_is_chosen(store: Store, keys: Keys, tmp_path: Path) -> None:
    (old,) = propose(store, keys, "1", kind="birth")
    (new,) = propose(store, keys, "2", days=2)
    assert export(store, keys, tmp_path / "birth.csv", kind="birth") == 1
    assert exported(tmp_path / "birth.csv")[0]["reference"] == old
    assert export(store, keys, tmp_path / "late.csv", since=NOW + timedelta(days=1)) == 1
    assert exported(tmp_path / "late.csv")[0]["reference"] == new
    mark(store, tmp_path / "late.csv", NOW)
    assert export(store, keys, tmp_path / "rest.jsonl") == 1
    assert export(store, keys, tmp_path / "again.jsonl", again=True) == 2
    settle(store, keys, verdicts(tmp_path / "v.csv", {"reference": old, "status": "done"}), NOW)
    assert export(store, keys, tmp_path / "open.jsonl", again=True) == 1


def test_no_file_is_there_that_is_not_on_record(store: Store, keys: Keys, tmp_path: Path) -> None:
    propose(store, keys, "1", "2")
    noted: list[int] = []
    assert export(store, keys, tmp_path / "a.csv", note=noted.append) == 2
    assert noted == [2]

    def fails(count: int) -> None:
        raise KeyError(count)

    with pytest.raises(KeyError):
        export(store, keys, tmp_path / "b.csv", note=fails)
    assert not (tmp_path / "b.csv").exists()


def test_a_request_that_comes_meanwhile_is_not_marked(store: Store, keys: Keys, tmp_path: Path) -> None:
    (first,) = propose(store, keys, "1", days=1)
    file = tmp_path / "requests.csv"
    export(store, keys, file)
    (later,) = propose(store, keys, "2")  # of an earlier moment, but committed later
    mark(store, file, NOW)
    assert statuses(store) == {first: "exported", later: "new"}


def test_a_file_that_is_there_or_strange_is_refused(store: Store, keys: Keys, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine", "utf-8")
    with pytest.raises(FileExistsError, match="another name"):
        export(store, keys, there)
    assert there.read_text("utf-8") == "mine"
    with pytest.raises(ValueError, match=r"neither .csv nor .jsonl"):
        export(store, keys, tmp_path / "requests.xlsx")
    propose(store, keys, "1")
    with pytest.raises(KeyError):
        export(store, Sabotaged(keys, 1, _fail), tmp_path / "broken.csv")
    left = [name for name in os.listdir(tmp_path) if "haqdar.db" not in name]
    assert left == ["there.csv"], "a failed export leaves nothing"


def test_a_kind_that_is_no_longer_known_is_still_exported(store: Store, keys: Keys, tmp_path: Path) -> None:
    propose(store, keys, "1", kind="tail")
    assert export(store, keys, tmp_path / "r.csv") == 1
    assert exported(tmp_path / "r.csv")[0]["papers"] == ""


class Sabotaged:
    """Keys that do something the n-th time that they open a text."""

    def __init__(self, keys: Keys, times: int, then: Callable[[], None]) -> None:
        self.keys, self.left, self.then = keys, times, then

    def open(self, blob: bytes) -> str:
        self.left -= 1
        if not self.left:
            self.then()
        return self.keys.open(blob)


def _fail() -> None:
    raise KeyError("a bug")


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], object]) -> bool:
    """Whether a process of its own that did this was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_killed_while_writing(store: Store, database_url: str, keys: Keys, tmp_path: Path) -> None:
    many(store, keys)
    file = tmp_path / "requests.csv"

    def work() -> None:
        own = open_store(database_url, pool=1)
        mark(own, file, NOW) if export(own, Sabotaged(keys, MANY - 50, _die), file) else None

    assert killed(work)
    assert not file.exists()
    assert set(statuses(store).values()) == {"new"}
    (left,) = tmp_path.glob(".requests.csv.*")
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    assert export(store, keys, file) == MANY, "the next one has all"


def test_killed_while_marking(store: Store, database_url: str, keys: Keys, tmp_path: Path) -> None:
    many(store, keys)
    file = tmp_path / "requests.csv"
    export(store, keys, file)

    class Dying:
        """A store that is killed after its first transaction."""

        def __init__(self) -> None:
            self.store = open_store(database_url, pool=1)

        def run_now(self, work: Callable[[Connection], int]) -> int:
            self.store.run_now(work)
            _die()
            return 0

    assert killed(lambda: mark(Dying(), file, NOW))
    marked = list(statuses(store).values())
    assert sorted(set(marked)) == ["exported", "new"]
    assert export(store, keys, tmp_path / "rest.csv") == marked.count("new"), "none is lost"
    assert len(exported(file)) == MANY


def test_killed_while_settling(store: Store, database_url: str, keys: Keys, tmp_path: Path) -> None:
    references = many(store, keys)
    file = verdicts(tmp_path / "v.jsonl", *({"reference": one, "status": "done"} for one in references))

    def work() -> None:
        told = iter(range(MANY))
        settle(
            open_store(database_url, pool=1), keys, file, NOW,
            lambda connection, settled: _die() if next(told) == 700 else None,
        )  # fmt: skip

    assert killed(work)
    done = list(statuses(store).values()).count("done")
    assert done == 500, "whole batches, and nothing of the one that was begun"
    outcome = settle(store, keys, file, NOW)
    assert (outcome.done, outcome.known, outcome.faults) == (MANY - 500, 500, [])


@pytest.mark.parametrize("kind", [".csv", ".jsonl"])
def test_verdicts_are_taken_once_and_told(store: Store, keys: Keys, tmp_path: Path, kind: str) -> None:
    first, second, third = propose(store, keys, "1", "2", "3")
    file = verdicts(
        tmp_path / f"v{kind}",
        {"reference": first.replace("-", ""), "status": " Done ", "note": ""},
        {"reference": second, "status": "refused", "note": "no paper shown"},
        {"reference": second, "status": "refused", "note": "no paper shown"},
    )
    told: list[Settled] = []
    later = NOW + timedelta(days=3)
    outcome = settle(store, keys, file, later, lambda connection, settled: told.append(settled))
    assert (outcome.done, outcome.refused, outcome.known, outcome.faults) == (1, 1, 1, [])
    assert statuses(store) == {first: "done", second: "refused", third: "new"}
    assert [(one.reference, one.status, one.kind, one.conversation) for one in told] == [
        (first, "done", "name", b"c" * 16),
        (second, "refused", "name", b"c" * 16),
    ]
    (refused,) = [row for row in rows(store, change_request) if row.reference == second]
    facts = json.loads(keys.open(refused.facts))
    assert (facts["note"], facts["cnic"], refused.changed_at) == ("no paper shown", CNIC, later)
    again = settle(store, keys, file, later, lambda connection, settled: told.append(settled))
    assert (again.done, again.refused, again.known, len(told)) == (0, 0, 3, 2)


def test_wrong_verdicts_are_named_by_line_and_not_repeated(store: Store, keys: Keys, tmp_path: Path) -> None:
    first, second = propose(store, keys, "1", "2")
    file = verdicts(
        tmp_path / "v.csv",
        {"reference": first, "status": "done"},
        {"reference": CNIC, "status": "done"},
        {"reference": "4829-1736", "status": "done"},
        {"reference": second, "status": "perhaps"},
        {"reference": first, "status": "refused"},
        {"reference": second, "status": "done", "note": "n" * 501},
        {"reference": second, "status": "refused", "reason": "the clerk"},
    )
    outcome = settle(store, keys, file, NOW)
    assert [line for line, _ in outcome.faults] == [3, 4, 5, 6, 7, 8]
    whys = " ".join(why for _, why in outcome.faults)
    for expected in (
        "no request has", "neither done nor refused nor evidence", "it is done already", "longer than 500",
        "reason is none of papers, nadra",
    ):  # fmt: skip
        assert expected in whys
    assert CNIC not in whys
    assert statuses(store) == {first: "done", second: "new"}


def test_papers_may_be_wanted_before_the_verdict(store: Store, keys: Keys, tmp_path: Path) -> None:
    (one,) = propose(store, keys, "1")
    wanted = verdicts(tmp_path / "w.csv", {"reference": one, "status": "evidence"})
    assert settle(store, keys, wanted, NOW).evidence == 1
    assert settle(store, keys, wanted, NOW).known == 1
    assert statuses(store) == {one: "evidence"}
    assert export(store, keys, tmp_path / "again.csv", again=True) == 1, "it is still open"
    final = verdicts(tmp_path / "v.csv", {"reference": one, "status": "refused", "reason": "Papers"})
    assert settle(store, keys, final, NOW).refused == 1
    assert settle(store, keys, wanted, NOW).faults == [(2, f"{one}: it is refused already")]


def test_files_that_are_no_verdicts(store: Store, keys: Keys, tmp_path: Path) -> None:
    propose(store, keys, "1")
    broken = tmp_path / "v.jsonl"
    broken.write_text('not json\n\n["a list"]\n{"reference": 7, "status": "done"}\n', "utf-8")
    assert [line for line, _ in settle(store, keys, broken, NOW).faults] == [1, 3, 4]
    table = tmp_path / "v.csv"
    table.write_text("reference,status\n" + "x" * 200_000 + ",done\n", "utf-8")
    with pytest.raises(ValueError, match="after line 1"):
        settle(store, keys, table, NOW)
    with pytest.raises(ValueError, match="neither"):
        settle(store, keys, tmp_path / "v.txt", datetime.now(UTC))
    assert set(statuses(store).values()) == {"new"}

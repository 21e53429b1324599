"""An import that is stopped: by a signal, a full disk, a database that goes away; and how it goes on."""

import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.imports.layout import Layout
from services.imports.prepare import Reject
from services.imports.runs import Done, run, runs
from services.imports.traces import KeysFile, RejectsFile
from services.privacy.identifiers import Keys
from services.store.engine import Store, StoreUnavailable, open_store
from services.store.tables import household, import_run, member
from tests.services.deployment import NOW, rows
from tests.services.importing import held, job, read, rejects, rejects_of, sample_files, take, write

SIZE = 50
BAD = (3, 60, 61, 130, 251)
"""Rows of the members' file that are not taken."""


@pytest.fixture
def members(tmp_path: Path, store: Store, keys: Keys) -> Path:
    """Some three hundred people, a few of them wrong and one of them twice, whose homes are here."""
    files = sample_files(tmp_path)
    take(store, keys, "households", files["households"])
    header, *people = read(files["members"])
    for row in BAD:
        people[row - 1][5] = "2031-01-01"
    return write(files["members"], header, *people, people[0])


class Killer(RejectsFile):
    """Kills the process once the rejects of a part are written and its rows are not yet committed."""

    def __init__(self, file: Path, last: int) -> None:
        super().__init__(file)
        self._last = last

    def add(self, rejects: Sequence[Reject]) -> None:
        super().add(rejects)
        if any(reject.row == self._last for reject in rejects):
            os.kill(os.getpid(), signal.SIGKILL)


def killed(url: str, keys: Keys, file: Path, *, row: int = 0, rows_done: int = 0) -> int:
    """Import in a process that kills itself; how it ended."""

    def stop(done: Done) -> None:
        if rows_done and done.rows >= rows_done:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            store = open_store(url, pool=2)
            one = job(keys, "members", file)
            seen = KeysFile(file.parent / "seen" / one.digest)
            run(store, one, Killer(rejects_of(file), row), seen, lambda: NOW, size=SIZE, progress=stop)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("where", [{"row": 130}, {"rows_done": 200}, {"row": 3}])
def test_killed_in_the_middle_it_goes_on_where_it_was(
    where: dict[str, int], database_url: str, store: Store, keys: Keys, members: Path
) -> None:
    assert killed(database_url, keys, members, **where) == -signal.SIGKILL
    (stopped,) = (row for row in store.read_now(runs) if row.kind == "members")
    assert stopped.status == "running"
    assert (
        stopped.rows_done == {"rows_done": 200, "row": where.get("row", 0) // SIZE * SIZE}[next(iter(where))]
    )
    assert len(rows(store, member)) == stopped.rows_done - sum(row <= stopped.rows_done for row in BAD)

    seen: list[int] = []
    done = take(store, keys, "members", members, size=SIZE, progress=lambda now: seen.append(now.rows))

    assert seen[0] == stopped.rows_done, "what is done is not done again"
    lines = len(read(members)) - 1
    assert (done.rows, done.added, done.same, done.rejected) == (lines, lines - 6, 1, 5)
    assert done.repeated == 1, "though its first row was before the kill"
    assert len(rows(store, member)) == lines - 6
    assert [row for row, *_ in rejects(members)] == list(BAD), "each once, whether it was committed or not"
    assert not list((members.parent / "seen").iterdir())
    kept = held(store, keys)
    again = write(members.with_name("again.csv"), *read(members))
    assert take(store, keys, "members", again).same == lines - 5
    assert held(store, keys) == kept


def stopped_after(store: Store, keys: Keys, file: Path, rows_done: int, **options: Any) -> None:
    def stop(done: Done) -> None:
        if done.rows >= rows_done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(store, keys, "members", file, size=SIZE, progress=stop, **options)


def test_it_goes_on_in_parts_of_another_size(store: Store, keys: Keys, members: Path) -> None:
    stopped_after(store, keys, members, 100)
    done = take(store, keys, "members", members, size=37)
    assert done.rows == len(read(members)) - 1 == done.added + done.same + done.rejected


def test_a_changed_file_is_refused(store: Store, keys: Keys, members: Path) -> None:
    stopped_after(store, keys, members, 100)
    before = read(members)
    write(members, *before[:-1])
    with pytest.raises(ValueError, match="stopped after row 100, and since then the file or the mapping"):
        take(store, keys, "members", members)
    assert take(store, keys, "members", members, name="anew").same == 100 - 3, "under another name it may"
    write(members, *before)
    assert take(store, keys, "members", members).rows == len(before) - 1, "and as it was it goes on"


def test_a_changed_mapping_is_refused(store: Store, keys: Keys, members: Path) -> None:
    stopped_after(store, keys, members, 100)
    with pytest.raises(ValueError, match="the file or the mapping was changed"):
        take(store, keys, "members", members, layout=Layout(dates=("%d/%m/%Y",)))


def test_a_name_is_of_one_kind(store: Store, keys: Keys, members: Path) -> None:
    with pytest.raises(ValueError, match="was an import of households: give this one another --name"):
        take(store, keys, "members", members, name="households.csv")


def test_two_processes_do_not_import_the_same(store: Store, keys: Keys, members: Path) -> None:
    def other(done: Done) -> None:
        if done.rows == 100:
            moved = sa.update(import_run).values(rows_done=150).where(import_run.c.kind == "members")
            store.run_now(lambda connection: connection.execute(moved))

    with pytest.raises(ValueError, match="being imported by another process"):
        take(store, keys, "members", members, size=SIZE, progress=other)
    assert len(rows(store, member)) == 100 - 3


def test_a_database_that_goes_away_in_the_middle(
    database: str, database_url: str, store: Store, keys: Keys, members: Path
) -> None:
    def away(done: Done) -> None:
        if done.rows != 100:
            return
        if database == "sqlite":  # has no room for one page more
            store.run_now(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
        else:
            other = open_store(database_url)
            ended = sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            other.run_now(lambda connection: connection.execute(ended))
            other.close()

    with pytest.raises(StoreUnavailable):
        take(store, keys, "members", members, size=SIZE, progress=away)
    again = open_store(database_url)
    assert len(rows(again, member)) == 100 - 3, "nothing of the part that was being written"
    assert take(again, keys, "members", members, size=SIZE).rows == len(read(members)) - 1
    again.close()


def test_what_cannot_be_listed_is_refused_before_anything_is_read(
    store: Store, keys: Keys, members: Path
) -> None:
    rejects_of(members).mkdir()
    with pytest.raises(ValueError, match="name with --rejects where"):
        take(store, keys, "members", members)
    rejects_of(members).rmdir()
    shutil.copy(members, rejects_of(members))
    with pytest.raises(ValueError, match="lists something else: name another with --rejects"):
        take(store, keys, "members", members)
    assert not rows(store, member)


def test_rejects_that_somebody_removed_are_begun_anew(store: Store, keys: Keys, members: Path) -> None:
    stopped_after(store, keys, members, 100)
    rejects_of(members).unlink()
    assert take(store, keys, "members", members, size=SIZE).rejected == len(BAD)
    assert [row for row, *_ in rejects(members)] == [130, 251]


def test_a_line_that_was_not_written_whole_is_cut_off(store: Store, keys: Keys, members: Path) -> None:
    stopped_after(store, keys, members, 100)
    with rejects_of(members).open("a", encoding="utf-8") as file:
        file.write("1")  # of 130
    take(store, keys, "members", members, size=SIZE)
    assert [row for row, *_ in rejects(members)] == list(BAD)


def test_keys_are_counted_in_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.imports.traces.CHUNK", 7)
    file = KeysFile(tmp_path / "keys")
    file.begin(0)
    file.add(b"".join(n.to_bytes(8, "little") for n in (*range(1, 40), 5, 6, 5)), 50)
    assert file.end() == 3


def test_homes_are_untouched_by_all_this(store: Store, keys: Keys, members: Path) -> None:
    before = rows(store, household)
    take(store, keys, "members", members)
    assert rows(store, household) == before

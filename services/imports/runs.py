"""One import from its beginning to its end, in parts that are each taken whole or not at all.

A part is one transaction, which also moves `import_run.rows_done`. So whoever is killed goes on behind the
last part that is in the database, and nothing is ever in it twice or by half.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from services.imports.ahead import ahead
from services.imports.kinds import Kind
from services.imports.layout import bind
from services.imports.prepare import Prepared, Reject, kept, preparer
from services.imports.reading import Extract, parts
from services.imports.traces import KeysFile, RejectsFile
from services.imports.values import Terms
from services.imports.writing import Writer, hurried, mend_sequence
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import import_run

PART = 20_000
"""Rows that are taken together: some tens of megabytes."""

PAUSE = 0.003
"""Seconds between parts on SQLite, in which others who wait may write."""

RUNNING, DONE = "running", "done"


@dataclass(frozen=True, slots=True)
class Job:
    """An extract that is to be imported. `bound`: our column -> the extract's."""

    name: str
    kind: Kind
    extract: Extract
    terms: Terms
    keys: Keys
    bound: Mapping[str, str]

    @property
    def digest(self) -> str:
        """What tells this file with this mapping from all others."""
        told = [self.extract.digest, self.kind.name, dict(self.bound), self.terms.layout.as_data()]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the rows so far, or in all. `repeated`: rows with the key of an earlier one, known at
    the end. `before`: nothing was done, because all of this had been imported then."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    rejected: int = 0
    repeated: int = 0
    before: datetime | None = None

    @property
    def same(self) -> int:
        """Rows that said nothing new."""
        return self.rows - self.added - self.changed - self.rejected


class _Undone(Exception):
    """Ends a transaction that was only tried."""

    def __init__(self, done: Done) -> None:
        self.done = done


def new_job(name: str, kind: Kind, extract: Extract, terms: Terms, keys: Keys) -> Job:
    """A job. ValueError: the extract lacks a column."""
    columns = {column.name: column.needed for column in kind.columns}
    return Job(name, kind, extract, terms, keys, bind(terms.layout, extract.table.names, columns))


def run(
    store: Store,
    job: Job,
    rejects: RejectsFile,
    seen: KeysFile,
    clock: Callable[[], datetime],
    *,
    size: int = PART,
    dry: bool = False,
    progress: Callable[[Done], None] = lambda done: None,
) -> Done:
    """Import an extract, or go on with it; `dry` does all of it but the commits.

    ValueError: it may not be imported now, which says why. `StoreUnavailable`: the database is away or
    full; what was told to `progress` is in it.
    """
    prepare = preparer(job.kind, job.bound, job.terms, job.keys)
    writer = Writer(job.kind, kept(job.kind, job.bound))
    done = Done() if dry else store.run_now(partial(_begin, job, clock()))
    if done.before:
        return done
    rejects.begin(done.rows)
    seen.begin(done.rows)
    progress(done)
    with hurried(store):
        for part in ahead(map(prepare, parts(job.extract, job.bound, size, done.rows))):
            seen.add(part.keys, part.through - done.rows)
            write = partial(_write, job, writer, part, done, rejects)
            try:
                done = store.run_now(
                    partial(_try, write) if dry else partial(_take, job, write, done, clock())
                )
            except _Undone as tried:
                done = tried.done
            progress(done)
            if store.is_sqlite:
                time.sleep(PAUSE)
    done = replace(done, repeated=seen.end())
    if not dry:
        store.run_now(partial(_end, job, clock()))
    return done


def runs(connection: Connection) -> Sequence[Row[Any]]:
    """All imports that were begun, the newest first."""
    return connection.execute(sa.select(import_run).order_by(import_run.c.changed_at.desc())).all()


def _begin(job: Job, at: datetime, connection: Connection) -> Done:
    """Note that an import begins, or where one goes on."""
    mend_sequence(job.kind, connection)
    fresh = {
        "kind": job.kind.name, "digest": job.digest, "status": RUNNING, "at": at, "changed_at": at,
        "rows_done": 0, "added": 0, "changed": 0, "rejected": 0,
    }  # fmt: skip
    mine = import_run.c.id == job.name
    row = connection.execute(sa.select(import_run).where(mine)).first()
    if row is None:
        connection.execute(sa.insert(import_run).values(id=job.name, **fresh))
        return Done()
    if row.kind != job.kind.name:
        raise ValueError(f"{job.name} was an import of {row.kind}: give this one another --name")
    if row.status == RUNNING and row.digest != job.digest:
        raise ValueError(
            f"{job.name} was stopped after row {row.rows_done:,}, and since then the file or the mapping was "
            f"changed: go on with both as they were, or begin anew under another --name"
        )
    done = Done(row.rows_done, row.added, row.changed, row.rejected)
    if row.status == RUNNING:
        return done
    if row.digest == job.digest and not row.rejected:
        return replace(done, before=row.changed_at)
    connection.execute(sa.update(import_run).where(mine).values(fresh))
    return Done()


def _take(
    job: Job, write: Callable[[Connection], Done], before: Done, at: datetime, connection: Connection
) -> Done:
    done = write(connection)
    mine = (import_run.c.id == job.name, import_run.c.digest == job.digest, import_run.c.status == RUNNING)
    moved = connection.execute(
        sa.update(import_run)
        .where(*mine, import_run.c.rows_done == before.rows)
        .values(
            rows_done=done.rows,
            added=done.added,
            changed=done.changed,
            rejected=done.rejected,
            changed_at=at,
        )
    )
    if moved.rowcount != 1:
        raise ValueError(f"{job.name} is being imported by another process")
    return done


def _try(write: Callable[[Connection], Done], connection: Connection) -> Done:
    raise _Undone(write(connection))


def _write(
    job: Job, writer: Writer, part: Prepared, before: Done, rejects: RejectsFile, connection: Connection
) -> Done:
    written = writer.write(connection, part)
    lost = [Reject(row, job.bound[step.told], "", step.missing) for row, step in written.orphans]
    listed = sorted([*part.rejects, *lost])
    rejects.add(listed)
    return Done(
        part.through,
        before.added + written.added,
        before.changed + written.changed,
        before.rejected + len({one.row for one in listed}),
    )


def _end(job: Job, at: datetime, connection: Connection) -> None:
    mine = sa.update(import_run).where(import_run.c.id == job.name, import_run.c.digest == job.digest)
    connection.execute(mine.values(status=DONE, changed_at=at))

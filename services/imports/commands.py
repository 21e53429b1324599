"""`haqdar import | imports`: our own registry, filled from extracts."""

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.app import load_programme_data, open_database
from services.imports.kinds import KINDS
from services.imports.layout import read_layout
from services.imports.reading import open_extract
from services.imports.runs import PART, Done, Job, new_job, run, runs
from services.imports.traces import KeysFile, RejectsFile
from services.imports.values import Terms
from services.locales import load_places
from services.programmes.model import Forms
from services.programmes.programme import Programmes
from services.settings import Settings
from services.store.engine import Store, StoreUnavailable

COMPLAINTS = {"short_payment": False, "staff": True, "unauthorised_withdrawal": False, "appeal": False}
"""Categories of complaints -> whether local staff must not see one."""

commands = typer.Typer()
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@commands.command(name="import")
def import_extract(
    kind: Annotated[str, typer.Argument(help=f"what its rows are: {', '.join(KINDS)}, best in this order")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="the extract: .csv or .parquet")],
    mapping: Annotated[
        Path | None, typer.Option(help="TOML: which of its columns is ours, and what its words mean")
    ] = None,
    name: Annotated[str | None, typer.Option(help="what to remember it by; else the file's name")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="where rows that are not taken are listed; else beside the file")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="rows that are taken together or not at all")] = PART,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check everything and change nothing")] = False,
) -> None:
    """Fill the registry from an extract; one that was stopped goes on where it was."""
    if kind not in KINDS:
        raise ValueError(f"no kind of extract is called {kind!r}: {', '.join(KINDS)}")
    settings = Settings()
    layout = read_layout(mapping, kind, {one.name: {c.name for c in one.columns} for one in KINDS.values()})
    store, keys = open_database(settings)
    try:
        programmes = _names(load_programme_data())
        terms = Terms(datetime.now(UTC).date(), load_places(), programmes, COMPLAINTS, layout)
        job = new_job(name or file.name, KINDS[kind], open_extract(file), terms, keys)
        listed = RejectsFile(rejects or file.with_name(f"{file.name}.rejects.csv"))
        seen = KeysFile(settings.data_dir / "imports" / f"{job.digest}{'.dry' if dry_run else ''}.keys")
        done = _run(store, job, listed, seen, batch, dry_run)
    finally:
        store.close()
    _show(job, done, listed, dry=dry_run)
    if done.rejected:
        raise typer.Exit(1)


@commands.command()
def imports() -> None:
    """List the imports that were begun, the newest first."""
    store, _ = open_database(Settings())
    table = Table("name", "kind", "status", "rows", "new", "changed", "not taken", "last", box=None)
    for row in store.read_now(runs):
        counts = (f"{count:,}" for count in (row.rows_done, row.added, row.changed, row.rejected))
        table.add_row(escape(row.id), row.kind, row.status, *counts, f"{row.changed_at:%Y-%m-%d %H:%M} UTC")
    store.close()
    out.print(table)


def _run(store: Store, job: Job, rejects: RejectsFile, seen: KeysFile, size: int, dry: bool) -> Done:
    """Import with a bar that moves; what stops it is told with how far it came."""
    reached = Done()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=err, disable=not err.is_terminal, transient=True,
    )  # fmt: skip

    def tell(done: Done) -> None:
        nonlocal reached
        reached = done
        bar.update(task, completed=done.rows, total=max(job.extract.rows, done.rows))
        if not err.is_terminal:
            sys.stderr.write(f"{done.rows:,} rows\n")

    with bar:
        task = bar.add_task(job.kind.name, total=job.extract.rows)
        try:
            clock = partial(datetime.now, UTC)
            return run(store, job, rejects, seen, clock, size=size, dry=dry, progress=tell)
        except StoreUnavailable as fault:
            why = f"the database takes no rows any more ({fault})"
            raise StoreUnavailable(f"{why}; {_behind(reached)}") from None
        except KeyboardInterrupt:
            raise ValueError(f"stopped; {_behind(reached)}") from None


def _behind(done: Done) -> str:
    return f"{done.rows:,} rows are done and none by half: the same command goes on behind them"


def _show(job: Job, done: Done, rejects: RejectsFile, *, dry: bool) -> None:
    if done.before:
        when = f"{done.before:%Y-%m-%d %H:%M} UTC"
        out.print(f"{escape(job.name)}: these {done.rows:,} rows were imported at {when}; nothing was done")
        return
    told = f"{done.added:,} new, {done.changed:,} changed, {done.same:,} as they were"
    out.print(f"{escape(job.name)}: {done.rows:,} {job.kind.name}: {told}, {done.rejected:,} not taken")
    if done.repeated:
        out.print(f"{done.repeated:,} rows are about the same as an earlier row: the last one counts")
    if done.rejected:
        out.print(
            f"Which rows were not taken, and why: {escape(str(rejects.file))}. Mend the mapping, or what is "
            f"missing here, and import the same file again; rows that are here already stay as they are."
        )
    if dry:
        out.print("Nothing was changed: this was a dry run.")


def _names(programmes: Programmes) -> dict[str, list[str]]:
    """Programme -> what an extract may call it."""
    found = {}
    for id, one in programmes.by_id.items():
        name = one.file.names["en"]
        found[id] = [name.long, name.short] if isinstance(name, Forms) else [name]
    return found

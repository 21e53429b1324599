"""`haqdar updates list | show | export | settle`: requests to change a record, and what became of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.app import notices_of, open_database
from services.privacy import audit
from services.privacy.identifiers import Keys
from services.settings import Settings
from services.store.engine import Store
from services.updates import export as exporting
from services.updates import requests
from services.updates import settle as settling
from services.updates.kinds import load_kinds
from services.updates.notice import tell_by

MOST_LINES = 40
"""Lines of a table on the screen; a file gets them all."""

commands = typer.Typer(help="Requests to change a record: what people told, for the registry to verify.")
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Kind = Annotated[str | None, typer.Option(help="only this kind of change")]
Status = Annotated[str | None, typer.Option(help="new, exported, evidence, done or refused")]
Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="made on this day (UTC) or later")]


@commands.command(name="list")
def list_requests(kind: Kind = None, status: Status = None) -> None:
    """List the newest requests, without whom they are about."""
    _known(kind)
    with _database() as (store, _):
        found = store.read_now(lambda c: requests.newest(c, kind=kind, status=status, most=MOST_LINES + 1))
    table = Table("reference", "made", "kind", "status", "by the registered phone", box=None)
    for row in found[:MOST_LINES]:
        made = row.at.date().isoformat()
        table.add_row(row.reference, made, row.kind, row.status, "yes" if row.proven else "no")
    out.print(table)
    if len(found) > MOST_LINES:
        out.print(f"the newest {MOST_LINES}; export has all that are open")


@commands.command()
def show(reference: Annotated[str, typer.Argument(help="as 4829-1736")]) -> None:
    """Show one request: what was said, which papers prove it, and who says that they do."""
    with _database() as (store, keys):
        row = store.read_now(lambda connection: requests.row(connection, reference))
        if row is None:
            raise ValueError(f"no request has the reference {reference}")
        facts = json.loads(keys.open(row.facts))
    table = Table(box=None, show_header=False)
    table.add_row("kind", row.kind)
    table.add_row("status", f"{row.status} since {row.changed_at.date()}, made {row.at.date()}")
    table.add_row("by the registered phone", "yes" if row.proven else "no")
    table.add_row("cnic", f"ends {facts['cnic'][-4:]}" if facts["cnic"] else "not told")
    for name, answer in facts["said"].items():
        value = exporting.value_of(answer)
        table.add_row(name, "not known" if value is None else str(value))
    kind = load_kinds().get(row.kind)
    for paper in kind.papers if kind else ():
        table.add_row("paper", f"{paper.name} ({paper.confidence}, {paper.source})")
    if facts.get("reason"):
        table.add_row("reason", facts["reason"])
    if facts.get("note"):
        table.add_row("note of the registry", facts["note"])
    out.print(table, markup=False)


@commands.command()
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="a new .csv or .jsonl")],
    name: Annotated[str, typer.Option("--as", help="your name, as it is kept in the audit")],
    since: Since = None,
    kind: Kind = None,
    again: Annotated[
        bool, typer.Option(help="also those that were exported before and are not settled")
    ] = False,
    mark: Annotated[bool, typer.Option(help="count them as exported, once the file is whole")] = False,
) -> None:
    """Write the new requests to a file for the registry's own verification.

    The CNICs stand in it in plain, so only its owner may read it. What an export leaves that was killed
    begins with a dot and holds them too: delete it.
    """
    _known(kind)
    if not name.strip():
        raise ValueError("--as needs your name")
    with _database() as (store, keys):
        day = since.replace(tzinfo=UTC) if since else None

        def note(count: int) -> None:
            entry = audit.of_file(
                keys, datetime.now(UTC), staff=name, purpose="updates.export", rows=count, kind=file.suffix
            )
            store.run_now(lambda connection: audit.append(connection, keys, [entry]))

        count = exporting.export(store, keys, file, kind=kind, since=day, again=again, note=note)
        marked = exporting.mark(store, file, datetime.now(UTC)) if mark else 0
    out.print(f"{count:,} requests: {file}")
    out.print("It holds CNICs in plain. Only you may read it (mode 0600); delete it once it is handed over.")
    if mark:
        out.print(f"{marked:,} of them count as exported from now on")


@commands.command()
def settle(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False,
            help=".csv or .jsonl with reference, status (done, refused, or evidence: papers are wanted), "
            f"reason ({', '.join(settling.REASONS)}), note",
        ),
    ],
) -> None:  # fmt: skip
    """Take the registry's verdicts back and tell those who asked. The same file again does nothing.

    People are told the reason, in their language; the note is for the staff.
    """
    now = datetime.now(UTC)
    with _database() as (store, keys):
        tell = tell_by(notices_of(Settings(), keys), now)
        outcome = settling.settle(store, keys, file, now, tell)
    out.print(
        f"{outcome.done:,} done, {outcome.refused:,} refused, {outcome.evidence:,} wait for papers, "
        f"{outcome.known:,} known already"
    )
    rest = outcome.done + outcome.refused + outcome.evidence - outcome.told
    out.print(f"a message goes out to {outcome.told:,}; {rest:,} can be told only when they ask")
    for line, why in outcome.faults[:MOST_LINES]:
        err.print(f"line {line}: {why}", markup=False)
    if outcome.faults:
        err.print(f"{len(outcome.faults):,} lines could not be taken")
        raise typer.Exit(1)


@contextmanager
def _database() -> Iterator[tuple[Store, Keys]]:
    store, keys = open_database(Settings())
    try:
        yield store, keys
    finally:
        store.close()


def _known(kind: str | None) -> None:
    if kind is not None and kind not in load_kinds():
        raise ValueError(f"no kind of change is called {kind!r}: {', '.join(load_kinds())}")

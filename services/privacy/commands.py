"""`haqdar audit | retention | keys`: what an operator of the service answers for."""

import asyncio
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.app import KEY_FILE, open_database, secrets_of
from services.privacy import audit, audit_check, retention, rotation
from services.privacy.identifiers import add_secret
from services.settings import Settings

commands = typer.Typer()
audits = typer.Typer(no_args_is_help=True, help="Who looked people up: verify the audit, or ask it.")
secrets = typer.Typer(no_args_is_help=True, help="Change the secret key.")
commands.add_typer(audits, name="audit")
commands.add_typer(secrets, name="keys")
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_NOT_A_DIGIT = re.compile(r"[\s-]")


@audits.command()
def heads() -> None:
    """Print each chain's newest row, to be kept elsewhere: `haqdar audit verify --since-digest` reads it."""
    store, _ = open_database(Settings())
    typer.echo(audit_check.anchor(store.read_now(audit_check.heads_of)), nl=False)
    store.close()


@audits.command()
def verify(
    since: Annotated[
        Path | None,
        typer.Option("--since-digest", exists=True, dir_okay=False, help="what `audit heads` printed before"),
    ] = None,
) -> None:
    """Read the whole audit and say whether a row is missing, changed, or was never written by us."""
    anchored = audit_check.read_anchor(since.read_text("utf-8")) if since else None
    store, keys = open_database(Settings())
    total = sum(head.number for head in store.read_now(audit_check.heads_of).values())
    with _progress() as progress:
        task = progress.add_task("rows", total=total)
        verdict = audit_check.verify(
            store, keys, anchored, tell=lambda rows: progress.update(task, completed=rows)
        )
    store.close()
    for fault in verdict.faults:
        out.print(f"[red]chain {fault.chain} row {fault.number}[/] {fault.what}")
    if verdict.count > len(verdict.faults):
        out.print(f"and {verdict.count - len(verdict.faults):,} more")
    out.print(f"{verdict.rows:,} rows, {verdict.count:,} faults; digest {audit_check.digest(verdict.heads)}")
    if anchored is None:
        out.print("Whether a chain was cut off at its new end is only seen with --since-digest.")
    else:
        out.print(
            f"Compared with the heads of digest {audit_check.digest(anchored)}: is it the one you noted?"
        )
    if verdict.unanchored:
        out.print(f"Removed for their age since then, so not compared: chains {verdict.unanchored}")
    if verdict.count:
        raise typer.Exit(1)


@audits.command()
def show(
    cnic: Annotated[str, typer.Option(help="only `-`: the 13 digits are read from standard input")],
    days: Annotated[int, typer.Option(min=1, help="how far back")] = 365,
) -> None:
    """List who looked a person up: when, who, the asker's mark, channel, purpose, decision, what was given.

    The number is read from standard input, where no shell notes it.
    """
    if cnic != "-":
        raise ValueError("a CNIC is not given as an argument: use --cnic - and standard input")
    digits = _NOT_A_DIGIT.sub("", sys.stdin.readline())
    if not re.fullmatch(r"[0-9]{13}", digits):
        raise ValueError("a CNIC has 13 digits")
    store, keys = open_database(Settings())
    since = datetime.now(UTC) - timedelta(days=days)
    found = store.read_now(
        lambda connection: audit.of_subject(connection, keys, digits, since=since, last=1000)
    )
    store.close()
    for one in found:
        who = f"{one.by} {one.office or ''}".rstrip()
        given = " ".join(one.given) or "nothing"
        when = one.at.isoformat(" ", "seconds")
        fields = (when, who, one.actor.hex()[:8], one.channel, one.purpose, one.decision, given)
        typer.echo("\t".join(fields))
    if not found:
        err.print(f"nobody in {days} days")


@audits.command(name="files")
def list_files(days: Annotated[int, typer.Option(min=1, help="how far back")] = 365) -> None:
    """List which files the staff took out: when, who, for what, how many rows and of which kind."""
    store, keys = open_database(Settings())
    since = datetime.now(UTC) - timedelta(days=days)
    found = store.read_now(
        lambda connection: audit.of_subject(connection, keys, audit.FILES, since=since, last=1000)
    )
    store.close()
    for one in found:
        typer.echo("\t".join((one.at.isoformat(" ", "seconds"), str(one.office), one.purpose, one.decision)))
    if not found:
        err.print(f"none in {days} days")


@commands.command(name="retention")
def show_retention(
    apply: Annotated[bool, typer.Option("--apply", help="remove it, instead of only counting")] = False,
) -> None:
    """Show by table how many rows are older than they may be, and remove them with --apply."""
    store, keys = open_database(Settings())
    now = datetime.now(UTC)
    rules = retention.plan().rules
    over = store.read_now(lambda c: {rule.name: retention.count(c, rule, now) for rule in rules})
    done: dict[str, int] = {}
    if apply:
        with _progress() as progress:
            task = progress.add_task("rows", total=sum(over.values()))
            done = asyncio.run(
                retention.enforce(store, keys, now, tell=lambda name, rows: progress.advance(task, rows))
            )
    store.close()
    table = Table("rule", "days", "over age", "removed", "why", box=None)
    for rule in rules:
        removed = str(done.get(rule.name, "-"))
        table.add_row(rule.name, str(rule.days), f"{over[rule.name]:,}", removed, rule.why)
    out.print(table)


@secrets.command()
def new() -> None:
    """Put a fresh secret key before those in the key file. Keep a copy: without it nothing can be read."""
    settings = Settings()
    if settings.secret_key:
        raise ValueError(
            "the secret key is in the settings: move it to secret_key_previous and set a new one"
        )
    secrets_of(settings)  # makes the file where there is none
    add_secret(settings.data_dir / KEY_FILE)
    out.print(
        f"{settings.data_dir / KEY_FILE}: copy it to a safe place, stop the service, `haqdar keys rotate`"
    )


@secrets.command()
def rotate() -> None:
    """Bring the database under the newest secret key. Stop the service before."""
    store, keys = open_database(Settings(), verify=False)
    count = store.run_now(lambda connection: rotation.adopt(connection, keys, datetime.now(UTC)))
    out.print(f"{count:,} hashes are under the newest key: the service may start with it")
    with _progress() as progress:
        task = progress.add_task("texts", total=None)
        rows = rotation.reseal(
            store, keys, tell=lambda table, rows: progress.update(task, description=f"{table} {rows:,}")
        )
    store.close()
    out.print(f"{rows:,} rows were sealed anew")


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, disable=not err.is_terminal, transient=True)

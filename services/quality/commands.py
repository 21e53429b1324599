"""`haqdar quality`: where the registry's data are wrong or not enough, without a name or a number."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.app import open_database
from services.locales import load_places
from services.quality.checks import load_checks
from services.quality.report import Report, look, write
from services.settings import Settings

commands = typer.Typer()
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@commands.command()
def quality(
    district: Annotated[str | None, typer.Option(help="only this district: its code, or its name")] = None,
    file: Annotated[
        Path | None, typer.Option("--csv", dir_okay=False, help="write the counts of every district here")
    ] = None,
) -> None:
    """Count by district what in the registry is double, impossible, old or missing."""
    places = load_places()
    chosen = _code(district, places) if district else None
    checks, limits = load_checks()
    store, _ = open_database(Settings())
    try:
        with err.status("") as status:
            today = datetime.now(UTC).date()
            report = look(store, checks, limits, today, lambda name: status.update(name.replace("_", " ")))
    finally:
        store.close()
    if not report.districts():
        raise ValueError(
            "the registry holds no households: fill it by `haqdar import`, or try `haqdar demo-data`"
        )
    out.print(_table(report, chosen, places))
    if file:
        lines = write(report, file)
        out.print(f"{escape(str(file))}: {lines:,} lines, one for each district and check")


def _code(name: str, places: Mapping[str, Mapping[str, Any]]) -> str:
    wanted = name.strip().lower()
    for code, place in places.items():
        if wanted in (code, place["en"].lower(), place["ur"]):
            return code
    raise ValueError(f"no district is called {name!r}: locales/districts.tsv has all of them")


def _table(report: Report, district: str | None, places: Mapping[str, Mapping[str, Any]]) -> Table:
    """All checks, with the worst district of each where no one was chosen."""
    table = Table(box=None, header_style="bold")
    table.add_column(places[district]["en"] if district else "the whole country")
    for column in ("rows", "of", "share"):
        table.add_column(column, justify="right")
    if district is None:
        table.add_column("worst in")
    for group in report.total:
        table.add_row(f"[bold]{group}[/bold]")
        for check in report.checks:
            if check.of == group:
                found, total = report.count(check, district)
                row = [f"  {check.says}", f"{found:,}", f"{total:,}", _percent(report.share(check, district))]
                worst = report.worst(check) if district is None else None
                if worst:
                    row.append(f"{_name(worst, places)} {_percent(report.share(check, worst))}")
                table.add_row(*row)
    return table


def _name(code: str, places: Mapping[str, Mapping[str, Any]]) -> str:
    return str(places[code]["en"]) if code in places else code


def _percent(share: float) -> str:
    return "-" if not share else f"{share:.1%}" if share >= 0.001 else "<0.1%"

"""`haqdar programmes | eligible | reach`: the rules, read and applied."""

import csv
import sys
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.app import build_catalogue, load_programme_data, open_database
from services.locales import load_places, tags
from services.programmes import show
from services.programmes.bulk import ROWS, Done, FileSource, Source, run
from services.programmes.reach import Reach, count
from services.registry.survey import SurveySource
from services.settings import Settings

MOST_LINES = 40
"""Lines of a table on the screen; a file gets them all."""

commands = typer.Typer()
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="by this day's rules"),
]
Households = Annotated[
    Path | None,
    typer.Option(
        "--input", exists=True, dir_okay=False, help="households: .parquet or .csv, a column a fact"
    ),
]
OwnRegistry = Annotated[bool, typer.Option("--registry", help="the households of our own registry")]
Which = Annotated[str, typer.Option("--programme", help="its id, or all")]


@commands.command()
def programmes(
    id: Annotated[str | None, typer.Argument(help="show this one with its history and sources")] = None,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """List the programmes, or show one with every value it ever had, who says so, and since when."""
    show.programmes(load_programme_data(), id, _day(as_of), as_json=as_json, out=out)


@commands.command()
def eligible(
    facts: Annotated[
        typer.FileText | None, typer.Option(help="households as JSON or JSON Lines; - is standard input")
    ] = None,
    input: Households = None,
    registry: OwnRegistry = False,
    programme: Which = show.EVERY,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="verdicts: .parquet or .csv")] = None,
    as_of: AsOf = None,
    language: Annotated[str | None, typer.Option(help="tell why in this language too, with --facts")] = None,
) -> None:
    """Judge households: a few, with why (--facts), or millions, with the criteria that failed or are open."""
    on, rules_of = _day(as_of), load_programme_data()
    ids = show.chosen(rules_of, programme, on)
    if facts is not None:
        if language and language not in tags():
            raise ValueError(f"no language is called {language!r}: {', '.join(tags())}")
        if show.judge(rules_of, build_catalogue(), facts, ids, on, language, err=err):
            raise typer.Exit(1)
        return
    if output is None:
        raise ValueError("say where the verdicts go: --output FILE.parquet or FILE.csv")
    source = _source(input, registry, on)
    rules = [rules_of.by_id[id].rules(on) for id in ids]
    with _progress(source.rows) as progress:
        task = progress.add_task("judging", total=source.rows)
        tell = partial(_advance, progress, task)
        done = run(source, output, rules, rules_of.vocabulary, on, tell)
    out.print(f"{done.rows:,} households, {len(ids)} programmes: {output}")
    if done.rejected:
        out.print(f"{done.rejected:,} households have values that cannot be: {output}.rejects.csv says which")
        raise typer.Exit(1)


@commands.command()
def reach(
    input: Households = None,
    registry: OwnRegistry = False,
    programme: Which = show.EVERY,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="write all lines as CSV")] = None,
    as_of: AsOf = None,
) -> None:
    """Count by district and programme who qualifies but is not enrolled, or hangs on one missing fact.

    Reads the columns `district` and `enrolled` (ids of programmes, a space between) beside the facts.
    """
    on, rules_of = _day(as_of), load_programme_data()
    rules = [rules_of.by_id[id].rules(on) for id in show.chosen(rules_of, programme, on)]
    source = _source(input, registry, on)
    with _progress(source.rows) as progress:
        task = progress.add_task("counting", total=source.rows)
        found = count(
            source,
            rules,
            rules_of.vocabulary,
            on,
            lambda rows: progress.update(task, completed=rows),
            told_by={id: one.file.enrolled for id, one in rules_of.by_id.items() if one.file.enrolled},
        )
    _write(found, output)
    if found.rejected:
        out.print(f"{found.rejected:,} of {found.rows:,} households have values that cannot be; not counted")
        raise typer.Exit(1)


def _source(file: Path | None, registry: bool, on: date) -> Source:
    if (file is None) == (not registry):
        raise ValueError("say where the households are: --input FILE, or --registry")
    if file is not None:
        return FileSource(file)
    store, _ = open_database(Settings())
    provinces = {code: place["province"] for code, place in load_places().items()}
    return SurveySource(store, provinces, on, ROWS)


def _write(found: Reach, output: Path | None) -> None:
    lines = list(found.lines())
    if output is not None:
        with output.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, lines[0].keys() if lines else ["district"])
            writer.writeheader()
            writer.writerows(lines)
        out.print(f"{len(lines)} lines: {output}")
        return
    if not lines:
        out.print(f"{found.rows:,} households: nobody to be reached")
        return
    table = Table(*(name.replace("_", " ") for name in lines[0]))
    for line in lines[:MOST_LINES]:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else value for value in line.values()))
    out.print(table)
    if len(lines) > MOST_LINES:
        out.print(f"{len(lines) - MOST_LINES} more lines: --output FILE.csv has all")


def _progress(total: int | None) -> Progress:
    counted = MofNCompleteColumn() if total else TextColumn("{task.completed:,} households")
    shown = not err.is_terminal
    columns = (TextColumn("{task.description}"), BarColumn(), counted, TimeRemainingColumn())
    return Progress(*columns, console=err, disable=shown, transient=True)


def _advance(progress: Progress, task: TaskID, done: Done) -> None:
    progress.update(task, completed=done.rows)
    if not err.is_terminal:
        sys.stderr.write(f"{done.rows:,} households\n")


def _day(as_of: datetime | None) -> date:
    return (as_of or datetime.now(UTC)).date()

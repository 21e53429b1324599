"""`haqdar train | evaluate | unanswered`: how understanding is made, measured and mended."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from services import evaluation, unanswered
from services.locales import FOLDER
from services.settings import Settings
from services.vocabulary import load_words

SHOWN = 3
"""Texts of a cluster that are shown."""

commands = typer.Typer()
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)


@commands.command()
def train(
    corpora: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="folder with train/<language>.txt")
    ] = None,
    into: Annotated[Path, typer.Option(help="where the weights are written")] = Path(str(FOLDER)) / "weights",
) -> None:
    """Build the weights of understanding from the phrases (and the languages' from corpora)."""
    try:
        from services.learning.lint import lint  # here: what serves has no learning library
        from services.learning.train import train as build
    except ImportError as missing:
        raise ValueError(f"{missing.name} is needed to train: pip install 'haqdar[train]'") from None
    faults = lint(FOLDER)
    if faults:
        raise ValueError("\n".join(["mend the phrases first:", *faults]))
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("", total=None)
        build(into, corpora, lambda step: progress.update(task, description=step))
    out.print(f"written to {into}; now: haqdar evaluate")


@commands.command()
def evaluate(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="lines of language, text, intent, slots")
    ],
    missed: Annotated[bool, typer.Option(help="list each message that was not understood")] = False,
) -> None:
    """Print how well the messages of files are understood: precision, recall, confusion, calibration."""
    cases = [case for file in files for case in evaluation.read(file.read_text("utf-8").splitlines())]
    outcomes = evaluation.judge(cases, load_words())
    evaluation.report(outcomes, out)
    for outcome in outcomes if missed else ():
        if outcome.case.intent != evaluation.UNTOLD and not outcome.right:
            case, heard = outcome.case, outcome.heard
            typer.echo(f"{case.language}\t{case.text}\t{case.intent}\t{outcome.top} {heard.confidence:.2f}")


@commands.command(name="unanswered")
def show_unanswered(
    days: Annotated[int, typer.Option(min=1, help="how far back; they are kept a month")] = 7,
) -> None:
    """Show what was not understood, grouped, with a suggestion. A person writes the phrases."""
    from services.app import open_database  # it reads the settings, which the others do not need

    store, keys = open_database(Settings())
    since = datetime.now(UTC) - timedelta(days=days)
    found = unanswered.clusters(store.read_now(lambda c: unanswered.kept(c, keys, since)))
    store.close()
    for cluster in found:
        typer.echo(f"{len(cluster.texts):5}  perhaps {cluster.guess or 'nothing known'}")
        for text in cluster.texts[:SHOWN]:
            typer.echo(f"       {text.language or '-'}\t{text.text}")
    if not found:
        sys.stderr.write(f"nothing was left unanswered in {days} days\n")

"""The `haqdar` command: each subcommand is one function of this file or of a `commands` module."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console
from rich.markup import escape

from bot.alphabets import TABLES
from bot.segments import count
from bot.understand import Expects, understand
from services import checks, sandbox
from services.app import build_catalogue
from services.catalogue import load_languages
from services.complaints.commands import commands as complaints
from services.imports.commands import commands as extracts
from services.learning.commands import commands as learning
from services.partner_commands import commands as partners
from services.privacy.commands import commands as privacy
from services.privacy.identifiers import WrongKey
from services.programmes.commands import commands as rules
from services.quality.commands import commands as quality
from services.settings import Settings
from services.sms_profile import show_tables
from services.smsc.commands import commands as operator
from services.store.engine import StoreUnavailable
from services.store.migrations import current, newest
from services.terminal import PLAYED, converse, converse_json
from services.updates.commands import commands as updates
from services.vocabulary import load_words

app = typer.Typer(
    help="Haqdar answers questions about Ehsaas / BISP support, in the citizen's own language.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(learning)
app.add_typer(rules)
app.add_typer(partners)
app.add_typer(updates, name="updates")
app.add_typer(privacy)
app.add_typer(complaints, name="complaints")
app.add_typer(extracts)
app.add_typer(operator)
app.add_typer(quality)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Channel = Annotated[str, typer.Option(help="sms, whatsapp, telegram, web or ussd")]


@app.command()
def serve(
    demo_mode: Annotated[
        bool, typer.Option("--demo", help="sample data and a sandbox SMS channel: for a first look")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> None:
    """Answer webhooks and web pages."""
    settings = Settings()
    if demo_mode:
        settings = sandbox.prepare(settings, out)
    uvicorn.run(
        "services.app:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        log_level="warning",
        access_log=False,  # its lines would carry addresses
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        # A process that starts on a busy machine answers late, and would be killed and begun anew for ever.
        timeout_worker_healthcheck=60,
    )


@app.command()
def chat(
    as_json: Annotated[bool, typer.Option("--json", help="one message a line in, one JSON out")] = False,
    sender: Annotated[str, typer.Option("--from", help="the sender's address")] = "terminal",
    channel: Channel = "sms",
) -> None:
    """Talk to the bot in this terminal, in the limits of a channel."""
    if channel not in PLAYED:
        _fail(f"no channel is called {channel!r}: {', '.join(PLAYED)}")
    talk = converse_json if as_json else converse
    asyncio.run(talk(Settings(), sender, channel, sys.stdin, sys.stdout))


@app.command(name="understand")
def understand_lines() -> None:
    """Say what each line of standard input means, as JSON, without a conversation."""
    words, languages = load_words(), load_languages()
    for line in sys.stdin:
        heard = understand(line.rstrip("\n"), Expects(), words, at=datetime.now(UTC))
        _print_json(
            {
                "text": heard.text,
                "language": heard.language,
                "script": languages[heard.language].script if heard.language else None,
                "intent": heard.intent,
                "confidence": round(heard.confidence, 3),
                "also": heard.also,
                "guesses": heard.guesses,
                "slots": heard.slots,
            }
        )


@app.command()
def segments(
    text: Annotated[str, typer.Argument(help="the message")] = "",
    tables: Annotated[
        list[str] | None, typer.Option("--table", help="a national language table that the operator carries")
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="what national language tables would save on our own texts")
    ] = False,
) -> None:
    """Count what a text costs as SMS."""
    if profile:
        show_tables(build_catalogue(), out)
        return
    unknown = set(tables or ()) - set(TABLES)
    if unknown:
        _fail(f"no table is called {sorted(unknown)[0]!r}: {', '.join(TABLES)}")
    cost = count(text, tables=tuple(tables or ()))
    _print_json(
        {
            "alphabet": cost.alphabet,
            "units": cost.units,
            "segments": cost.segments,
            "forced_by": cost.forced_by,
        }
    )


@app.command(name="demo-data")
def demo_data(
    households: Annotated[int, typer.Option(min=1, help="how many")] = 2000,
    seed: Annotated[int, typer.Option(help="the same seed makes the same registry")] = 1,
    replace: Annotated[bool, typer.Option(help="throw away the registry that is there")] = False,
    samples: Annotated[bool, typer.Option(help="only show numbers to try")] = False,
) -> None:
    """Fill the registry with invented households (their CNICs begin with 9 and cannot exist)."""
    if not samples:
        sandbox.fill(Settings(), households, seed, replace=replace, console=err)
    sandbox.show_samples(households, out)


@app.command()
def locales() -> None:
    """Show each language's coverage, review state and the SMS cost of its texts."""
    checks.show_locales(out)


@app.command()
def check(
    show: Annotated[bool, typer.Option(help="list the settings in force, secrets masked")] = False,
) -> None:
    """Check settings, texts, programmes and channels without the network, and say what to mend."""
    settings = Settings()
    if show:
        checks.show_settings(settings, out)
    faults = checks.report(settings, out)
    if faults:
        raise typer.Exit(1)


@app.command(name="migrate")
def migrate_database() -> None:
    """Bring the database to this version's schema."""
    from services.app import open_database  # opening is what migrates

    store, _ = open_database(Settings())
    out.print(f"schema {current(store)} (this version: {newest()})")
    store.close()


def main() -> None:
    """Entry point: faults that a person can mend are told in one line."""
    try:
        app()
    except (StoreUnavailable, WrongKey, ValueError, FileExistsError) as fault:
        _fail(str(fault))


def _fail(message: str) -> None:
    err.print(f"[red]haqdar:[/] {escape(message)}")
    raise SystemExit(2)


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

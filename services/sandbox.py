"""A first look without accounts: sample data, and an SMS channel whose signature anyone can make."""

import os
import secrets
from datetime import UTC, datetime
from urllib.parse import urlencode

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from twilio.request_validator import RequestValidator

from services.app import build_catalogue, load_programme_data, open_database
from services.locales import load_places
from services.registry import demo
from services.registry.families import Country
from services.settings import Settings

HOUSEHOLDS = 2000
SEED = 1
SANDBOX_NUMBER = "+923990008171"
TOKEN_FILE = "sandbox.token"


def prepare(settings: Settings, out: Console) -> Settings:
    """Settings for a first look, put into the environment for the server; prints what to try."""
    store, _ = open_database(settings)
    empty = store.read_now(demo.is_empty)
    store.close()
    if empty:
        fill(settings, HOUSEHOLDS, SEED, replace=False, console=out)
    if settings.twilio_auth_token is None:
        os.environ.update(
            HAQDAR_TWILIO_ACCOUNT_SID=f"AC{0:032d}",
            HAQDAR_TWILIO_AUTH_TOKEN=_token(settings),
            HAQDAR_TWILIO_SMS_SENDER=SANDBOX_NUMBER,
        )
        settings = Settings()
    _show_first_steps(settings, out)
    return settings


def fill(settings: Settings, households: int, seed: int, *, replace: bool, console: Console) -> None:
    """Load the invented registry, with a progress bar. FileExistsError over data that is there."""
    store, keys = open_database(settings)
    programmes = load_programme_data()
    country = Country(load_places(), programmes.quarterly_amount, programmes.score_limit)
    bar = Progress(
        TextColumn("sample households"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console,
    )  # fmt: skip
    try:
        with bar:
            task = bar.add_task("load", total=households)
            demo.load(
                store,
                keys,
                country,
                households=households,
                seed=seed,
                today=datetime.now(UTC).date(),
                replace=replace,
                progress=lambda done: bar.update(task, completed=done),
            )
    finally:
        store.close()


def show_samples(households: int, out: Console) -> None:
    """Numbers to type, with the phone that may ask about them and what the answer will be."""
    table = Table("CNIC", "registered phone", "what is on record", box=None)
    for sample in demo.samples(households):
        table.add_row(sample.cnic, sample.phone, sample.what)
    out.print(table)


def _show_first_steps(settings: Settings, out: Console) -> None:
    sample = demo.samples(HOUSEHOLDS)[0]
    catalogue = build_catalogue()
    questions = [catalogue.text("demo.question", tag) for tag in ("ur", "ur-Latn")]
    out.print(f"\n[bold]Open[/]  {settings.public_url}/")
    for number, text in enumerate((*questions, sample.cnic)):
        out.print(f"[bold]{'' if number else 'Type'}[/]{'      ' if number else '  '}{text}")
    out.print("      (the page knows nobody's phone number, so it shows nobody's record; SMS does:)")
    out.print()
    out.print("[bold]As an SMS[/] from the phone that is registered for that (invented) number:")
    if settings.smpp:
        port = settings.smpp[0].port
        out.print(f".venv/bin/haqdar smsc --port {port} --from {sample.phone}   (and type; answers appear)")
    else:
        out.print(_curl(settings, sample.phone, sample.cnic))
    out.print(
        f"\nIn the terminal: .venv/bin/haqdar chat --from {sample.phone}"
        "\nMore numbers:    .venv/bin/haqdar demo-data --samples\n"
    )


def _curl(settings: Settings, phone: str, text: str) -> str:
    fields = {
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "From": phone,
        "To": SANDBOX_NUMBER,
        "Body": text,
    }
    assert settings.twilio_auth_token is not None
    url = f"{settings.public_url}/in/sms"
    validator = RequestValidator(settings.twilio_auth_token.get_secret_value())
    signature = validator.compute_signature(url, fields)
    return f"curl -H 'X-Twilio-Signature: {signature}' -d '{urlencode(fields)}' {url}"


def _token(settings: Settings) -> str:
    file = settings.data_dir / TOKEN_FILE
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(16), "ascii")
    return file.read_text("ascii")

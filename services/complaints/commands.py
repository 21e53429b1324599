"""`haqdar complaints`: the staff's way to complaints until there is a console."""

import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from sqlalchemy import Connection

from services.app import notices_of, open_database
from services.complaints import acts, shown
from services.complaints.acts import NotAllowed, Office
from services.complaints.cases import Case
from services.complaints.categories import load_categories
from services.complaints.life import STATUSES, Action, Staff
from services.locales import load_places
from services.notices import Posted
from services.privacy import audit
from services.settings import Settings
from services.store.conversations import Overtaken

T = TypeVar("T")

TRIES = 3
"""How often something is done anew because the citizen wrote at the same moment."""

REFUSED = {
    "hidden": "there is no complaint {reference} that you may see",
    "role": "your role may not do that",
    "status": "complaint {reference} does not stand so that this could be done: see `show`",
    "level": "complaint {reference} went up an office: an answer must come from there",
    "too_late": "it is too late for that",
    "named": "a sensitive complaint is not given to whom it names",
}

commands = typer.Typer(help="Work on complaints, as a member of the staff.", no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True, markup=False)

As = Annotated[str, typer.Option("--as", help="your name, as it is kept with what you do")]
Role = Annotated[str, typer.Option(help="local, district or headquarters")]
District = Annotated[str | None, typer.Option(help="code of your district; headquarters have all")]
Reference = Annotated[str, typer.Argument(help="number of the complaint, as 4829-1736")]
WithCnic = Annotated[bool, typer.Option("--with-cnic", help="whole CNICs: headquarters only")]


@commands.command(name="list")
def list_complaints(
    name: As,
    role: Role,
    district: District = None,
    status: Annotated[str | None, typer.Option(help=f"{', '.join(STATUSES)}; else all but closed")] = None,
    category: Annotated[str | None, typer.Option(help="only of this kind")] = None,
) -> None:
    """List the complaints that you may see, the oldest first."""
    staff = _staff(name, role, district)
    if status is not None and status not in STATUSES:
        raise ValueError(f"no status is called {status!r}: {', '.join(STATUSES)}")
    found = _do(lambda c, office: acts.listed(c, office, staff, status=status, category=category))
    _table([case for case in found if status or case.state.status != "closed"])


@commands.command()
def overdue(name: As, role: Role, district: District = None) -> None:
    """List what is late: it went up an office already, or its time has passed."""
    staff, now = _staff(name, role, district), _now()
    _table(_do(lambda c, office: acts.overdue(office, acts.listed(c, office, staff), now)))


@commands.command()
def show(
    reference: Reference, name: As, role: Role, district: District = None, with_cnic: WithCnic = False
) -> None:
    """Show all of one complaint. That you read a sensitive one is kept."""
    staff = _staff(name, role, district)
    _check_cnic(staff, with_cnic)

    def work(connection: Connection, office: Office) -> list[str]:
        case = acts.seen(connection, office, staff, reference)
        acts.read(connection, office, staff, case, _now())
        return list(shown.page(connection, office, case, with_cnic=with_cnic))

    for line in _do(work, reference):
        out.print(line)


@commands.command()
def assign(
    reference: Reference,
    to: Annotated[str, typer.Argument(help="who works on it from now on")],
    name: As,
    role: Role,
    district: District = None,
    into: Annotated[
        str | None,
        typer.Option("--in", help="code of the district that has it from now on: headquarters only"),
    ] = None,
) -> None:
    """Give a complaint to a member of the staff."""
    if into is not None and into not in load_places():
        raise ValueError(f"no district has the code {into!r}: see locales/districts.tsv")
    _act(reference, _staff(name, role, district), "assign", to=to, into=into)


@commands.command()
def progress(reference: Reference, name: As, role: Role, district: District = None) -> None:
    """Begin to work on a complaint."""
    _act(reference, _staff(name, role, district), "progress")


@commands.command()
def close(
    reference: Reference,
    answer: Annotated[str, typer.Argument(help="what the citizen is told, in the citizen's language")],
    name: As,
    role: Role,
    district: District = None,
) -> None:
    """Answer a complaint. The citizen is asked whether that solves it; only a yes closes it."""
    _act(reference, _staff(name, role, district), "close", text=answer)


@commands.command()
def reopen(
    reference: Reference,
    why: Annotated[str, typer.Argument(help="a note for the staff")],
    name: As,
    role: Role,
    district: District = None,
) -> None:
    """Open a closed complaint again. The citizen is told."""
    _act(reference, _staff(name, role, district), "reopen", text=why)


@commands.command()
def note(
    reference: Reference,
    text: Annotated[str, typer.Argument(help="what is to be kept")],
    name: As,
    role: Role,
    district: District = None,
    about: Annotated[
        str | None,
        typer.Option(help="member of the staff whom it concerns: a sensitive one is hidden from them"),
    ] = None,
    tell: Annotated[bool, typer.Option("--tell", help="send it to the citizen too")] = False,
) -> None:
    """Keep a note with a complaint."""
    _act(reference, _staff(name, role, district), "note", text=text, about=about, tell=tell)


@commands.command()
def export(
    name: As,
    role: Role,
    district: District = None,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="file; else standard output")] = None,
    with_cnic: WithCnic = False,
) -> None:
    """Write all that you may see as CSV. That you took it out, and read sensitive ones, is kept."""
    staff, now = _staff(name, role, district), _now()
    _check_cnic(staff, with_cnic)

    def work(connection: Connection, office: Office) -> tuple[int, str]:
        found = acts.listed(connection, office, staff)
        for case in found:
            acts.read(connection, office, staff, case, now)
        file = io.StringIO(newline="")
        rows = shown.write_csv(office, found, file, with_cnic=with_cnic)
        kind = "csv with CNICs" if with_cnic else "csv"
        entry = audit.of_file(office.keys, now, staff=name, purpose="complaints.export", rows=rows, kind=kind)
        audit.append(connection, office.keys, [entry])
        return rows, file.getvalue()

    rows, text = _do(work)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, "utf-8", newline="")
        out.print(f"{rows} complaints: {output}")


def _act(
    reference: str,
    staff: Staff,
    action: Action,
    *,
    text: str = "",
    to: str | None = None,
    into: str | None = None,
    about: str | None = None,
    tell: bool = False,
) -> None:
    def work(connection: Connection, office: Office) -> tuple[Case, Posted | None]:
        case = acts.seen(connection, office, staff, reference)
        return acts.act(
            connection,
            office,
            staff,
            case,
            action,
            at=_now(),
            text=text,
            to=to,
            district=into,
            about=about,
            tell=tell,
        )

    case, posted = _do(work, reference)
    out.print(f"{reference}: {case.state.status}")
    if posted:
        sent = f"goes out (as long as {posted.segments} SMS)"
        out.print(f"to the citizen: {shown.UNSENT.get(posted.unsent, sent)}")


def _do(work: Callable[[Connection, Office], T], reference: str = "") -> T:
    settings = Settings()
    store, keys = open_database(settings)
    office = Office(load_categories(settings.complaint_categories), notices_of(settings, keys))
    try:
        for _ in range(TRIES):
            try:
                return store.run_now(lambda connection: work(connection, office))
            except Overtaken:
                continue
        raise ValueError("it is being changed by others just now: try again")
    except NotAllowed as refused:
        raise ValueError(REFUSED[refused.why].format(reference=reference)) from None
    finally:
        store.close()


def _staff(name: str, role: str, district: str | None) -> Staff:
    return acts.staff_member(name, role, district, load_places())


def _check_cnic(staff: Staff, with_cnic: bool) -> None:
    if with_cnic and staff.role != "headquarters":
        raise ValueError("whole CNICs are for headquarters only")


def _table(found: list[Case]) -> None:
    if found:
        out.print(shown.table(found))
    out.print(f"{len(found)} complaints" if found else "no complaints")


def _now() -> datetime:
    return datetime.now(UTC)

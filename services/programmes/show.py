"""Shows programmes and verdicts to staff: tables for people, JSON for machines."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from bot.texts import Catalogue
from services.eligibility.decision import Decision, decide, explain
from services.eligibility.facts import WrongFact
from services.programmes.advice import reasons
from services.programmes.model import Dated, newest
from services.programmes.programme import Programme, Programmes

EVERY = "all"


def programmes(programmes: Programmes, id: str | None, on: date, *, as_json: bool, out: Console) -> None:
    """List all programmes, or show one with its history and sources, a * at what is told on that day.

    ValueError: no such programme.
    """
    if id is None:
        shown = [_listed(one, on) for one in programmes.by_id.values()]
        if as_json:
            _json(shown)
            return
        table = Table("id", "name", "run by", "state", "now", "criteria")
        for one in shown:
            table.add_row(*(str(value) for value in one.values()))
        out.print(table)
        return
    programme = _named(programmes, id)
    if as_json:
        _json(programme.file.model_dump(mode="json", by_alias=True))
        return
    out.print(f"[bold]{programme.name('en')}[/] ({id}), {programme.file.run_by.en}")
    for title, values in _history(programme):
        out.print(f"\n[bold]{title}[/]")
        now = newest([said for said, _ in values], on)
        for said, value in values:
            mark = "[green]*[/]" if said is now else " "
            since = said.since.isoformat() if said.since > date.min else "as far as known"
            until = f" to {said.until}" if said.until else ""
            source = programmes.sources[said.source]
            out.print(f" {mark} {since}{until}: {value}")
            out.print(
                f"     {said.confidence}: {source.title} ({source.date or 'no date'}) {source.url or ''}"
            )
            if said.note:
                out.print(f"     {said.note}")


def judge(
    programmes: Programmes,
    catalogue: Catalogue,
    lines: TextIO,
    ids: Sequence[str],
    on: date,
    language: str | None,
    *,
    err: Console,
) -> int:
    """Judge households given as JSON, one an object, and print each verdict with why; how many were wrong."""
    wrong = 0
    for number, raw in enumerate(_objects(lines), 1):
        try:
            if isinstance(raw, str):
                raise WrongFact(raw)
            own = raw.pop("id", number)
            settled = programmes.vocabulary.household(raw, on)
        except WrongFact as fault:
            wrong += 1
            err.print(f"[red]household {number}:[/] {fault}")
            continue
        for id in ids:
            decision = decide(programmes.by_id[id].rules(on), settled.household, on)
            state = programmes.by_id[id].state(on)
            told = {
                "id": own,
                "state": state.state if state else None,
                **explain(decision, programmes.vocabulary),
                "not_known": dict(settled.states),
            }
            if language:
                told["why"] = _why(programmes, catalogue, decision, language)
            _json(told)
    return wrong


def chosen(programmes: Programmes, id: str, on: date) -> list[str]:
    """The programmes that are meant: one, or all that take people on a day. ValueError: no such one."""
    if id == EVERY:
        return [one.file.id for one in programmes.open(on)]
    if not _named(programmes, id).rules(on).criteria:
        raise ValueError(f"{id} has no confirmed conditions on {on}")
    return [id]


def _named(programmes: Programmes, id: str) -> Programme:
    found = programmes.by_id.get(id)
    if found is None:
        raise ValueError(f"no programme is called {id!r}: {', '.join(programmes.by_id)}, or {EVERY}")
    return found


def _listed(programme: Programme, on: date) -> dict[str, Any]:
    state, amount, benefit = programme.state(on), programme.amount(on), programme.benefit()
    rupees = sorted(rate.rupees for rate in amount.rates) if amount else []
    paid = f"Rs {rupees[0]:,}" + (f" to {rupees[-1]:,}" if rupees[-1] > rupees[0] else "") if rupees else ""
    return {
        "id": programme.file.id,
        "name": programme.name("en"),
        "run_by": programme.file.run_by.en,
        "state": state.state if state else "not yet",
        "now": f"{paid} per {benefit.per}" if paid and benefit else "",
        "criteria": len(programme.rules(on).criteria),
    }


def _history(programme: Programme) -> Iterator[tuple[str, Sequence[tuple[Dated, str]]]]:
    file = programme.file
    yield "state", [(one, one.state) for one in file.states]
    for name, benefit in file.benefits.items():
        paid = [
            (one, ", ".join(f"Rs {r.rupees:,}{_of_whom(r.sex, r.ages)}" for r in one.rates))
            for one in benefit.amounts
        ]
        yield f"{name}, per {benefit.per}{' (a loan)' if benefit.loan else ''}", paid
    for kind, held in (("criterion", file.criteria), ("exclusion", file.exclusions)):
        for id, conditions in held.items():
            yield f"{kind}: {id}", [(one, json.dumps(one.rule)) for one in conditions]
    for title, said in (
        ("papers", [(one, ", ".join(one.bring)) for one in file.documents]),
        (
            "how to apply",
            [(one, " ".join(filter(None, (one.how, one.link, one.number)))) for one in file.apply],
        ),
        ("codes", [(one, one.value) for one in file.codes]),
        ("helplines", [(one, one.value) for one in file.helplines]),
        ("never paid for", [(one, ", ".join(one.of)) for one in file.free]),
    ):
        if said:
            yield title, said


def _of_whom(sex: str | None, ages: tuple[int, int] | None) -> str:
    return f" {sex or ''}{f' {ages[0]}-{ages[1]}' if ages else ''}".rstrip()


def _why(programmes: Programmes, catalogue: Catalogue, decision: Decision, language: str) -> list[str]:
    return [catalogue.text(key, language, args) for key, args in reasons(programmes, decision)]


def _objects(lines: TextIO) -> Iterator[Any]:
    """JSON Lines, or one JSON value: an object or a list of them. What is none of these, as its fault."""
    text = lines.read()
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if whole is not None:
        yield from (_table(one) for one in (whole if isinstance(whole, list) else [whole]))
        return
    for line in filter(str.strip, text.splitlines()):
        try:
            yield _table(json.loads(line))
        except ValueError as fault:
            yield f"no JSON: {fault}"


def _table(value: Any) -> Any:
    return value if isinstance(value, dict) else f"{value!r} is no table of facts"


def _json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")

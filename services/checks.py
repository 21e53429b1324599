"""What can be checked without the network: settings, texts, programmes, channels; and what to mend."""

from collections.abc import Iterator

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from bot.segments import count
from bot.texts import Catalogue, Form, known_locale, placeholders
from services.app import (
    build_catalogue,
    build_channels,
    load_programme_data,
    open_database,
    partners_of,
)
from services.complaints.categories import load_categories
from services.eligibility.rules import facts_of
from services.privacy.identifiers import WrongKey
from services.privacy.limits import STANDARD, load_limits
from services.programmes.programme import Programmes
from services.settings import Settings
from services.store.engine import StoreUnavailable
from services.vocabulary import load_words

MASK = "***"


def report(settings: Settings, out: Console) -> list[str]:
    """Print what is in order and what is not; the faults are also returned."""
    faults = [*_database(settings), *_guard(settings), *_partners(settings)]
    faults += [*texts(build_catalogue()), *_programmes(), *_complaints(settings)]
    channels, off = build_channels(settings)
    load_words()
    called = set(channels) - {"web"} - ({"sms", "ussd"} if settings.smpp else set())
    if settings.public_url.startswith("http://") and called:
        faults.append("public_url is not https: providers sign and call the public https address")
    for name in channels:
        out.print(f"[green]on [/] {name}")
    for name, missing in off.items():
        out.print(f"[yellow]off[/] {name}: set {missing}")
    for fault in faults:
        out.print(f"[red]mend[/] {fault}")
    if not faults:
        out.print("[green]ok [/] settings, texts, programmes and database")
    return faults


def _guard(settings: Settings) -> list[str]:
    try:
        load_limits(settings.guard_limits or STANDARD)
    except (OSError, ValueError) as fault:
        return [f"guard_limits: {fault}"]
    return []


def texts(catalogue: Catalogue) -> list[str]:
    """Faults of the catalogues: missing keys, other placeholders than English has, unknown locales."""
    faults = []
    for tag, language in catalogue.languages.items():
        if not known_locale(language.babel):
            faults.append(f"locales/{tag}/language.toml: CLDR knows no locale {language.babel!r}")
        for other in language.fallback:
            if other not in catalogue.languages:
                faults.append(f"locales/{tag}/language.toml: fallback {other!r} is no language here")
        if language.reply:
            faults += [f"locales/{tag}/messages.po lacks {key}" for key in _lacking(catalogue, tag)]
            faults += list(_placeholders(catalogue, tag))
    return sorted(faults)


def _lacking(catalogue: Catalogue, tag: str) -> Iterator[str]:
    """Keys that a language should have itself. A programme's name may be said as in another."""
    for key in catalogue.missing(tag):
        if not key.startswith(("programme.name.", "programme.about.")):
            yield key


def show_settings(settings: Settings, out: Console) -> None:
    """Every setting with its value in force, secrets masked."""
    table = Table("setting", "value", "meaning", box=None)
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = MASK
        elif name == "database_url" and "@" in str(value):
            value = f"{str(value).partition('://')[0]}://{MASK}@{str(value).rpartition('@')[2]}"
        table.add_row(name, "" if value is None else str(value), field.description or "")
    out.print(table)


def show_locales(out: Console) -> None:
    """Coverage, review state and the cost of each language's texts."""
    catalogue = build_catalogue()
    everything = frozenset().union(*(catalogue.keys(tag) for tag in catalogue.texts))
    table = Table("language", "texts", "reviewed", "1 SMS", "2 SMS", "more", "stands in", box=None)
    for tag, language in catalogue.languages.items():
        own = catalogue.texts.get(tag, {})
        reviewed = sum(entry.review == "native-speaker" for entry in own.values())
        costs = [count(_short(catalogue, key, tag)).segments for key in catalogue.keys(tag)]
        table.add_row(
            f"{tag} ({language.english})",
            f"{len(catalogue.keys(tag))}/{len(everything)}",
            f"{reviewed}/{len(own)}",
            *(str(sum(cost == size for cost in costs)) for size in (1, 2)),
            str(sum(cost > 2 for cost in costs)),
            " > ".join(language.fallback),
        )
    out.print(table)
    out.print("Texts are counted in their short form, as written.")


def _short(catalogue: Catalogue, key: str, tag: str) -> str:
    entry = catalogue.entry(key, tag, "short") or catalogue.entry(key, tag, "long")
    return entry.text if entry else ""


def _placeholders(catalogue: Catalogue, tag: str) -> Iterator[str]:
    forms: tuple[Form, ...] = ("long", "short")
    for key in catalogue.keys(tag):
        english = catalogue.entry(key, "en", "long")
        allowed = {name for name, _ in placeholders(english.text)} if english else set()
        for form in forms:
            entry = catalogue.entry(key, tag, form)
            strange = {name for name, _ in placeholders(entry.text)} - allowed if entry else set()
            strange -= set(catalogue.facts)
            for name in sorted(strange):
                yield f"locales/{tag}/messages.po: {key} ({form}) names {{{name}}}, English does not"


def _database(settings: Settings) -> list[str]:
    try:
        store, _ = open_database(settings)
    except StoreUnavailable as fault:
        return [f"the database does not answer ({fault}): see database_url"]
    except (WrongKey, ValueError) as fault:
        return [f"secret_key: {fault}"]
    store.close()
    return []


def sentences(programmes: Programmes, catalogue: Catalogue) -> Iterator[str]:
    """Texts that the programmes need and English has not."""
    for id, programme in programmes.by_id.items():
        file = programme.file
        keys = {
            f"why.{one}.{state}" for one in programme.conditions for state in ("met", "failed", "unknown")
        }
        keys |= {f"document.name.{paper}" for papers in file.documents for paper in papers.bring}
        keys |= {f"programme.apply.{way.how}" for way in file.apply}
        names = {n for versions in programme.conditions.values() for v in versions for n in facts_of(v.rule)}
        keys |= {f"ask.{name}" for name in names if programmes.vocabulary.facts[name].asked}
        for key in sorted(keys - catalogue.keys("en")):
            yield f"{id}.yaml needs the text {key}: use an id that is there, or write it in locales/"


def _complaints(settings: Settings) -> list[str]:
    try:
        load_categories(settings.complaint_categories)
    except ValueError as fault:
        return str(fault).splitlines()
    return []


def _programmes() -> list[str]:
    try:
        programmes = load_programme_data()
    except ValueError as fault:
        return [str(fault)]
    return list(sentences(programmes, build_catalogue()))


def _partners(settings: Settings) -> list[str]:
    try:
        partners_of(settings)
    except ValueError as fault:
        return str(fault).splitlines()
    return []

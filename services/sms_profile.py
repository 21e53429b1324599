"""What national language tables would save: our own texts, counted with and without them."""

import re
import unicodedata
from collections import Counter

from rich.console import Console
from rich.table import Table

from bot.alphabets import TABLES
from bot.render import LOOK_ALIKES, within_aim
from bot.segments import count
from bot.texts import Catalogue

ALL = tuple(TABLES)
SHOWN = 5
"""Letters that are named of those which the tables lack."""

APART = str.maketrans({"\u0624": "\u0648\u0654", "\u0626": "\u06cc\u0654", "\u06d3": "\u06d2\u0654"})
"""Letters with a hamza above, as the letter and the mark, which the tables have. A phone that places marks
badly shows the mark beside the letter, and dots under the yeh: counted here, but never sent so."""

_PLACEHOLDER = re.compile(r"\{(\w+)[^}]*\}")


def show_tables(catalogue: Catalogue, out: Console) -> None:
    """Per language: the SMS of all texts in the form that is sent today, and what the tables would save."""
    heads = ("language", "texts", "SMS", "with tables", "saved", "hamza apart", "saved", "lacking")
    table = Table(*heads, box=None)
    for tag, language in catalogue.languages.items():
        if not language.reply:
            continue
        texts = [_sent(catalogue, key, tag) for key in sorted(catalogue.keys(tag))]
        now = sum(count(text).segments for text in texts)
        carried = [count(text, tables=ALL) for text in texts]
        apart = [min(cost.segments, _apart(text)) for text, cost in zip(texts, carried, strict=True)]
        lacking = Counter(letter for cost in carried for letter in cost.forced_by)
        table.add_row(
            f"{tag} ({language.english})",
            str(len(texts)),
            str(now),
            *_saved(now, sum(cost.segments for cost in carried)),
            *_saved(now, sum(apart)),
            ", ".join(f"{_named(letter)} {number}" for letter, number in lacking.most_common(SHOWN)),
        )
    out.print(table)
    out.print("Each text in the form that is sent, placeholders as their names. Lacking: in how many texts.")


def _apart(text: str) -> int:
    return count(text.translate(APART), tables=ALL).segments


def _saved(now: int, then: int) -> tuple[str, str]:
    return str(then), f"{(now - then) / now:.0%}"


def _named(letter: str) -> str:
    return unicodedata.name(letter, letter).removeprefix("ARABIC ").removeprefix("LETTER ").lower()


def _sent(catalogue: Catalogue, key: str, tag: str) -> str:
    forms = [entry.text for form in ("long", "short") if (entry := catalogue.entry(key, tag, form))]
    texts = [_PLACEHOLDER.sub(r"\1", text).translate(LOOK_ALIKES) for text in forms]
    return next((text for text in texts if within_aim(text)), texts[-1])

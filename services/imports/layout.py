"""How an extract is laid out: a small TOML file says which of its columns is ours and what its words mean.

`services/imports/example_mapping.toml` shows all of it. Without a file the extract must use our names.
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

EMPTY = ("NULL", "\\N", "N/A")
"""What stands for nothing, beside nothing."""

_DAY = date(2026, 11, 25)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a mapping says of one kind of extract.

    `columns`: ours -> theirs. `dates`: how days are written (`strftime`), tried in order. `codes`: our
    column -> their word -> ours. `districts`: their spelling -> ours. `province`: in which all rows lie.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    dates: Sequence[str] = ()
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    districts: Mapping[str, str] = field(default_factory=dict)
    province: str | None = None
    empty: Sequence[str] = EMPTY

    def as_data(self) -> dict[str, Any]:
        """All of it as JSON takes it: two layouts are the same if this is."""
        return asdict(self)


def read_layout(file: Path | None, kind: str, kinds: Mapping[str, Collection[str]]) -> Layout:
    """The layout of one kind. `kinds`: the columns of each. ValueError says what to mend in the file."""
    if file is None:
        return Layout()
    try:
        told = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ValueError(f"{file}: {fault}") from None
    _known(told, {"dates", "districts", "province", "empty", *kinds}, str(file))
    for name in kinds:
        table = _table(told, name, str(file))
        _known(table, {"columns", "codes"}, f"{file}: [{name}]")
        for part in ("columns", "codes"):
            _known(_table(table, part, f"{file}: {name}"), kinds[name], f"{file}: [{name}.{part}]")
    mine = told.get(kind, {})
    dates = _words(told.get("dates", []), f"{file}: dates")
    for form in dates:
        _check_form(form, f"{file}: dates")
    province = told.get("province")
    return Layout(
        columns=_texts(mine.get("columns", {}), f"{file}: [{kind}.columns]"),
        dates=dates,
        codes={
            column: _texts(words, f"{file}: [{kind}.codes.{column}]")
            for column, words in mine.get("codes", {}).items()
        },
        districts=_texts(told.get("districts", {}), f"{file}: [districts]"),
        province=None if province is None else _words([province], f"{file}: province")[0],
        empty=(*EMPTY, *_words(told.get("empty", []), f"{file}: empty")),
    )


def bind(layout: Layout, names: Sequence[str], columns: Mapping[str, bool]) -> dict[str, str]:
    """Our column -> theirs, of those that are in the extract, whose columns are `names`.

    `columns`: ours -> whether it is needed. ValueError: one is not there.
    """
    found = {}
    for ours, needed in columns.items():
        theirs = layout.columns.get(ours, ours)
        if theirs in names:
            found[ours] = theirs
        elif ours in layout.columns:
            raise ValueError(f"the mapping takes {ours} from {theirs!r}, {_not_there(theirs, names)}")
        elif needed:
            raise ValueError(
                f'{ours} is needed: name its column in the mapping, as {ours} = "..."; '
                f"the extract has {', '.join(names)}"
            )
    return found


def _not_there(name: str, names: Sequence[str]) -> str:
    return f"which the extract does not have{_meant(name, names)}; it has {', '.join(names)}"


def _known(table: Mapping[str, Any], names: Collection[str], where: str) -> None:
    for name in table:
        if name not in names:
            told = ", ".join(sorted(names))
            raise ValueError(f"{where}: {name!r} is not known{_meant(name, names)}; there are {told}")


def _meant(name: str, names: Collection[str]) -> str:
    near = get_close_matches(name.casefold(), [*names, *map(str.casefold, names)], n=1)
    return next((f" (did you mean {one}?)" for one in names if one.casefold() in near), "")


def _table(table: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"{where}: {name} must be a table")
    return found


def _texts(table: Any, where: str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise ValueError(f"{where}: every value must be a text")
    return table


def _words(told: Any, where: str) -> list[str]:
    if not isinstance(told, list) or not all(isinstance(word, str) for word in told):
        raise ValueError(f"{where}: must be text")
    return told


def _check_form(form: str, where: str) -> None:
    try:
        right = datetime.strptime(_DAY.strftime(form), form).date() == _DAY
    except ValueError:
        right = False
    if not right:
        raise ValueError(f'{where}: {form!r} does not say a day; an example that does is "%d/%m/%Y"')

"""`haqdar import` and `haqdar imports`, as staff use them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import app
from services.imports.runs import Done
from services.settings import Settings
from services.store.engine import StoreUnavailable, open_store
from services.store.tables import household, import_run
from tests.services.deployment import rows
from tests.services.importing import read, sample_files, write

EXAMPLE = """
dates = ["%d.%m.%Y"]
[households.columns]
key = "HH"
district = "ZILA"
[households.codes.province]
[districts]
"Lahore Cantt No 9" = "lahore"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with a database in it."""
    monkeypatch.setenv("HAQDAR_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def haqdar(*arguments: str) -> tuple[int, str, str]:
    """Exit code, what was said, and what went wrong. A refusal is told by `main` and ends with 2."""
    told = CliRunner().invoke(app, arguments)
    refused = told.exception and not isinstance(told.exception, SystemExit)
    return (
        (2 if refused else told.exit_code),
        told.stdout,
        told.stderr + (str(told.exception) if refused else ""),
    )


def test_extracts_are_imported_with_a_summary(folder: Path) -> None:
    files = sample_files(folder, 30)
    for kind in ("households", "members", "enrolments", "points", "payments"):
        code, out, err = haqdar("import", kind, str(files[kind]), "--batch", "40")
        lines = len(read(files[kind])) - 1
        assert (code, err.splitlines()[-1]) == (0, f"{lines:,} rows")
        assert out == f"{kind}.csv: {lines:,} {kind}: {lines:,} new, 0 changed, 0 as they were, 0 not taken\n"
        assert not files[kind].with_name(f"{kind}.csv.rejects.csv").exists()
    code, out, _ = haqdar("import", "points", str(files["points"]))
    assert code == 0
    assert "rows were imported at" in out
    code, out, _ = haqdar("imports")
    assert code == 0
    newest = out.splitlines()[1].split()
    assert newest[:5] == ["payments.csv", "payments", "done", str(lines), str(lines)]


def test_what_is_not_taken_is_listed_and_the_exit_code_says_so(folder: Path) -> None:
    (folder / "m.toml").write_text(EXAMPLE, "utf-8")
    header = ("HH", "ZILA", "surveyed_on", "unasked")
    file = write(
        folder / "homes.csv", header, ("1", "Lahore cantt, no. 9", "2.1.2026", ""), ("2", "Lahroe", "", ""),
        ("1", "Kech", "", ""), ("4", "Kech", "31.02.2026", ""),
    )  # fmt: skip
    arguments = (
        "import",
        "households",
        str(file),
        "--mapping",
        "m.toml",
        "--rejects",
        "r.csv",
        "--name",
        "homes",
    )
    code, out, _ = haqdar(*arguments, "--dry-run")
    assert code == 1
    assert "Nothing was changed: this was a dry run." in out
    store = open_store(Settings().database)
    assert not rows(store, household)
    code, out, _ = haqdar(*arguments)
    assert code == 1
    assert out.splitlines() == [
        "homes: 4 households: 1 new, 0 changed, 1 as they were, 2 not taken",
        "1 rows are about the same as an earlier row: the last one counts",
        "Which rows were not taken, and why: r.csv. Mend the mapping, or what is missing here, and import "
        "the same file again; rows that are here already stay as they are.",
    ]
    told = read(folder / "r.csv")
    assert told[1:] == [
        ["2", "ZILA", "Lahroe", "is no district that is known here; did you mean lahore?"],
        ["4", "surveyed_on", "31.02.2026", "is no day that there is, written as 2026-11-25 or 25.11.2026"],
    ]
    assert [row.district for row in rows(store, household)] == ["kech"]
    assert [row.id for row in rows(store, import_run)] == ["homes"]
    store.close()


def test_refusals_end_with_two_and_say_what_to_mend(folder: Path) -> None:
    file = write(folder / "homes.csv", ("HH", "district"), ("1", "kech"))
    (folder / "m.toml").write_text("[households.columns]\nkye = 'HH'", "utf-8")
    for arguments, why in (
        (("import", "homes", str(file)), "no kind of extract is called 'homes': households, members"),
        (
            ("import", "households", str(file)),
            'key is needed: name its column in the mapping, as key = "..."',
        ),
        (
            ("import", "households", str(file), "--mapping", "m.toml"),
            "'kye' is not known (did you mean key?)",
        ),
        (("import", "households", str(file), "--mapping", "no.toml"), "No such file"),
        (("import", "households", "none.csv"), "does not exist"),
        (("import", "households", str(file), "--batch", "0"), "--batch"),
    ):
        code, _, err = haqdar(*arguments)
        assert code == 2
        assert why in err, err
    store = open_store(Settings().database)
    assert not rows(store, import_run)
    store.close()


def test_a_wrong_key_is_refused_before_anything_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sample_files(folder, 3)
    assert haqdar("import", "households", str(files["households"]))[0] == 0
    monkeypatch.setenv("HAQDAR_SECRET_KEY", "another secret than that which the database has")
    code, out, err = haqdar("import", "members", str(files["members"]))
    assert (code, out) == (2, "")
    assert "the secret key is not the one that this database was made with" in err
    store = open_store(Settings().database)
    assert [row.kind for row in rows(store, import_run)] == ["households"]
    store.close()


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (
            StoreUnavailable("SQLITE_FULL"),
            "the database takes no rows any more (SQLITE_FULL); 40 rows are done",
        ),
        (
            KeyboardInterrupt(),
            "stopped; 40 rows are done and none by half: the same command goes on behind them",
        ),
    ],
)
def test_what_stops_an_import_is_told_with_how_far_it_came(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, why: str
) -> None:
    def run(*arguments: object, progress: object, **options: object) -> Done:
        assert callable(progress)
        progress(Done(40))
        raise fault

    monkeypatch.setattr("services.imports.commands.run", run)
    code, _, err = haqdar("import", "households", str(sample_files(folder, 3)["households"]))
    assert code == 2
    assert why in err


def test_the_day_is_todays(folder: Path) -> None:
    today = datetime.now(UTC).date()
    file = write(
        folder / "homes.csv",
        ("key", "district", "surveyed_on"),
        ("1", "kech", today),
        ("2", "kech", "2999-01-01"),
    )
    code, out, _ = haqdar("import", "households", str(file))
    assert code == 1
    assert "1 new, 0 changed, 0 as they were, 1 not taken" in out

"""`haqdar updates`, as the staff use it: from a conversation to the registry's verdict and back."""

import csv
import os
import stat
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services import cli
from services.updates import commands

RUNNER = CliRunner()
SANA = ("--as", "sana")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, and no settings of the machine's."""
    for name in list(os.environ):
        if name.startswith("HAQDAR_") and name != "HAQDAR_TEST_FOLDER":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HAQDAR_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str, input: str = "") -> Result:
    return RUNNER.invoke(cli.app, list(args), input=input)


def ask(*said: str, sender: str = "terminal") -> None:
    assert run("chat", "--json", "--from", sender, input="\n".join(said) + "\n").exit_code == 0


def requests(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(file).read_text("utf-8-sig").splitlines()))


def test_from_a_conversation_to_the_verdict(folder: Path) -> None:
    ask("my number changed, it is 0399 7654321", "9000000000012", "yes")
    listed = run("updates", "list")
    assert "phone" in listed.output
    assert "new" in listed.output
    assert "9000000000012" not in listed.output

    done = run(
        "updates", "export", "requests.csv", *SANA, "--mark", "--since", "2020-01-01", "--kind", "phone"
    )
    assert done.exit_code == 0, done.output
    assert "1 requests" in done.output
    assert "CNICs in plain" in done.output
    assert "1 of them count as exported" in done.output
    assert stat.S_IMODE(os.stat("requests.csv").st_mode) == 0o600
    (told,) = requests("requests.csv")
    assert (told["cnic"], told["new_phone"]) == ("90000-0000001-2", "0399-7654321")

    reference = told["reference"]
    Path("verdicts.csv").write_text(
        f"reference,status,reason,note\n{reference},refused,papers,no SIM shown\n", "utf-8"
    )
    settled = run("updates", "settle", "verdicts.csv")
    assert settled.exit_code == 0, settled.output
    assert "0 done, 1 refused, 0 wait for papers, 0 known already" in settled.output
    assert "a message goes out to 0; 1 can be told only when they ask" in settled.output, "no terminal here"
    shown = run("updates", "show", reference)
    for expected in (
        "refused since",
        "0399-7654321",
        "own_cnic (press, S42)",
        "new_sim (press, S42)",
        "papers",
        "no SIM shown",
        "0012",
    ):
        assert expected in shown.output
    assert "9000000000012" not in shown.output
    files = run("audit", "files").output.rstrip().split("\t")
    assert files[1:] == ["sana", "updates.export", "1 rows as csv"]
    assert " rows, 0 faults" in run("audit", "verify").output
    assert reference in run("updates", "list", "--status", "refused").output
    assert reference not in run("updates", "list", "--kind", "birth", "--status", "new").output


def test_export_without_mark_leaves_them_new() -> None:
    ask("a child was born", "Ayesha", "skip", "skip", "skip", "yes")
    assert "count as exported" not in run("updates", "export", "a.jsonl", *SANA).output
    (first,) = Path("a.jsonl").read_text("utf-8").splitlines()
    assert '"cnic": null' in first
    assert "1 requests" in run("updates", "export", "b.jsonl", *SANA).output
    shown = run("updates", "show", first.split('"')[3]).output
    assert "not told" in shown
    assert "not known" in shown


def test_what_cannot_be_done_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for args, expected in (
        (["show", "4829-1736"], "no request has the reference"),
        (["list", "--kind", "tail"], "no kind of change is called"),
        (["export", "x.csv", "--kind", "tail", *SANA], "no kind of change is called"),
        (["export", "x.pdf", *SANA], "neither .csv nor .jsonl"),
        (["export", "x.csv", "--as", " "], "needs your name"),
    ):
        monkeypatch.setattr(sys, "argv", ["haqdar", "updates", *args])
        with pytest.raises(SystemExit):
            cli.main()
        assert expected in capsys.readouterr().err
    assert not Path("x.csv").exists()


def test_wrong_lines_are_told_and_make_the_command_fail() -> None:
    Path("v.csv").write_text("reference,status\n9000000000012,done\n", "utf-8")
    failed = run("updates", "settle", "v.csv")
    assert failed.exit_code == 1
    assert "line 2: no request has this reference" in failed.output
    assert "1 lines could not be taken" in failed.output
    assert "9000000000012" not in failed.output


def test_a_long_list_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "MOST_LINES", 1)
    for sender in ("a", "b"):
        ask("my number changed, it is 0399 7654321", "skip", "yes", sender=sender)
    listed = run("updates", "list")
    assert listed.output.count("phone") == 2, "the heading and one request"
    assert "the newest 1" in listed.output

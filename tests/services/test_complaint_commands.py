"""`haqdar complaints`, as the staff use it: plain tables, clear refusals, no CNIC where it need not be."""

import csv
import io
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli import app
from services.complaints import commands
from services.store.conversations import Overtaken

RUNNER = CliRunner()
CNIC = "9000000000012"
PHONE = "+923990000001"
LOCAL = ("--as", "sana", "--role", "local", "--district", "kech")
DISTRICT = ("--as", "nadia", "--role", "district", "--district", "kech")
HEAD = ("--as", "head", "--role", "headquarters")


@pytest.fixture(autouse=True)
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, with SMS turned on."""
    monkeypatch.setenv("HAQDAR_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("HAQDAR_TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("HAQDAR_TWILIO_AUTH_TOKEN", "x")
    monkeypatch.setenv("HAQDAR_TWILIO_SMS_SENDER", "+923990008171")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def chat(*lines: str, sender: str = PHONE, channel: str = "sms") -> str:
    typed = "\n".join(lines) + "\n"
    return RUNNER.invoke(app, ["chat", "--from", sender, "--channel", channel], input=typed).output


def number(output: str) -> str:
    return re.findall(r"(?<!\d)\d{4}-\d{4}(?!\d)", output)[-1]


def deduction(sender: str = PHONE, channel: str = "sms") -> str:
    said = ("the agent cut 500 rupees", f"=shop of Aslam in Turbat bazar, {CNIC} is hers", "yes")
    return number(chat(*said, sender=sender, channel=channel))


def bribe() -> str:
    return number(chat("the office staff asked for a bribe", "the clerk in Turbat bazar"))


def run(command: str, *args: str) -> Result:
    return RUNNER.invoke(app, ["complaints", command, *args])


def told(command: str, *args: str) -> str:
    done = run(command, *args)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def refused(command: str, *args: str) -> str:
    done = run(command, *args)
    assert isinstance(done.exception, ValueError), done.output
    return str(done.exception)


def test_from_list_to_answer() -> None:
    complaint = deduction()
    assert complaint in told("list", *LOCAL)
    assert "assigned" in told("assign", complaint, "ali", *LOCAL)
    assert "in_progress" in told("progress", complaint, *LOCAL)
    closing = told("close", complaint, "The shop gives back Rs 500.", *LOCAL)
    assert "for_approval" in closing
    assert "goes out" in closing
    shown = told("show", complaint, *LOCAL)
    for words in (
        "sana: assign",
        "to ali",
        "sana: close",
        "The shop gives back",
        "to the citizen: queued",
        "amount: 500",
    ):
        assert words in shown
    assert "closed" in chat("1")
    assert told("list", *LOCAL).strip() == "no complaints"
    assert complaint in told("list", "--status", "closed", *LOCAL)
    reopened = told("reopen", complaint, "another case of that shop", *DISTRICT)
    assert "in_progress" in reopened
    assert "goes out" in reopened
    assert "kept" not in told("note", complaint, "looked at the till", *LOCAL)
    assert "goes out" in told("note", complaint, "Please bring the receipt.", "--tell", *LOCAL)
    assert told("overdue", *LOCAL).strip() == "no complaints"


def test_what_cannot_be_sent_is_shown_with_why() -> None:
    complaint = deduction(sender=f"whatsapp:{PHONE}", channel="whatsapp")
    assert "channel of this conversation is off" in told("close", complaint, "Paid.", *LOCAL)
    assert "not sent" in told("show", complaint, *LOCAL)


def test_sensitive_ones_are_not_there_for_local_staff() -> None:
    plain, hidden = deduction(), bribe()
    listed = told("list", *LOCAL)
    assert hidden not in listed
    assert "1 complaints" in listed
    unseen, unknown = refused("show", hidden, *LOCAL), refused("show", "1111-1111", *LOCAL)
    assert unseen.replace(hidden, "") == unknown.replace("1111-1111", "")
    assert "2 complaints" in told("list", *DISTRICT)
    assert plain in told("list", "--category", "short_payment", *HEAD)
    assert "nadia: read" in told("show", hidden, *DISTRICT)
    assert hidden not in told("export", *LOCAL)
    assert hidden in told("export", *DISTRICT)
    assert told("show", hidden, *HEAD).count(": read") == 3
    told("note", hidden, "it was she", "--about", "nadia", *HEAD)
    assert "that you may see" in refused("show", hidden, *DISTRICT)


def test_whole_cnics_are_for_headquarters() -> None:
    complaint = deduction()
    for command in (("show", complaint), ("export",)):
        assert CNIC not in told(*command, *HEAD)
        assert CNIC in told(*command, "--with-cnic", *HEAD)
        assert "headquarters only" in refused(*command, "--with-cnic", *DISTRICT)
    assert "cnic: ...0012" in told("show", complaint, *LOCAL)


def test_the_export_is_csv_that_no_spreadsheet_runs(deployment: Path) -> None:
    complaint = deduction()
    file = deployment / "out.csv"
    assert "1 complaints" in told("export", "--output", str(file), *HEAD)
    (row,) = csv.DictReader(io.StringIO(file.read_text("utf-8")))
    assert row["reference"] == complaint
    assert row["where"].startswith("'=shop of Aslam")
    assert (row["amount"], row["receipt"], row["district"], row["level"]) == ("500", "yes", "kech", "tehsil")
    assert "cnic" not in row
    told("export", "--output", str(file), "--with-cnic", *HEAD)
    taken = [line.split("\t")[1:] for line in RUNNER.invoke(app, ["audit", "files"]).output.splitlines()]
    who = HEAD[1]
    assert taken == [
        [who, "complaints.export", "1 rows as csv with CNICs"],
        [who, "complaints.export", "1 rows as csv"],
    ]


def test_what_was_said_in_other_ways_is_shown() -> None:
    first = (
        "the agent cut money from us",
        "it was a lot of money",
        "at the shop in Turbat bazar",
        "3",
        "skip",
    )
    complaint = number(chat(*first))
    assert complaint in chat(
        "the agent cut money", "dont know", "by the bridge in Turbat bazar", "no", "skip"
    )
    shown = told("show", complaint, *LOCAL)
    assert "also: it was a lot of money" in shown
    assert "citizen: add" in shown
    assert "by the bridge" in shown


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (("list", "--status", "lost", *LOCAL), "no status is called 'lost'"),
        (("list", "--as", "x", "--role", "boss"), "no role is called 'boss'"),
        (("list", "--as", "x", "--role", "local"), "needs --district"),
        (("list", "--as", "clock", *HEAD[2:]), "cannot be somebody's name"),
        (("assign", "4829-1736", "ali", "--in", "atlantis", *HEAD), "no district has the code 'atlantis'"),
    ],
)
def test_what_was_mistyped_is_told(args: tuple[str, ...], fault: str) -> None:
    assert fault in refused(*args)


def test_what_may_not_be_done_now_is_told() -> None:
    complaint = deduction()
    assert "does not stand so" in refused("reopen", complaint, "x", *HEAD)
    told("close", complaint, "Paid.", *LOCAL)
    assert "does not stand so" in refused("close", complaint, "Paid.", *LOCAL)
    chat("no")
    assert complaint in told("overdue", *LOCAL), "it went up an office"
    assert "went up an office" in refused("close", complaint, "Paid.", *LOCAL)
    assert "no CNIC and no link" in refused("close", complaint, CNIC, *HEAD)


def test_a_complaint_that_others_keep_changing(monkeypatch: pytest.MonkeyPatch) -> None:
    complaint = deduction()

    def overtaken(*args: object, **rest: object) -> None:
        raise Overtaken

    monkeypatch.setattr(commands.acts, "act", overtaken)
    assert "try again" in refused("progress", complaint, *LOCAL)


def test_a_deployment_s_own_file_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAQDAR_COMPLAINT_CATEGORIES", "none.toml")
    assert "none.toml: No such file" in RUNNER.invoke(app, ["check"]).output

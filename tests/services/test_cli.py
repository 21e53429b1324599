"""The `haqdar` command, as people and programs use it."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from services import cli, terminal
from services.cli import app, main
from services.settings import Settings

RUNNER = CliRunner()


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
    return RUNNER.invoke(app, list(args), input=input)


def lines(*args: str, input: str) -> list[Any]:
    done = run(*args, input=input)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]


def ready() -> tuple[str, str]:
    """CNIC and phone of a sample household whose money is ready."""
    from services.registry.demo import samples

    first = samples(40)[0]
    return first.cnic, first.phone


def test_chat_as_json() -> None:
    run("demo-data", "--households", "40")
    cnic, phone = ready()
    asked = f"mera paisa kab aye ga\n{cnic}\n\n"
    first, second, empty = lines("chat", "--json", "--from", phone, input=asked)
    keys = ["text", "language", "script", "intent", "confidence", "slots", "replies", "ms"]
    assert list(first) == list(second) == list(empty) == keys
    assert (first["text"], first["language"], first["script"]) == ("mera paisa kab aye ga", "ur-Latn", "Latn")
    assert first["intent"] == "payment_status"
    assert first["confidence"] > 0.9
    assert second["slots"]["cnic"] == cnic
    (reply,) = second["replies"]
    assert list(reply) == ["text", "alphabet", "segments", "choices"]
    assert "13,500" in reply["text"]
    assert (reply["alphabet"], reply["segments"]) == ("gsm7", 2)
    assert second["ms"] >= 0


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "telegram", "web"])
def test_chat_in_the_limits_of_each_channel(channel: str) -> None:
    (answer,) = lines("chat", "--json", "--channel", channel, "--from", "somebody", input="hello\n")
    (reply,) = answer["replies"]
    assert ("\n1 " in reply["text"]) == (channel in ("sms", "whatsapp"))
    assert next(choice["id"] for choice in reply["choices"]) == "payment_status"


def test_conversations_are_kept_between_runs() -> None:
    lines("chat", "--json", "--from", "a", input="when will my money come\n")
    (again,) = lines("chat", "--json", "--from", "a", input="12\n")
    assert again["language"] == "en"


def test_chat_of_a_person() -> None:
    done = run("chat", "--from", "a", input="hello\n\nmenu\n")
    assert done.exit_code == 0
    assert "SMS)" in done.output
    shown = run("chat", "--from", "a", "--channel", "web", input="hello\n")
    assert "[1 " in shown.output


def test_chat_at_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Keyboard:
        def __init__(self) -> None:
            self.typed = ["salam\n", "\n", ""]

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return self.typed.pop(0)

    monkeypatch.setattr(sys, "stdin", Keyboard())
    monkeypatch.setattr(sys, "argv", ["haqdar", "chat"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "Ctrl-D" in capsys.readouterr().out


def test_chat_on_a_channel_that_there_is_not() -> None:
    done = run("chat", "--channel", "fax")
    assert done.exit_code == 2
    assert "sms, whatsapp, telegram, web, ussd" in done.output


def test_understand() -> None:
    first, second, third = lines("understand", input="mera paisa kab aye ga\nسلام\nwvxq plugh\n")
    assert (first["intent"], first["language"], first["script"]) == ("payment_status", "ur-Latn", "Latn")
    assert (second["language"], second["script"]) == ("ur", "Arab")
    assert third["intent"] is None


def test_understand_numbers_only() -> None:
    (digits,) = lines("understand", input="9000000000012\n")
    assert (digits["intent"], digits["language"], digits["script"]) == ("payment_status", None, None)
    assert digits["slots"] == {"cnic": "9000000000012"}


def test_segments() -> None:
    assert lines("segments", "it’s 5 €", input="") == [
        {"alphabet": "ucs2", "units": 8, "segments": 1, "forced_by": ["’"]}
    ]
    text = "ا" * 70 + "۔"
    (plain,), (carried,) = (
        lines("segments", text, input=""),
        lines("segments", text, "--table", "urdu", input=""),
    )
    assert (plain["alphabet"], plain["segments"]) == ("ucs2", 2)
    assert (carried["alphabet"], carried["units"], carried["segments"]) == ("urdu", 72, 1)
    assert run("segments", text, "--table", "hindi").exit_code == 2


def test_segments_of_our_own_texts() -> None:
    told = run("segments", "--profile")
    assert told.exit_code == 0
    assert "ur (Urdu)" in told.output


def test_demo_data_needs_to_be_told_to_replace(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    first = run("demo-data", "--households", "40")
    assert first.exit_code == 0
    assert "payment ready" in first.output
    monkeypatch.setattr(sys, "argv", ["haqdar", "demo-data", "--households", "40"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "--replace" in capsys.readouterr().err
    assert run("demo-data", "--households", "41", "--replace").exit_code == 0
    assert "payment ready" in run("demo-data", "--samples").output


def test_locales() -> None:
    shown = run("locales").output
    assert "ur-Latn (Roman Urdu)" in shown
    assert re.search(r"en \(English\)\s+(\d+)/\1", shown)


def test_check_names_what_is_off_and_what_is_well() -> None:
    done = run("check", "--show")
    assert done.exit_code == 0
    assert "off sms" in done.output
    assert "twilio_auth_token" in done.output
    assert "ok" in done.output


def test_check_masks_secrets(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    token, key = "token-that-nobody-may-see", "k" * 40
    (folder / "haqdar.toml").write_text(
        f'telegram_token = "1:{token}"\ntelegram_secret = "{token}"\n', "utf-8"
    )
    monkeypatch.setenv("HAQDAR_SECRET_KEY", key)
    monkeypatch.setenv("HAQDAR_TWILIO_AUTH_TOKEN", token)
    monkeypatch.setenv("HAQDAR_TWILIO_ACCOUNT_SID", "AC0")
    monkeypatch.setenv("HAQDAR_TWILIO_SMS_SENDER", "+923990008171")
    monkeypatch.setenv("HAQDAR_TWILIO_WHATSAPP_SENDER", "whatsapp:+923990008171")
    done = run("check", "--show")
    assert token not in done.output
    assert key not in done.output
    assert "***" in done.output
    assert "on  telegram" in done.output
    assert "on  whatsapp" in done.output
    assert "public_url is not https" in done.output
    assert done.exit_code == 1


def test_check_masks_the_password_of_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAQDAR_DATABASE_URL", "postgresql://haqdar:hidden@127.0.0.1:1/none")
    done = run("check", "--show")
    assert "hidden" not in done.output
    assert "database does not answer" in done.output
    assert done.exit_code == 1


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("HAQDAR_SECRET_KEY", "short", "32"), ("HAQDAR_PORT", "0", "port"), ("HAQDAR_POOL", "many", "pool")],
)
def test_a_wrong_setting_is_told_in_words(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["haqdar", "migrate"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert told in shown
    assert "Traceback" not in shown


def test_an_unknown_setting_in_the_file_is_refused(
    folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "haqdar.toml").write_text('telegram_tokn = "1:a"\n', "utf-8")
    monkeypatch.setattr(sys, "argv", ["haqdar", "check"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "telegram_tokn" in capsys.readouterr().err


def test_the_public_address_is_this_machine_until_it_is_set() -> None:
    assert Settings(port=8123).public_url == "http://127.0.0.1:8123"
    assert Settings(port=8123, public_url="https://haqdar.example").public_url == "https://haqdar.example"


def test_the_wrong_key_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("migrate").exit_code == 0
    monkeypatch.setenv("HAQDAR_SECRET_KEY", "another key that has more than thirty-two characters")
    done = run("check")
    assert done.exit_code == 1
    assert "secret_key" in done.output


@pytest.mark.parametrize("text", [None, "near_digits = 3"])
def test_limits_that_cannot_be_read_are_noticed(
    text: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text:
        (folder / "mine.toml").write_text(text, "utf-8")
    monkeypatch.setenv("HAQDAR_GUARD_LIMITS", "mine.toml")
    done = run("check")
    assert done.exit_code == 1
    assert "guard_limits" in done.output


def test_migrate() -> None:
    shown = run("migrate").output
    assert re.search(r"schema (\S+) \(this version: \1\)", shown)


def test_serve_is_handed_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(cli.uvicorn, "run", lambda target, **options: asked.update(options, target=target))
    monkeypatch.setenv("HAQDAR_PORT", "8123")
    monkeypatch.setenv("HAQDAR_TRUSTED_PROXIES", "10.0.0.7")
    assert run("serve").exit_code == 0
    assert asked["forwarded_allow_ips"] == "10.0.0.7"
    assert (asked["target"], asked["port"], asked["access_log"]) == (
        "services.app:from_environment",
        8123,
        False,
    )


def test_a_first_look(folder: Path) -> None:
    """`serve --demo` in a process of its own: the printed curl line works as it stands."""
    with open(folder / "out", "w+") as out:
        port = "18473"
        environment = {**os.environ, "HAQDAR_PORT": port, "HAQDAR_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        served = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "serve", "--demo"],
            stdout=out, stderr=out, env=environment, cwd=folder,
        )  # fmt: skip
        try:
            shown = _shown_once_up(folder / "out", f"http://127.0.0.1:{port}/health", served)
            curl = re.search(r"curl -H '([^:]+): ([^']+)' -d '([^']+)' (\S+)", shown)
            assert curl
            headers = {curl[1]: curl[2], "content-type": "application/x-www-form-urlencoded"}
            answer = httpx.post(curl[4], content=curl[3], headers=headers)
            assert "13,500" in answer.text
            assert "قسط" in shown
            assert "paisa" in shown
        finally:
            served.terminate()
            assert served.wait(10) in (0, -15)


def _shown_once_up(file: Path, health: str, process: subprocess.Popen[bytes]) -> str:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        assert process.poll() is None, file.read_text("utf-8")
        try:
            if httpx.get(health).status_code == 200:
                return file.read_text("utf-8")
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(file.read_text("utf-8"))


def test_every_channel_can_be_played() -> None:
    assert set(terminal.PLAYED) == {"sms", "whatsapp", "telegram", "web", "ussd"}
    assert threading.active_count() >= 1


def test_evaluate_prints_how_well_a_file_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "said.tsv"
    file.write_text(
        "en\thello\tgreeting\ten\thello\n".replace("\ten\thello", "\n") + "en\thello\tstop\n", "utf-8"
    )
    done = run("evaluate", str(file), "--missed")
    assert done.exit_code == 0
    assert "stop taken for greeting" in done.output
    assert "hello\tstop" in done.output
    file.write_text("hello", "utf-8")
    assert isinstance(run("evaluate", str(file)).exception, ValueError)


def test_unanswered_groups_what_was_not_understood() -> None:
    assert "nothing was left unanswered" in run("unanswered").output
    run("chat", "--json", input="wvxq plugh\nwvxq plugh zzyx\n")
    done = run("unanswered", "--days", "30")
    assert "    2  perhaps nothing known" in done.output
    assert "wvxq plugh" in done.output


def test_train_stops_at_faulty_phrases_and_without_its_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("services.learning.lint.lint", lambda folder: ["'x' stands twice"])
    refused = run("train")
    assert "'x' stands twice" in str(refused.exception)
    monkeypatch.setitem(sys.modules, "services.learning.train", None)
    monkeypatch.setattr(sys, "argv", ["haqdar", "train"])
    with pytest.raises(SystemExit):
        main()
    assert "haqdar[train]" in capsys.readouterr().err, "brackets are no markup"

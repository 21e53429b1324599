"""Rules of the house that no other tool holds: the bot is pure, files are small, steps can be found again."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.topics import OPENINGS, TOPICS, step_named
from services.answers import ANSWERS

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "channels", "services", "tests", "benchmarks")
FILES = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
IMPURE = {
    "asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random",
    "secrets", "shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib", "uuid",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "now", "utcnow", "today"}
LONGEST = 400


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


PURE = sorted(
    file for room in ("bot", "services/eligibility", "services/dci") for file in (ROOT / room).rglob("*.py")
) + [
    ROOT / "channels" / "smpp" / f"{name}.py"
    for name in ("addresses", "codes", "parts", "pdu", "receipts", "texts")
]


@pytest.mark.parametrize("file", PURE, ids=lambda f: str(f.relative_to(ROOT)))
def test_the_bot_and_the_rules_are_pure(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    assert not IMPURE & set(_imports(tree))
    # Topics name their first step `open`; calling it there is not opening a file.
    assert not (IMPURE_CALLS - {"open"}) & set(_calls(tree))
    if "topics" not in file.parts and file.name != "dialogue.py":
        assert "open" not in set(_calls(tree))


def test_the_purity_test_can_fail() -> None:
    tree = ast.parse("import os\nfrom time import sleep\nx = datetime.now()\nopen('y')")
    assert IMPURE & set(_imports(tree)) == {"os", "time"}
    assert IMPURE_CALLS & set(_calls(tree)) == {"now", "open"}


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_files_are_small_and_say_what_they_are(file: Path) -> None:
    text = file.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)), "a module opens with one sentence on what it is"


@pytest.mark.parametrize("name", sorted(OPENINGS))
def test_openings_are_steps_that_a_session_can_name(name: str) -> None:
    step = OPENINGS[name]
    topic = step.__module__.rpartition(".")[2]
    assert step_named(topic, step.__name__) is step


def test_a_session_cannot_name_anything_else() -> None:
    assert step_named("status", "look_up") is None, "an imported function is no step of the topic"
    assert step_named("status", "__name__") is None
    assert step_named("os", "system") is None
    assert step_named(None, None) is None


def test_every_call_of_a_topic_has_an_answer() -> None:
    asked = set()
    for module in TOPICS.values():
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "look_up":
                name = node.args[1]
                assert isinstance(name, ast.Constant)
                asked.add(name.value)
    assert asked == set(ANSWERS)


def test_code_holds_no_sentence_for_people() -> None:
    """Urdu text belongs to `locales/`, an amount or a cut-off to `services/programmes/`."""
    for room in ("bot", "channels", "services"):
        for file in (ROOT / room).rglob("*.py"):
            text = file.read_text("utf-8")
            assert not any("\u0600" <= character <= "\u06ff" for character in text), file
            assert not any(amount in text for amount in ("13500", "13_500", "10500", "14500")), file

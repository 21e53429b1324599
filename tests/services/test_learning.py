"""Training: the weights in the repository are the ones that the phrases build, and what noise does."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bot.understand.linear import Linear
from services import weights
from services.learning import examples, noise
from services.learning.commands import train as train_command
from services.learning.fit import MEANING, NOTHING, Example, fit, read
from services.learning.lint import lint
from services.learning.train import language, meaning, train
from services.locales import FOLDER

CORPORA = os.environ.get("HAQDAR_CORPORA")


def _same(built: Linear, shipped: Linear) -> None:
    assert built.labels == shipped.labels
    # Another processor may round otherwise: one step of a weight, hardly ever.
    off = np.abs(built.weights.astype(int) - shipped.weights.astype(int))
    assert off.max() <= 1
    assert (off > 0).mean() < 0.001
    assert np.allclose(built.scale, shipped.scale, rtol=1e-3)
    assert np.allclose(built.bias, shipped.bias, atol=1e-2)


def test_the_phrases_build_the_weights_that_are_here() -> None:
    _same(meaning(), weights.load(weights.MEANING))


@pytest.mark.skipif(not CORPORA, reason="HAQDAR_CORPORA names no folder: the corpora are not ours to ship")
def test_the_corpora_build_the_weights_that_are_here() -> None:
    _same(language(Path(str(CORPORA))), weights.load(weights.LANGUAGE))


def _toy() -> list[Example]:
    said = {
        "greeting": ("salam", "hello ji", "adaab sahib"),
        "thanks": ("shukriya", "bohat shukriya", "thanks ji"),
    }
    return [Example(i, text, n) for i, texts in said.items() for n, text in enumerate(texts)] + [
        Example(NOTHING, "wvxq zzyx", 0), Example(NOTHING, "plugh", 1)
    ]  # fmt: skip


def test_a_small_model_is_written_and_read_again(tmp_path: Path) -> None:
    toy = _toy()
    model = fit(toy, MEANING, copies=1, calibrated_on=toy)
    assert model.labels == ("greeting", "thanks")
    grams, words = read("shukria ji", MEANING)
    assert model.judge(grams, words).argmax() == 1
    weights.save(model, tmp_path / "one.npz")
    weights.save(model, tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    again = weights.load("one.npz", tmp_path)
    assert again.labels == model.labels
    assert np.array_equal(again.weights, model.weights)
    assert again.weights.flags["C_CONTIGUOUS"], "rows that do not lie together are slow to gather"


def test_without_corpora_the_languages_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = _toy()
    model = fit(toy, MEANING, copies=0, calibrated_on=toy)
    monkeypatch.setattr("services.learning.train.meaning", lambda: model)
    monkeypatch.setattr("services.learning.train.language", lambda corpora: model)
    told: list[str] = []
    train(tmp_path, None, told.append)
    assert [file.name for file in tmp_path.iterdir()] == ["meaning.npz"]
    assert "--corpora" in told[-1]
    train_command(corpora=tmp_path, into=tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"meaning.npz", "language.npz"}


def test_corpora_are_learnt_from_and_a_part_is_kept_for_measuring(tmp_path: Path) -> None:
    def put(name: str, lines: int) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("".join(f"{name} {n}\n" for n in range(lines)) + "\n", "utf-8")

    put("train/sd_Latn.txt", 400)
    put("train/pnb.txt", 40)
    put("test-only/pnb-nolicence.txt", 7)
    found = {tag: (learnt, measured) for tag, learnt, measured in examples.corpus_lines(tmp_path)}
    learnt, measured = found["sd-Latn"]
    assert (len(learnt), len(measured)) == (360, 40)
    assert not set(learnt) & set(measured)
    assert [len(part) for part in found["pa-Arab"]] == [0, 7], "what has no licence is never learnt from"
    seen = examples.of_language(FOLDER, tmp_path)
    assert {example.text for example in seen} >= set(learnt)
    assert not {example.text for example in seen} & set(measured)
    assert {"sd", "ps-Latn", "brh", NOTHING} <= {example.label for example in seen}


def test_the_phrases_have_no_fault() -> None:
    assert lint(FOLDER) == []


def test_the_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "language.toml").write_text((FOLDER / "en" / "language.toml").read_text("utf-8"), "utf-8")
    (folder / "words.toml").write_text('[words]\nyes = ["ok"]\nnonsense = ["x"]', "utf-8")
    (folder / "phrases.toml").write_text('[intents]\nno = ["OK!", "no", "no.", "..."]', "utf-8")
    faults = "\n".join(lint(tmp_path))
    for fault in (
        "no intent 'nonsense'",
        "'no.' stands twice",
        "'...' has no words",
        "'ok' is said to mean no and yes",
    ):
        assert fault in faults


@pytest.mark.parametrize("spoil", [noise.misspelt, noise.keyboards, lambda t, c: noise.window(t, 2, 3, c)])
def test_noise_is_the_same_each_time_and_leaves_words(spoil: Callable[[str, Random], str]) -> None:
    text = "meri qist abhi tak kyun nahi aayi \u067e\u06cc\u0633\u06d2 \u0762"
    once, again = ([spoil(text, Random(seed)) for seed in range(40)] for _ in range(2))
    assert once == again
    assert len(set(once)) >= 3
    assert all(version.strip() for version in once)


def test_gibberish_is_many_things() -> None:
    made = {noise.gibberish(Random(seed)) for seed in range(50)}
    assert len(made) == 50
    assert any(not text.isascii() for text in made)

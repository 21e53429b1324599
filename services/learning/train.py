"""`haqdar train`: from phrases, sentences and corpora to the two files of weights."""

from collections.abc import Callable
from importlib.resources.abc import Traversable
from pathlib import Path

from bot.understand.linear import Linear
from services import weights
from services.learning import examples
from services.learning.fit import LANGUAGE, MEANING, fit
from services.locales import FOLDER

NOISY_COPIES = 1
SPARSE = 6
"""One example of so many calibrates the languages: they are many, and two numbers are soon known."""


def meaning(folder: Traversable = FOLDER) -> Linear:
    """The model that tells what a text wants."""
    known = examples.of_meaning(folder)
    return fit(known, MEANING, copies=NOISY_COPIES, calibrated_on=known)


def language(corpora: Path | None, folder: Traversable = FOLDER) -> Linear:
    """The model that tells which language a text is in."""
    known = examples.of_language(folder, corpora)
    return fit(known, LANGUAGE, copies=0, calibrated_on=known[::SPARSE])


def train(place: Path, corpora: Path | None, tell: Callable[[str], None]) -> None:
    """Build both and write them to `place`. Without `corpora` the languages' weights stay as they are."""
    place.mkdir(parents=True, exist_ok=True)
    tell("meaning: learning from the phrases")
    weights.save(meaning(), place / weights.MEANING)
    if corpora is None:
        tell("language: kept as it is; give --corpora to learn it anew")
        return
    tell("language: learning from phrases, sentences and corpora")
    weights.save(language(corpora), place / weights.LANGUAGE)

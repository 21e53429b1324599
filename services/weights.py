"""The weights of understanding, as they lie in the package: loaded at start, written by training."""

import io
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np

from bot.understand.linear import Linear
from services.locales import FOLDER

PLACE: Traversable = FOLDER / "weights"
MEANING, LANGUAGE = "meaning.npz", "language.npz"


def load(name: str, place: Traversable = PLACE) -> Linear:
    """One model by its file's name."""
    with np.load(io.BytesIO((place / name).read_bytes()), allow_pickle=False) as held:
        labels = tuple(str(label) for label in held["labels"])
        return Linear(labels, held["weights"], held["scale"], held["bias"], held["worth"])


def save(model: Linear, file: Path) -> None:
    """Write a model, the same one as the same bytes. A reader meets the old file or the new, never half."""
    draft = file.with_name(f".{file.name}")
    np.savez(  # not compressed: it would save a megabyte or two of disk and cost each start a tenth
        draft,
        labels=np.array(model.labels),
        weights=model.weights,
        scale=model.scale,
        bias=model.bias,
        worth=model.worth,
    )
    draft.replace(file)

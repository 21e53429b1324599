"""What people type for each programme, read without the rest: understanding starts without rules."""

import importlib.resources
import json
from importlib.resources.abc import Traversable

FOLDER: Traversable = importlib.resources.files("services.programmes")
NO_PROGRAMMES = frozenset({"sources.yaml", "service.yaml", "facts.yaml"})
"""Files of the folder that are not a programme's."""

_HEAD = "\nalso: ["


def programme_files(folder: Traversable = FOLDER) -> list[Traversable]:
    """The file of every programme, in order of their names."""
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return sorted((f for f in found if f.name not in NO_PROGRAMMES), key=lambda entry: entry.name)


def typed_names(folder: Traversable = FOLDER) -> dict[str, list[str]]:
    """Programme -> every name that people type for it."""
    return {
        file.name.removesuffix(".yaml"): _also(file.read_text("utf-8")) for file in programme_files(folder)
    }


def _also(text: str) -> list[str]:
    start = text.find(_HEAD)
    listed = text[start + len(_HEAD) : text.find("]", start)].rstrip().removesuffix(",")
    try:
        # A list of quoted words in brackets, as all our files have it, is JSON as well.
        found: list[str] = json.loads(f"[{listed}]") if start >= 0 else []
    except ValueError:
        found = []
    if found:
        return found
    import yaml  # seldom needed, and as slow to import as a third of the whole vocabulary is to read

    return [str(name) for name in yaml.safe_load(text).get("also", ())]

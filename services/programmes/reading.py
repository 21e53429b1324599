"""Reads YAML so that every fault can be told with its file and line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from typing import Any, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Path: TypeAlias = tuple[str | int, ...]
"""Keys and positions from the top of a file to a value."""

Kind = TypeVar("Kind", bound=BaseModel)

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Fault(ValueError):
    """What is wrong with a value, without saying where its file has it."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


class Read:
    """One file: its `data`, and the line of each of its values."""

    def __init__(self, folder: Traversable, name: str) -> None:
        """Raises ValueError with file and line."""
        self.name, self.folder = name, folder
        self._lines: dict[Path, int] = {}
        try:
            loader = _Loader((folder / name).read_text("utf-8"))
            node = loader.get_single_node()
            self._mark(node, ())
            self.data: dict[str, Any] = loader.construct_document(node) if node else {}
        except yaml.YAMLError as fault:
            mark = getattr(fault, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            raise ValueError(f"{name}{line}: {getattr(fault, 'problem', fault)}") from None
        except Fault as fault:
            raise self.refused(fault.path, str(fault)) from None
        except ValueError as fault:  # a date such as 2024-06-31
            raise ValueError(f"{name}: {fault}") from None
        if not isinstance(self.data, dict):
            raise ValueError(f"{name}: holds no table")

    def refused(self, path: Path, message: str) -> ValueError:
        """The error that tells the place of a value, or of the nearest thing around it."""
        known = next((path[:end] for end in range(len(path), -1, -1) if path[:end] in self._lines), ())
        where = ".".join(str(step) for step in path)
        return ValueError(
            f"{self.name}:{self._lines.get(known, 1)}: {where + ': ' if where else ''}{message}"
        )

    def parsed(self, kind: type[Kind], path: Path = ()) -> Kind:
        """The value at a path as a `kind`. Raises ValueError with file and line."""
        value: Any = self.data
        for step in path:
            value = value[step]
        try:
            return kind.model_validate(value)
        except ValidationError as fault:
            first = fault.errors()[0]
            steps = (step for step in first["loc"] if (*path, step))
            raise self.refused((*path, *steps), _told(first)) from None

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Within it a `Fault` becomes the error that tells the line."""
        try:
            yield
        except Fault as fault:
            raise self.refused(fault.path, str(fault)) from None

    def _mark(self, node: Any, path: Path) -> None:
        if node is None:
            return
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                step = (*path, key.value)
                if step in self._lines:
                    raise Fault(step, "is here twice")
                self._mark(value, step)
                self._lines[step] = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                self._mark(value, (*path, number))


def _told(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "no such key"
    if error["type"] == "missing":
        return "is missing"
    return str(error["msg"]).removeprefix("Value error, ")

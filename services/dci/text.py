"""JSON as text: the very pieces that were received, and one canonical way to write a value.

A signature is over what was sent. To parse and write again changes spaces, escapes, numbers and the order
of members, so the pieces are cut out of the received text and never made anew.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

_SPACE = re.compile(r"[ \t\n\r]*")


class Piece(NamedTuple):
    """A value and the text that it was read from."""

    text: str
    value: Any


class Verbatim(str):
    """A number as it was written: 4.0 stays 4.0."""

    __slots__ = ()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
_VERBATIM = json.JSONDecoder(parse_int=Verbatim, parse_float=Verbatim, parse_constant=_refuse)


def pieces(body: bytes) -> dict[str, Piece]:
    """The members of an object, each with its own text.

    ValueError for anything else: other encodings, a member twice, text after the end, half a surrogate.
    """
    try:
        text = body.decode()
        found = _members(text)
        if "\\ud" in text.lower():
            write({name: piece.value for name, piece in found.items()}).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return found


def _members(text: str) -> dict[str, Piece]:
    found: dict[str, Piece] = {}
    at = _after(text, 0, "{")
    if text[at : at + 1] == "}":
        end = at
    else:
        while True:
            name, at = _DECODER.raw_decode(text, at)
            start = _after(text, at, ":")
            value, at = _DECODER.raw_decode(text, start)
            if not isinstance(name, str) or name in found:
                raise ValueError("a member's name is no text, or stands twice")
            found[name] = Piece(text[start:at], value)
            end = _SPACE.match(text, at).end()  # type: ignore[union-attr]
            if text[end : end + 1] != ",":
                break
            at = _after(text, end, ",")
    if text[end : end + 1] != "}" or _SPACE.fullmatch(text, end + 1) is None:
        raise ValueError("the object does not end where the text does")
    return found


def _after(text: str, at: int, mark: str) -> int:
    """Where the next thing begins, past a mark and the space around it."""
    at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    if text[at : at + 1] != mark:
        raise ValueError(f"{mark} is missing")
    return _SPACE.match(text, at + 1).end()  # type: ignore[union-attr]


def write(value: Any) -> str:
    """Compact, sorted, in UTF-8: already in the form that peers who write anew before verifying make."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(text: str, *, ascii: bool) -> str:
    """Received JSON sorted and compact, numbers as they were written; `ascii`: all else escaped."""
    return _written(_VERBATIM.decode(text), ascii)


def _written(value: Any, ascii: bool) -> str:
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, Mapping):
        members = (f"{_written(name, ascii)}:{_written(value[name], ascii)}" for name in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(one, ascii) for one in value) + "]"
    return json.dumps(value, ensure_ascii=ascii)

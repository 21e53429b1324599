"""JSON as text: pieces are cut, never made anew."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dci.text import canonical, pieces, write

VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def _utf8(value: Any) -> bool:
    try:
        write(value).encode()
    except UnicodeEncodeError:
        return False
    return True


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4).filter(_utf8), st.sampled_from([None, 1, 3]))
def test_pieces_put_together_are_what_came(value: dict[str, Any], indent: int | None) -> None:
    body = json.dumps(value, indent=indent).encode()
    found = pieces(body)
    assert {name: piece.value for name, piece in found.items()} == value
    for piece in found.values():
        assert piece.text.encode() in body
        assert json.loads(piece.text) == piece.value


@given(VALUES)
def test_canonical_text_is_that_of_the_peers(value: Any) -> None:
    told = json.dumps(value, indent=2)
    assert canonical(told, ascii=True) == json.dumps(value, sort_keys=True, separators=(",", ":"))
    assert canonical(told, ascii=False) == write(value)


def test_numbers_stay_as_they_were_written() -> None:
    assert canonical('{"b": 4.0, "a": [1e2, -0, 10000000000000000000001]}', ascii=True) == (
        '{"a":[1e2,-0,10000000000000000000001],"b":4.0}'
    )


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b'"a"', b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,}', b'{"a":1}}', b'{"a":1} x',
        b"{1:2}", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":"\xff"}', b'\xef\xbb\xbf{"a":1}', b'{"a":"\\ud800"}',
        '{"a":1}'.encode("utf-16"), b'{"a":' + b"[" * 100_000, b'{"a" 1}', b'{"a":1 "b":2}',
    ],
)  # fmt: skip
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        pieces(body)


def test_an_empty_object_and_whole_surrogates() -> None:
    assert pieces(b" { } ") == {}
    assert pieces(b'{"a":"\\ud83d\\ude00"}')["a"].value == "\U0001f600"

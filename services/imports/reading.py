"""An extract as a file: looked at once from end to end, then read in even parts of numbered rows."""

import codecs
import hashlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.tablefiles import TableFile, even

PIECE = 1 << 20
MOST_ODD = 100_000
"""Rows in a row that do not fit to the header: then it is not the rows that are wrong."""

ROW = "#"
"""Name of the column of row numbers, 1 being the row after the header."""


@dataclass(frozen=True, slots=True)
class Extract:
    """A file that can be read. `rows` is about how many; `digest` tells its content from all others."""

    table: TableFile
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows: `columns` of text by our names, the `numbers` of the rows, and the numbers of those whose
    fields do not fit to the header. After it the rows up to `through` are done."""

    columns: Mapping[str, pa.Array]
    numbers: Sequence[int]
    odd: Sequence[int]
    through: int


def open_extract(file: Path) -> Extract:
    """Look at all of a file. ValueError: it is no table, or not in UTF-8, or cut off."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 0
    parquet = file.suffix.lower() in (".parquet", ".pq")
    try:
        with file.open("rb") as opened:
            head = opened.read(4)
            opened.seek(0)
            while piece := opened.read(PIECE):
                digest.update(piece)
                if not parquet:
                    decoder.decode(piece)
                    lines += piece.count(b"\n")
        if not parquet:
            decoder.decode(b"", final=True)
    except OSError as fault:
        raise ValueError(f"{file}: {fault.strerror}") from None
    except UnicodeDecodeError as fault:
        line = lines + fault.object[: fault.start].count(b"\n") + 1
        raise ValueError(_not_utf8(file, head, line)) from None
    table = TableFile(file)
    if parquet:
        _check_types(file)
    return Extract(table, lines - 1 if table.rows is None else table.rows, digest.hexdigest())


def parts(extract: Extract, columns: Mapping[str, str], size: int, done: int) -> Iterator[Part]:
    """Parts of `size` rows, without the first `done` rows. `columns`: our name -> that of the extract.

    Raises ValueError where the file turns out to be broken.
    """
    odd = _Odd()
    wanted = list(dict.fromkeys(columns.values()))
    raw = extract.table.raw(size, columns=wanted, odd=odd.note)
    through = done
    for batch in even(_numbered(raw, odd, done), size):
        numbers = batch.column(ROW).to_pylist()
        through = numbers[-1]
        told = {ours: _text(batch.column(theirs)) for ours, theirs in columns.items()}
        yield Part(told, numbers, odd.taken(done, through), through)
        done = through
    if last := odd.taken(done, None):
        yield Part({ours: pa.array([], pa.string()) for ours in columns}, [], last, last[-1])


@dataclass(slots=True)
class _Odd:
    """Numbers of rows that do not fit to the header, as the reader comes upon them."""

    numbers: deque[int] = field(default_factory=deque)

    def note(self, number: int) -> bool:
        """Remember one; False where there are so many that something else must be wrong."""
        self.numbers.append(number)
        return len(self.numbers) < MOST_ODD

    def taken(self, after: int, through: int | None) -> list[int]:
        """Those up to this number, which are then forgotten; those that were done before are left out."""
        found = []
        while self.numbers and (through is None or self.numbers[0] <= through):
            found.append(self.numbers.popleft())
        return [number for number in found if number > after]


def _numbered(raw: Iterator[pa.RecordBatch], odd: _Odd, done: int) -> Iterator[pa.RecordBatch]:
    """The rows after the first `done`, with their numbers; those that do not fit are counted, not there."""
    first = 1
    for batch in raw:
        gaps = [number for number in odd.numbers if number >= first]
        numbers = np.arange(first, first + batch.num_rows + len(gaps))
        if gaps:
            numbers = numbers[~np.isin(numbers, gaps)][: batch.num_rows]
        fresh = int(np.searchsorted(numbers, done, "right"))
        if fresh < len(numbers):
            yield batch.slice(fresh).append_column(ROW, pa.array(numbers[fresh:]))
        first = int(numbers[-1]) + 1


def _text(array: pa.Array) -> pa.Array:
    """A column as text, whatever type a Parquet file gives it: numbers without a point, days as ISO text."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _text(array.dictionary_decode())
    if pa.types.is_timestamp(kind):
        array = pc.cast(array, pa.date32(), safe=False)
    elif pa.types.is_floating(kind):
        whole = pc.equal(pc.floor(array), array)
        return pc.if_else(whole, _text(pc.cast(pc.floor(array), pa.int64())), pc.cast(array, pa.string()))
    return pc.cast(array, pa.string())


def _check_types(file: Path) -> None:
    for column in pq.read_schema(file):
        try:
            _text(pa.array([], column.type))
        except pa.ArrowNotImplementedError:
            raise ValueError(f"{file}: column {column.name} is of type {column.type}, not text") from None


def _not_utf8(file: Path, head: bytes, line: int) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return f"{file} is in UTF-16: save it as CSV UTF-8"
    if head.startswith(b"PK"):
        return f"{file} is an Excel workbook: save it as CSV UTF-8 first"
    return (
        f"{file} is not in UTF-8 (line {line}): it may be in Windows-1256 or Windows-1252; "
        f"save it as CSV UTF-8"
    )

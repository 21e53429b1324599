"""Tables in files: CSV and Parquet, read in even parts of Arrow rows, with little memory."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".tsv", ".txt")
DELIMITERS = ",;\t|"

BLOCK = 4 << 20
"""Bytes of a CSV file that are looked at together."""

Odd = Callable[[int], bool]
"""Is told the number of a CSV row (1 follows the header) that has not as many fields as the header; whether
to go on without it."""


class TableFile:
    """A Parquet or CSV file. ValueError: it is neither, or cannot be read.

    `names` are its columns, `rows` how many rows it has, None where only reading it would tell.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.is_parquet = file.suffix.lower() in PARQUET
        if not self.is_parquet and file.suffix.lower() not in CSV:
            raise ValueError(f"{file}: neither .parquet nor .csv")
        self._delimiter = ","
        self._bare = False
        try:
            self.rows = pq.read_metadata(file).num_rows if self.is_parquet else None
            self.names: Sequence[str] = pq.read_schema(file).names if self.is_parquet else self._header()
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as fault:
            raise ValueError(f"{file}: {fault}") from None

    def raw(
        self, size: int, *, columns: Sequence[str] | None = None, odd: Odd = lambda number: False
    ) -> Iterator[pa.RecordBatch]:
        """All rows, of these columns, in parts of `size` at most; fields of CSV as they are written.

        Raises ValueError where the file turns out to be broken.
        """
        if self._bare:
            return
        try:
            yield from self._row_groups(size, columns) if self.is_parquet else self._open(columns, odd)
        except (pa.ArrowInvalid, OSError) as fault:
            raise ValueError(f"{self.file}: {fault}") from None

    def _row_groups(self, size: int, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        # One after the other: a reader of the whole file keeps what it has read until the end.
        file = pq.ParquetFile(self.file)
        for number in range(file.num_row_groups):
            yield from file.iter_batches(batch_size=size, row_groups=[number], columns=columns)

    def _open(self, columns: Sequence[str] | None, odd: Odd) -> Any:
        return pacsv.open_csv(
            self.file,
            # In one thread: only so are rows that cannot be split told by their number.
            read_options=pacsv.ReadOptions(
                block_size=BLOCK, use_threads=False, column_names=self.names, skip_rows=1
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=self._delimiter,
                newlines_in_values=True,
                invalid_row_handler=lambda row: "skip" if odd(row.number - 1) else "error",
            ),
            # As they are written: what a column holds is judged with its row and a reason.
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()), include_columns=columns
            ),
        )

    def _header(self) -> list[str]:
        with self.file.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline()
            if not line.strip():
                raise ValueError(f"{self.file}: empty")
            self._bare = not line.endswith(("\n", "\r"))
            self._delimiter = max(DELIMITERS, key=line.count)
            names = [name.strip() for name in next(csv.reader([line], delimiter=self._delimiter))]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"{self.file}: several columns are called {', '.join(sorted(twice))}")
        return names


def even(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """The same rows in parts of `size`, so that a part's number says which rows it has."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        while rows + batch.num_rows >= size:
            taken = size - rows
            yield _one([*waiting, batch.slice(0, taken)], size)
            batch = batch.slice(taken)
            waiting, rows = [], 0
        if batch.num_rows:
            waiting.append(batch)
            rows += batch.num_rows
    if waiting:
        yield _one(waiting, size)


def _one(batches: Sequence[pa.RecordBatch], size: int) -> pa.RecordBatch:
    whole = pa.Table.from_batches(batches).combine_chunks()
    return whole.to_batches(max_chunksize=size)[0]

"""A long run over households: streamed, in parts that are kept, so that it goes on where it was stopped."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from services.eligibility.decision import Rules
from services.eligibility.facts import Vocabulary
from services.eligibility.masks import Masks
from services.programmes.households import Reader, Reject, told, verdicts
from services.tablefiles import TableFile, even

ROWS = 250_000
"""Households of one part: some tens of megabytes, whatever the whole is."""

REJECTS = pa.schema(
    [("row", pa.int64()), ("column", pa.string()), ("value", pa.string()), ("why", pa.string())]
)


class Source(Protocol):
    """Where households come from: always the same ones in the same order."""

    @property
    def names(self) -> Sequence[str]:
        """The columns."""
        ...

    @property
    def rows(self) -> int | None:
        """How many households there are, where that is known beforehand."""
        ...

    def state(self) -> Mapping[str, Any]:
        """What tells this source from another, and from itself once it was changed."""
        ...

    def batches(self, skip: int) -> Iterator[pa.RecordBatch]:
        """Parts of `ROWS` households at most, without the first `skip` parts."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """What a run has done so far, or in all."""

    rows: int = 0
    rejected: int = 0
    parts: int = 0


class FileSource:
    """A Parquet or CSV file. ValueError: it is neither, or cannot be read."""

    def __init__(self, file: Path) -> None:
        self._table = TableFile(file)
        self.rows = self._table.rows
        self.names: Sequence[str] = self._table.names

    def state(self) -> Mapping[str, Any]:
        """Path, size and time of change."""
        file = self._table.file
        told = file.stat()
        return {"input": str(file.resolve()), "size": told.st_size, "changed": told.st_mtime_ns}

    def batches(self, skip: int) -> Iterator[pa.RecordBatch]:
        """See `Source`."""
        return islice(even(self._table.raw(ROWS), ROWS), skip, None)


def run(
    source: Source,
    output: Path,
    rules: Sequence[Rules],
    vocabulary: Vocabulary,
    as_of: date,
    progress: Callable[[Done], None] = lambda done: None,
) -> Done:
    """Judge every household into `output` (.parquet or .csv); what was stopped goes on where it was.

    ValueError: the parts of another run, or of an input that was changed since, lie where these belong.
    """
    if output.suffix.lower() not in (".parquet", ".csv"):
        raise ValueError(f"{output}: neither .parquet nor .csv")
    parts = output.with_name(output.name + ".parts")
    done = _begin(
        parts, {**source.state(), "as_of": as_of.isoformat(), "rules": [one.version for one in rules]}
    )
    progress(done)
    try:
        done = _parts(source, parts, done, rules, vocabulary, as_of, progress)
    except ValueError:
        if not any(parts.glob("*.done")):
            shutil.rmtree(parts)  # nothing to go on with: the input is to be mended first
        raise
    _join(parts, output, done)
    return done


def _parts(
    source: Source,
    parts: Path,
    done: Done,
    rules: Sequence[Rules],
    vocabulary: Vocabulary,
    as_of: date,
    progress: Callable[[Done], None],
) -> Done:
    reader = Reader(vocabulary, source.names, as_of)
    masks = [Masks(one, vocabulary) for one in rules]
    for raw in source.batches(done.parts):
        batch = reader.read(raw, done.rows + 1)
        judged = {one.programme: (one, told_) for one, told_ in verdicts(batch, masks)}
        kept = {name: raw.column(name) for name in reader.carried}
        table = pa.table({**kept, **told(batch, judged)})
        done = Done(done.rows + raw.num_rows, done.rejected + int(batch.bad.sum()), done.parts + 1)
        _keep(parts, done, table, batch.rejects)
        progress(done)
    return done


def _begin(parts: Path, about: Mapping[str, Any]) -> Done:
    told = parts / "run.json"
    if not told.exists():
        parts.mkdir(parents=True, exist_ok=True)
        told.write_text(json.dumps(about))
        return Done()
    if json.loads(told.read_text()) != about:
        raise ValueError(
            f"{parts} has the parts of another run: the input, the rules, the programmes or the day differ. "
            f"Delete it to begin anew"
        )
    finished = sorted(parts.glob("*.json.done"))
    return Done(**json.loads(finished[-1].read_text())) if finished else Done()


def _keep(parts: Path, done: Done, table: pa.Table, rejects: list[Reject]) -> None:
    """A part is there once its mark is: a process that dies in between writes it again."""
    stem = f"{done.parts:06d}"
    pq.write_table(table, parts / f"{stem}.parquet", compression="zstd")
    listed = [asdict(reject) for reject in rejects]
    pq.write_table(pa.Table.from_pylist(listed, REJECTS), parts / f"{stem}.rejects")
    draft = parts / f"{stem}.draft"
    draft.write_text(json.dumps(asdict(done)))
    draft.replace(parts / f"{stem}.json.done")


def _join(parts: Path, output: Path, done: Done) -> None:
    """All parts as one file, which appears whole or not at all."""
    stems = [f"{number:06d}" for number in range(1, done.parts + 1)]
    if stems:
        draft = output.with_name(f".{output.name}")
        _write(draft, (parts / f"{stem}.parquet" for stem in stems), csv=output.suffix.lower() == ".csv")
        if done.rejected:
            rejects = output.with_name(f"{output.name}.rejects.csv")
            _write(rejects, (parts / f"{stem}.rejects" for stem in stems), csv=True)
        draft.replace(output)
    shutil.rmtree(parts)


def _write(file: Path, parts: Iterable[Path], *, csv: bool) -> None:
    writer: Any = None
    for part in parts:
        table = pq.read_table(part)
        if csv:
            table = _plain(table)
        if writer is None:
            writer = (pacsv.CSVWriter if csv else _parquet_writer)(file, table.schema)
        writer.write_table(table.cast(writer.schema) if not csv else table)
    if writer is not None:
        writer.close()


def _parquet_writer(file: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(file, schema, compression="zstd")


def _plain(table: pa.Table) -> pa.Table:
    columns = {
        name: column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for name, column in zip(table.schema.names, table.columns, strict=True)
    }
    return pa.table(columns)

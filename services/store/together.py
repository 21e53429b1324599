"""Transactions that wait at the same moment, committed as one: SQLite's dearest act is the commit."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

PAUSE = 0.0005
"""Seconds until another process's transaction is looked at again. It lasts about a millisecond."""


class StoreUnavailable(Exception):
    """The database cannot be used just now: nothing was saved, so nothing may be acknowledged."""


class Busy(StoreUnavailable):
    """Another process is writing."""


@dataclass(slots=True)
class Together:
    """`run` for the tasks of one event loop.

    `commit` does one piece of work in a transaction, and raises `Busy` at once instead of waiting: while
    another process writes, this one goes on answering and its own batch grows. After `patience` seconds
    it is told that the store is unavailable.
    """

    commit: Callable[[Callable[[Connection], Any]], Any]
    patience: float
    _waiting: list[tuple[Callable[[Connection], Any], asyncio.Future[Any]]] = field(default_factory=list)
    _until: float = 0.0

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction, shared with whatever else is ready: committed when this returns."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        if not self._waiting:  # after the tasks that are ready now, so that they come along
            self._until = loop.time() + self.patience
            loop.call_soon(self._commit_all, loop)
        self._waiting.append((work, done))
        return await done

    def _commit_all(self, loop: asyncio.AbstractEventLoop) -> None:
        # Who was cancelled meanwhile is told of nothing, so nothing of theirs is written.
        batch = [(work, done) for work, done in self._waiting if not done.done()]
        try:
            results = self.commit(lambda connection: [work(connection) for work, _ in batch])
        except Busy as fault:
            if loop.time() < self._until:
                loop.call_later(PAUSE, self._commit_all, loop)
                return
            self._waiting.clear()
            for _, done in batch:
                done.set_exception(fault)
        except Exception:  # one's, and rolled back for all: each by itself, so that only that one fails
            self._waiting.clear()
            for work, done in batch:
                self._commit_one(work, done)
        else:
            self._waiting.clear()
            for (_, done), result in zip(batch, results, strict=True):
                done.set_result(result)

    def _commit_one(self, work: Callable[[Connection], Any], done: asyncio.Future[Any]) -> None:
        try:
            done.set_result(self.commit(work))
        except Exception as fault:  # whatever it is, it belongs to whoever asked for this work
            done.set_exception(fault)

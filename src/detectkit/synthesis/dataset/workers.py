"""Who makes the groups: this process, processes of this machine, or Dask."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol

from detectkit.core import DetectkitError, MissingDependencyError, UsageError

Task = Callable[[int], Any]
Answers = Iterator[tuple[int, Any]]

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}


class WorkerError(DetectkitError, ChildProcessError):
    """A worker was lost; what it had not handed in is made again the next time."""


class Workers(Protocol):
    """Does the same task for many numbers, in any order."""

    def answers(self, task: Task, numbers: Sequence[int]) -> Answers:
        """Yield each number with its answer as it comes."""
        ...


class Here:
    """Nobody else: one after the other in this process."""

    def answers(self, task: Task, numbers: Sequence[int]) -> Answers:
        """Yield each number with its answer, in order."""
        for one in numbers:
            yield one, task(one)


class Processes:
    """Processes of this machine, each with one thread; they end with this one, however it ends.

    Parameters
    ----------
    count
        How many.
    """

    def __init__(self, count: int) -> None:
        if count < 1:
            msg = f"workers = {count}; give 1 or more"
            raise UsageError(msg)
        self.count = count

    def answers(self, task: Task, numbers: Sequence[int]) -> Answers:
        """Yield each number with its answer as it comes.

        Raises
        ------
        WorkerError
            A worker was killed, for example because memory ran out.
        """
        before = set(multiprocessing.active_children())
        pool = ProcessPoolExecutor(
            min(self.count, max(1, len(numbers))),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin_worker,
        )
        try:
            with _environment(ONE_THREAD):
                futures = {pool.submit(task, one): one for one in numbers}
            yield from _as_done(futures)
        except BrokenProcessPool as error:
            msg = (
                "a worker ended before its work did, perhaps for lack of memory; what is written "
                f"is kept: run the same command again, with fewer than {self.count} workers"
            )
            raise WorkerError(msg) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for one in set(multiprocessing.active_children()) - before:
                one.terminate()


class Dask:
    """Workers of Dask: a scheduler at an address, or ``"local"``, Dask's own processes here.

    Parameters
    ----------
    address
        For example ``"tcp://10.0.0.5:8786"``.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def answers(self, task: Task, numbers: Sequence[int]) -> Answers:
        """Yield each number with its answer as it comes.

        Raises
        ------
        MissingDependencyError
            Dask is not installed.
        WorkerError
            The scheduler does not answer, or gave up on a task.
        """
        try:
            from dask.distributed import Client, as_completed
        except ImportError as error:
            msg = (
                "--dask needs Dask with its scheduler; install it with: "
                "pip install 'detectkit[batch]'"
            )
            raise MissingDependencyError(msg) from error
        where: dict[str, Any] = (
            {"threads_per_worker": 1, "dashboard_address": None}
            if self.address == "local"
            else {"address": self.address}
        )
        try:
            with Client(**where) as client:
                futures = client.map(task, list(numbers), pure=False)
                number_of = {
                    future.key: number for future, number in zip(futures, numbers, strict=True)
                }
                for future in as_completed(futures):
                    yield number_of[future.key], future.result()
                    future.release()
        except (OSError, RuntimeError) as error:
            msg = f"Dask at {self.address}: {error}; what is written is kept"
            raise WorkerError(msg) from error


def _as_done(futures: dict[Future[Any], int]) -> Answers:
    """Yield answers as they come and let go of each: they are large."""
    left = set(futures)
    while left:
        done, left = wait(left, return_when=FIRST_COMPLETED)
        for one in done:
            yield futures.pop(one), one.result()
        del done, one


@contextmanager
def _environment(words: dict[str, str]) -> Iterator[None]:
    """Set words that child processes read while they import their libraries."""
    before = {name: os.environ.get(name) for name in words}
    os.environ.update(words)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

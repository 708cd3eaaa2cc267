"""Who makes the groups: lost workers and missing programs are told, Dask makes the same bits."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from detectkit.core import MissingDependencyError, UsageError
from detectkit.synthesis.dataset import Dask, Here, Processes, WorkerError, make_dataset

from .recipes import recipe


def test_here_answers_in_order() -> None:
    assert list(Here().answers(abs, [-3, 1])) == [(-3, 3), (1, 1)]


@pytest.mark.slow
def test_processes_leave_the_environment_as_it_was() -> None:
    before = dict(os.environ)
    assert sorted(Processes(2).answers(abs, [-3, -1])) == [(-3, 3), (-1, 1)]
    assert dict(os.environ) == before


@pytest.mark.slow
def test_a_worker_that_is_killed_is_told_with_what_to_do() -> None:
    with pytest.raises(WorkerError, match="with fewer than 2 workers"):
        list(Processes(2).answers(signal.raise_signal, [signal.SIGKILL]))


def test_no_workers_are_refused() -> None:
    with pytest.raises(UsageError, match="1 or more"):
        Processes(0)


def test_without_dask_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(MissingDependencyError, match=r"detectkit\[batch\]"):
        list(Dask("local").answers(abs, [1]))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Dask's own
def test_dask_makes_the_same_bits(tmp_path: Path) -> None:
    pytest.importorskip("dask.distributed", reason="needs the extra 'batch'")
    by_dask = make_dataset(tmp_path / "a.zarr", recipe(), workers=Dask("local"))
    alone = make_dataset(tmp_path / "b.zarr", recipe())
    assert by_dask.dataset.digest == alone.dataset.digest

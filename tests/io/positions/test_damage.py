"""Damaged and cut logs: an error that says so, or fewer rows; never one that was not there."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectkit.core import FormatError
from detectkit.io.positions import PositionLog, open_positions
from detectkit.io.positions.dataflash_records import Gathered as DataFlashRecords
from detectkit.io.positions.tlog_records import records_of
from detectkit.io.positions.ulog_records import Gathered as ULogMessages

from .test_readers import NAME, WRITERS

_examples = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_damage = st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 255)), min_size=1, max_size=12)


def rows_of(log: PositionLog) -> set[tuple[float, ...]]:
    columns = (log.longitude_deg, log.latitude_deg, log.up_m, log.time_ns)
    return set(zip(*(one.tolist() for one in columns), strict=True))


def opened(path: Path, name: str) -> PositionLog | None:
    """Return the log, or None where it is refused as it may."""
    try:
        return open_positions(path, format_name=name)
    except FormatError as error:
        refusal = str(error)
    assert path.name in refusal
    return None


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, PositionLog]]:
    folder = tmp_path_factory.mktemp("logs")
    found = {}
    for name, write in WRITERS.items():
        path = write(folder / NAME)
        found[name] = (path.read_bytes(), open_positions(path))
    return found


@pytest.mark.parametrize("name", WRITERS)
@_examples
@given(share=st.floats(0.0, 1.0))
def test_a_cut_log_gives_the_rows_before_the_cut(
    name: str, share: float, whole: dict[str, tuple[bytes, PositionLog]], tmp_path: Path
) -> None:
    content, full = whole[name]
    path = tmp_path / NAME
    path.write_bytes(content[: int(share * len(content))])
    log = opened(path, name)
    if log is None:
        return
    places = {row[:3] for row in rows_of(full)}
    assert {row[:3] for row in rows_of(log)} <= places
    known = np.searchsorted(full.time_ns, log.time_ns - 1_000_000)
    assert np.abs(full.time_ns[known] - log.time_ns).max() <= 1_000_000
    assert set(log.traces.trace.tolist()) <= set(full.traces.trace.tolist())


@pytest.mark.parametrize("name", WRITERS)
@_examples
@given(damage=_damage, cut=st.floats(0.5, 1.0))
def test_damaged_bytes_give_a_log_or_an_error(
    name: str,
    damage: list[tuple[float, int]],
    cut: float,
    whole: dict[str, tuple[bytes, PositionLog]],
    tmp_path: Path,
) -> None:
    content = bytearray(whole[name][0])
    for share, value in damage:
        content[int(share * (len(content) - 1))] = value
    path = tmp_path / NAME
    path.write_bytes(content[: int(cut * len(content))])
    log = opened(path, name)
    if log is None:
        return
    assert np.all(np.diff(log.time_ns) > 0)
    assert (np.abs(log.latitude_deg) <= 90.0).all()
    assert (np.abs(log.longitude_deg) <= 180.0).all()
    assert not (log.fix_quality == 0.0).any()
    if name == "mavlink-tlog":
        assert {row[:3] for row in rows_of(log)} <= {row[:3] for row in rows_of(whole[name][1])}


@pytest.mark.parametrize("name", ["mavlink-tlog", "ardupilot-dataflash", "px4-ulog"])
def test_rubbish_in_the_middle_costs_few_rows_and_is_reported(
    name: str, whole: dict[str, tuple[bytes, PositionLog]], tmp_path: Path
) -> None:
    content, full = whole[name]
    middle = len(content) // 2
    rubbish = np.random.default_rng(3).bytes(5000)
    path = tmp_path / NAME
    path.write_bytes(content[:middle] + rubbish + content[middle:])
    log = open_positions(path)
    assert len(log) >= len(full) - 4
    places = [one for one in log.notices if one.severity == "warning" and one.offset is not None]
    assert any(abs((one.offset or 0) - middle) < 400 for one in places)


@given(sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=40))
@_examples
def test_chunks_of_any_size_give_the_same_records(
    sizes: list[int], whole: dict[str, tuple[bytes, PositionLog]]
) -> None:
    def parts(data: bytes) -> list[bytes]:
        cuts = np.cumsum([0, *sizes])
        cuts = [*cuts[cuts < len(data)].tolist(), len(data)]
        return [data[a:b] for a, b in pairwise(cuts)]

    data = whole["mavlink-tlog"][0]
    assert list(records_of(parts(data))) == list(records_of([data]))
    for make, name, kind in (
        (DataFlashRecords, "ardupilot-dataflash", "POS"),
        (ULogMessages, "px4-ulog", "sensor_gps"),
    ):
        one, other = make(frozenset({kind})), make(frozenset({kind}))
        one.walk(parts(whole[name][0]))
        other.walk([whole[name][0]])
        assert one.payload == other.payload
        assert one.lost_bytes == other.lost_bytes == 0

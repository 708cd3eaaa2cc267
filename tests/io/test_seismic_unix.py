"""Seismic Unix: no magic number, either byte order, radar's own use of the float fields."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.core import FormatError
from detectkit.io import Certainty, Overrides, Probe, Recording, open_as
from detectkit.io.seismic.su import SeismicUnix
from detectkit.testing import FormatSuite, SampleFile

from .conftest import SHARED_DATA
from .seismic_writers import write_segy, write_su

ORDERS = pytest.mark.parametrize("order", ["<", ">"])


def field(traces: int, samples: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(traces).normal(size=(traces, samples)).astype(np.float32)


def opened(path: Path, **given: str) -> Recording:
    return open_as(SeismicUnix(), path, Overrides(given))


def real(*names: str) -> list[Path]:
    return [path for name in names if (path := SHARED_DATA / name).is_file()]


class TestSeismicUnixLaws(FormatSuite):
    format = SeismicUnix
    foreign = real(
        "sensoft/LINE0.DT1",
        "sensoft/frenke/CMP.DT1",
        "mala/DAT_0097.rd3",
        "ids/LID10001.dt",
        "gssi/testdata.dzt",
        "gssi/FILE____032.DZT",
        "gssi/test_gssi.DZT",
        "gprmax/rectangle_gprMax_Bscan.h5",
        "mavlink/flight.tlog",
        "ulog/sample_log_small.ulg",
    )

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        little = write_su(folder / "little.su", field(30, 64), marks=(3, 30))
        big = write_su(folder / "big.su", field(12, 50), order=">", y=5, unit=2, scalar=-10)
        return [SampleFile(little, (30,), 64), SampleFile(big, (12,), 50)]


@ORDERS
def test_radar_line_has_its_axes_and_samples_in_either_order(tmp_path: Path, order: str) -> None:
    data = field(40, 512)
    path = write_su(tmp_path / "a.su", data, order=order, d2=0.04006, step_mm=40.06)
    assert SeismicUnix().recognise(Probe.of(path)) == Certainty.PLAUSIBLE
    recording = opened(path)
    stream = recording.streams[0]
    assert (stream.traces, stream.header.samples) == (40, 512)
    assert stream.header.sample_interval_s == pytest.approx(0.09765625e-9)
    assert stream.header.trace_spacing_m == pytest.approx(0.04006)
    block = stream.rows(0, 40)
    np.testing.assert_array_equal(block.data, data)
    assert block.data.dtype == np.float32
    along = np.round(40.06 * np.arange(40)) / 1000.0
    np.testing.assert_allclose(block.coord("along_track_m"), along, atol=1e-12)
    assert "longitude_deg" not in block.coords
    settled = {one.setting for one in recording.notices if one.severity == "assumed"}
    assert settled == {"byte_order", "sample_interval_s"}


def test_without_the_floats_the_coarse_field_counts_as_picoseconds(tmp_path: Path) -> None:
    path = write_su(tmp_path / "a.su", field(5, 512), d1=0.0, d2=0.0, x=0)
    stream = opened(path).streams[0]
    assert stream.header.sample_interval_s == pytest.approx(97e-12)
    assert stream.header.trace_spacing_m is None


def test_line_run_backwards_counts_its_distance_up(tmp_path: Path) -> None:
    path = write_su(tmp_path / "a.su", field(6, 64), step_mm=-40.0)
    along = opened(path).streams[0].rows(0, 6).coord("along_track_m")
    np.testing.assert_allclose(along, 0.04 * np.arange(6), atol=1e-12)


def test_metres_become_easting_and_northing_not_degrees(tmp_path: Path) -> None:
    path = write_su(tmp_path / "a.su", field(6, 64), step_mm=50, y=700, scalar=-100, unit=1, d2=0.0)
    stream = opened(path).streams[0]
    block = stream.rows(0, 6)
    np.testing.assert_allclose(block.coord("easting_m"), 0.5 * np.arange(6))
    np.testing.assert_allclose(block.coord("northing_m"), 7.0)
    assert stream.header.trace_spacing_m == pytest.approx(0.5)


def test_cut_file_gives_whole_traces_and_the_byte(tmp_path: Path) -> None:
    path = write_su(tmp_path / "a.su", field(6, 64))
    path.write_bytes(path.read_bytes()[:-3])
    assert SeismicUnix().recognise(Probe.of(path)) == Certainty.PLAUSIBLE
    recording = opened(path)
    assert recording.streams[0].traces == 5
    assert [one.offset for one in recording.notices if "cut" in one.text] == [5 * 496]


def test_byte_order_and_samples_can_be_given(tmp_path: Path) -> None:
    data = field(6, 64)
    path = write_su(tmp_path / "a.su", data, order=">", samples=0)
    with pytest.raises(FormatError, match="byte 114"):
        opened(path)
    block = opened(path, samples="64", byte_order="big").streams[0].rows(0, 6)
    np.testing.assert_array_equal(block.data, data)
    with pytest.raises(FormatError, match="fits"):
        opened(path, samples="1000000000000")


def test_first_sample_time_and_marks(tmp_path: Path) -> None:
    stream = opened(write_su(tmp_path / "a.su", field(6, 64), f1=-2.5, marks=(2,))).streams[0]
    assert stream.header.first_twt_s == pytest.approx(-2.5e-9)
    assert tuple(stream.header.marks) == (2,)


def test_segy_is_not_claimed(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "a.sgy", field(20, 64), code=5, sample_type="f4")
    assert SeismicUnix().recognise(Probe.of(path)) == Certainty.NO

"""SEG-Y: written by segyio and by hand, in both byte orders, standard and drone dialects."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import segyio

from detectkit.core import FormatError
from detectkit.io import Certainty, Overrides, Probe, Recording, open_as
from detectkit.io.seismic.segy import Segy
from detectkit.io.seismic.traces import from_ibm
from detectkit.testing import FormatSuite, SampleFile

from .conftest import SHARED_DATA
from .seismic_writers import write_segy

ORDERS = pytest.mark.parametrize("order", ["<", ">"])
LOGGER_TEXT = "C 1 Control unit: RadSys Zond-12e\nC 2 256 samples, 50 ns, DUAL_10\n"
LATITUDE = 50.1 + 1e-5 * np.arange(20)
LONGITUDE = -14.3 - 1e-5 * np.arange(20)


def nmea(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    whole = np.trunc(degrees)
    return whole * 100.0 + (degrees - whole) * 60.0


def counts(traces: int = 20, samples: int = 64) -> npt.NDArray[np.int16]:
    return np.random.default_rng(traces).integers(-9000, 9000, (traces, samples), dtype=np.int16)


def by_segyio(path: Path, data: npt.NDArray[Any], code: int, endian: str, **head: int) -> Path:
    spec = segyio.spec()
    spec.format, spec.endian, spec.tracecount = code, endian, len(data)
    spec.samples = np.arange(data.shape[1])
    with segyio.create(path, spec) as file:
        file.text[0] = segyio.tools.create_text_header({1: "GPR LINE"})
        file.bin.update({segyio.BinField.Interval: 200, segyio.BinField.Samples: data.shape[1]})
        for row, trace in enumerate(data):
            fields = {segyio.TraceField.TRACE_SEQUENCE_LINE: row + 1}
            fields[segyio.TraceField.TRACE_SAMPLE_INTERVAL] = 200
            fields[segyio.TraceField.TRACE_SAMPLE_COUNT] = data.shape[1]
            fields |= {getattr(segyio.TraceField, name): value for name, value in head.items()}
            file.header[row] = fields
            file.trace[row] = trace
    return path


def drone(path: Path, order: str, **fields: npt.NDArray[Any]) -> Path:
    when = {"year": 2024, "day": 60, "hour": 10, "minute": 59, "basis": 0}
    seconds = 58 + np.arange(20) // 10
    clock = {
        "second": seconds % 60,
        "minute": 59 + seconds // 60 - 60 * (seconds // 60),
        "hour": 10 + seconds // 60,
        "milliseconds": 100 * (np.arange(20) % 10),
    }
    marks = np.isin(np.arange(20), [4, 9]).astype(np.uint8) * 255
    per_trace = {**clock, "mark": marks, **fields}
    return write_segy(path, counts(), order=order, text=LOGGER_TEXT, per_trace=per_trace, **when)


def opened(path: Path, **given: str) -> Recording:
    return open_as(Segy(), path, Overrides(given))


def assumed(recording: Recording) -> set[str]:
    return {one.setting for one in recording.notices if one.severity == "assumed"}


def real(*names: str) -> list[Path]:
    return [path for name in names if (path := SHARED_DATA / name).is_file()]


class TestSegyLaws(FormatSuite):
    format = Segy
    damaged_bytes = 4500
    foreign = real(
        "sensoft/LINE0.DT1",
        "sensoft/frenke/CMP.DT1",
        "mala/DAT_0097.rd3",
        "ids/LID10001.dt",
        "gssi/testdata.dzt",
        "gssi/FILE____032.DZT",
        "gssi/test_gssi.DZT",
        "gprmax/rectangle_gprMax_Bscan.h5",
        "magnetics/geohammer_csv/MagDrone/Magdrone.csv",
    )

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        standard = by_segyio(folder / "standard.sgy", counts(15).astype(np.float32), 1, "big")
        logger = drone(folder / "drone.sgy", "<", x_f8=nmea(LONGITUDE), y_f8=nmea(LATITUDE))
        return [SampleFile(standard, (15,), 64), SampleFile(logger, (20,), 64)]


@pytest.mark.parametrize("endian", ["big", "little"])
@pytest.mark.parametrize(
    ("code", "kind"), [(1, np.float32), (2, np.int32), (3, np.int16), (5, np.float32), (8, np.int8)]
)
def test_files_of_segyio_give_the_same_samples(
    tmp_path: Path, code: int, kind: type[np.generic], endian: str
) -> None:
    data = (counts() // 100).astype(kind)
    path = by_segyio(tmp_path / "a.sgy", data, code, endian)
    assert Segy().recognise(Probe.of(path)) == Certainty.LIKELY
    stream = opened(path).streams[0]
    block = stream.rows(0, 20)
    assert block.data.dtype == kind
    np.testing.assert_array_equal(block.data, data)
    assert stream.header.sample_interval_s == pytest.approx(200e-12)
    assert "GPR LINE" in stream.header.raw["text"][0]
    assert stream.header.trace_spacing_m is None


def test_ibm_floats_are_what_segyio_reads(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    data = (rng.normal(size=(8, 200)) * 10.0 ** rng.integers(-20, 20, (8, 200))).astype(np.float32)
    path = by_segyio(tmp_path / "a.sgy", data, 1, "big")
    with segyio.open(path, ignore_geometry=True) as file:
        expected = file.trace.raw[:]
    np.testing.assert_array_equal(opened(path).streams[0].rows(0, 8).data, expected)


def test_ibm_floats_known_by_hand() -> None:
    bits = np.array([0x41100000, 0xC276A000, 0, 0x40800000, 0x7FFFFFFF], np.uint32)
    assert from_ibm(bits).tolist() == [1.0, -118.625, 0.0, 0.5, float("inf")]


@ORDERS
@pytest.mark.parametrize("order_mark", [False, True])
def test_hand_made_files_in_both_orders(tmp_path: Path, order: str, order_mark: bool) -> None:
    data = counts()
    path = write_segy(tmp_path / "a.sgy", data, order=order, order_mark=order_mark, texts=1)
    recording = opened(path)
    np.testing.assert_array_equal(recording.streams[0].rows(0, 20).data, data)
    assert recording.streams[0].header.sensor.full_scale == (-32768.0, 32767.0)
    assert recording.streams[0].header.raw["data_offset"] == 6800


@ORDERS
def test_drone_float64_positions_are_nmea_and_preferred(tmp_path: Path, order: str) -> None:
    path = drone(
        tmp_path / "a.sgy",
        order,
        x_f8=nmea(LONGITUDE),
        y_f8=nmea(LATITUDE),
        x_f4=nmea(LONGITUDE + 1.0),
        y_f4=nmea(LATITUDE + 1.0),
        elevation_f4=250.0 + 0.5 * np.arange(20),
    )
    recording = opened(path)
    stream = recording.streams[0]
    block = stream.rows(0, 20)
    np.testing.assert_allclose(block.coord("longitude_deg"), LONGITUDE, rtol=0, atol=1e-10)
    np.testing.assert_allclose(block.coord("latitude_deg"), LATITUDE, rtol=0, atol=1e-10)
    np.testing.assert_allclose(block.coord("up_m"), 250.0 + 0.5 * np.arange(20))
    assert tuple(stream.header.marks) == (5, 10)
    assert stream.header.fixes.valid.all()
    assert assumed(recording) == {"sample_interval_s", "coordinate_unit", "time_basis"}
    start = dt.datetime(2024, 2, 29, 10, 59, 58, tzinfo=dt.UTC)
    expected = int(start.timestamp()) * 10**9 + 10**8 * np.arange(20)
    np.testing.assert_array_equal(block.coord("time_ns"), expected)
    np.testing.assert_allclose(block.coord("elapsed_s"), 0.1 * np.arange(20), atol=1e-9)


@ORDERS
def test_drone_float32_positions_are_read_and_their_coarseness_said(
    tmp_path: Path, order: str
) -> None:
    path = drone(tmp_path / "a.sgy", order, x_f4=nmea(LONGITUDE), y_f4=nmea(LATITUDE))
    recording = opened(path)
    block = recording.streams[0].rows(0, 20)
    np.testing.assert_allclose(block.coord("latitude_deg"), LATITUDE, rtol=0, atol=1e-5)
    assert any("float32" in one.text for one in recording.notices if one.severity == "warning")


def test_drone_integers_are_arc_seconds(tmp_path: Path) -> None:
    seconds = {
        "x": np.round(LONGITUDE * 360000).astype(int),
        "y": np.round(LATITUDE * 360000).astype(int),
    }
    path = drone(tmp_path / "a.sgy", "<", scalar=np.full(20, -100), **seconds)
    block = opened(path).streams[0].rows(0, 20)
    np.testing.assert_allclose(block.coord("longitude_deg"), LONGITUDE, rtol=0, atol=1.5e-6)


def test_floats_that_can_only_be_degrees_are_degrees(tmp_path: Path) -> None:
    path = drone(tmp_path / "a.sgy", "<", x_f8=LONGITUDE, y_f8=LATITUDE)
    block = opened(path).streams[0].rows(0, 20)
    np.testing.assert_allclose(block.coord("latitude_deg"), LATITUDE, rtol=0, atol=1e-12)


def test_trace_without_a_position_has_none(tmp_path: Path) -> None:
    x, y = nmea(LONGITUDE), nmea(LATITUDE)
    x[[0, 7]] = y[[0, 7]] = 0.0
    block = opened(drone(tmp_path / "a.sgy", "<", x_f8=x, y_f8=y)).streams[0].rows(0, 20)
    assert np.flatnonzero(np.isnan(block.coord("longitude_deg"))).tolist() == [0, 7]


def test_standard_metres_are_easting_and_northing_and_give_the_spacing(tmp_path: Path) -> None:
    places = {"x": 47_000_000 + 2 * np.arange(20), "y": np.full(20, 555_000_000)}
    path = write_segy(tmp_path / "a.sgy", counts(), per_trace=places, scalar=-100, unit=1)
    stream = opened(path).streams[0]
    block = stream.rows(0, 20)
    np.testing.assert_allclose(block.coord("easting_m"), 470_000.0 + 0.02 * np.arange(20))
    np.testing.assert_allclose(block.coord("northing_m"), 5_550_000.0)
    assert "longitude_deg" not in block.coords
    assert stream.header.trace_spacing_m == pytest.approx(0.02)
    assert "mark" in block.coords
    assert block.coord("mark").sum() == 0


def test_standard_arc_seconds_are_degrees(tmp_path: Path) -> None:
    seconds = {
        "x": np.round(LONGITUDE * 3600e3).astype(int),
        "y": np.round(LATITUDE * 3600e3).astype(int),
    }
    path = write_segy(tmp_path / "a.sgy", counts(), per_trace=seconds, scalar=-1000, unit=2)
    block = opened(path).streams[0].rows(0, 20)
    np.testing.assert_allclose(block.coord("latitude_deg"), LATITUDE, rtol=0, atol=2e-7)


def test_user_says_unit_and_field(tmp_path: Path) -> None:
    places = {"x": 100 + np.arange(20), "y": np.full(20, 200)}
    path = write_segy(tmp_path / "a.sgy", counts(), per_trace=places)
    block = opened(path, coordinate_unit="foot", coordinate_field="int32").streams[0].rows(0, 20)
    assert block.coord("easting_m")[0] == pytest.approx(30.48)
    none = opened(path, coordinate_unit="none").streams[0].rows(0, 20)
    assert "easting_m" not in none.coords


@pytest.mark.parametrize(("interval", "expected"), [(195, 195e-12), (1, 1e-9), (0, 1e-10)])
def test_sample_interval_is_in_the_unit_of_a_radar_window(
    tmp_path: Path, interval: int, expected: float
) -> None:
    path = write_segy(tmp_path / "a.sgy", counts(), interval=interval)
    recording = opened(path)
    assert recording.streams[0].header.sample_interval_s == pytest.approx(expected)
    assert "sample_interval_s" in assumed(recording)
    given = opened(path, sample_interval_s="3e-10")
    assert given.streams[0].header.sample_interval_s == 3e-10
    assert "sample_interval_s" not in assumed(given)


def test_cut_file_gives_whole_traces_and_the_byte(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "a.sgy", counts())
    path.write_bytes(path.read_bytes()[:-7])
    recording = opened(path)
    assert recording.streams[0].traces == 19
    assert [n.offset for n in recording.notices if "cut" in n.text] == [3600 + 19 * 368]


def test_binary_header_without_samples_leaves_it_to_the_trace_header(tmp_path: Path) -> None:
    data = counts()
    path = write_segy(tmp_path / "a.sgy", data, binary_samples=0)
    np.testing.assert_array_equal(opened(path).streams[0].rows(0, 20).data, data)


def test_what_does_not_fit_is_refused_with_the_byte(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "a.sgy", counts(), code=77)
    with pytest.raises(FormatError, match="byte 3224"):
        opened(path)
    path = write_segy(tmp_path / "b.sgy", counts(), binary_samples=65535, samples=65535)
    with pytest.raises(FormatError, match="byte 3220"):
        opened(path)
    assert opened(path, samples="64").streams[0].traces == 20
    with pytest.raises(FormatError, match="samples"):
        opened(path, samples="1000000000000")


def test_big_file_opens_in_a_second(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "big.sgy", counts(1, 4880))
    record = path.read_bytes()[3600:]
    with path.open("r+b") as handle:
        handle.truncate(3600 + 1_000_000 * 10_000)
        handle.seek(3600)
        handle.write(record)
    began = time.monotonic()
    stream = opened(path).streams[0]
    assert stream.traces == 1_000_000
    stream.rows(999_990, 1_000_000)
    assert time.monotonic() - began < 1.0

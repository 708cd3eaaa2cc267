"""IDS .dt: the real wall, and headers of other lengths, channels and damage."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.core import FormatError
from detectkit.io import Overrides, Recording, open_as
from detectkit.io.ids.dt import IdsDt
from detectkit.testing import FormatSuite, SampleFile

from .conftest import SHARED_DATA

COLUMNS = (2e8, 1e8, 12e-9, 12e-9, 260.4167, 3.84e-3, 4e-3, 2e-3, 5e-2, 2.34e-10)


def noise(traces: int, samples: int) -> npt.NDArray[np.int16]:
    return np.random.default_rng(traces).integers(-9000, 9000, (traces, samples), dtype=np.int16)


def write_dt(
    path: Path,
    data: npt.NDArray[np.int16],
    *,
    channels: int = 1,
    columns: Sequence[float] = COLUMNS,
    claimed: tuple[int, int] | None = None,
    extra: Sequence[bytes] = (),
) -> Path:
    traces, samples = data.shape
    length = 4 + 2 * samples

    def record(tag: bytes, body: bytes = b"") -> bytes:
        return (tag.ljust(4, b"\0") + body).ljust(length, b"\0")[:length]

    counts = claimed or (traces // channels, samples)
    sweep = struct.pack("<I2I", length, *counts) + b"\0" * 32
    sweep += "".join(f"{value:16.6E}" for value in columns).encode()
    head = [
        struct.pack("<2sHH", b"V\x03", 0, length).ljust(length, b"\0"),
        record(b"I", b"wall"),
        record(b"C", b"05/03/22  10:40:34"),
        *(record(one) for one in extra),
        record(b"ATX", b"    0.000000E+00   -9.000000E-02    0.000000E+00 3000"),
        record(b"ARX", b"    0.000000E+00   -2.500000E-02    0.000000E+00 3000"),
        record(b"S", f"RT N_CHANNEL= {channels}".encode()),
        record(b"H\x15\x04", sweep),
    ]
    path.write_bytes(
        b"".join([*head, *(record(b"R", row.astype("<i2").tobytes()) for row in data)])
    )
    return path


def opened(path: Path, **given: str) -> Recording:
    return open_as(IdsDt(), path, Overrides(given))


def real(*names: str) -> list[Path]:
    return [path for name in names if (path := SHARED_DATA / name).is_file()]


class TestIdsLaws(FormatSuite):
    format = IdsDt
    paths = real("ids/LID10001.dt", "ids/LID10002.dt")
    foreign = real("sensoft/LINE0.DT1", "mala/DAT_0097.rd3", "gssi/testdata.dzt")
    damaged_bytes = 3000

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        one = write_dt(folder / "one.dt", noise(12, 140))
        two = write_dt(folder / "two.dt", noise(10, 140), channels=2)
        return [SampleFile(one, (12,), 140), SampleFile(two, (5, 5), 140)]


@pytest.mark.parametrize(
    ("name", "traces"), [("LID10001", 449), ("LID10002", 443), ("LID10003", 449)]
)
def test_wall_lines_have_every_trace_axis_and_antenna(
    shared_data: Path, name: str, traces: int
) -> None:
    path = shared_data / "ids" / f"{name}.dt"
    recording = opened(path)
    stream = recording.streams[0]
    head = stream.header
    assert (head.traces, head.samples) == (traces, 512)
    assert head.sample_interval_s == pytest.approx(12e-9 / 512)
    assert head.trace_spacing_m == pytest.approx(0.004)
    assert head.sensor.antenna_hz == 3e9
    assert head.sensor.antenna_separation_m == pytest.approx(0.065)
    assert head.sensor.blank_samples == 2
    block = stream.rows(0, traces)
    raw = np.frombuffer(path.read_bytes(), "<i2").reshape(-1, 514)[15:, 2:]
    np.testing.assert_array_equal(block.data[:, 2:], raw[:, 2:])
    np.testing.assert_array_equal(block.data[:, 0], raw[:, 2])
    np.testing.assert_array_equal(block.data[:, 1], raw[:, 2])
    np.testing.assert_array_equal(block.coord("header_word_0"), raw[:, 0])
    np.testing.assert_array_equal(block.coord("header_word_1"), raw[:, 1])
    assert not [one for one in recording.notices if one.severity == "warning"]


def test_header_records_are_counted_not_assumed(tmp_path: Path) -> None:
    data = noise(6, 140)
    path = write_dt(tmp_path / "a.dt", data, extra=[b"AH", b"FZ", b"XY"] * 7)
    np.testing.assert_array_equal(opened(path).streams[0].rows(0, 6).data[:, 2:], data[:, 2:])


def test_two_channels_alternate_and_it_is_said(tmp_path: Path) -> None:
    data = noise(7, 140)
    recording = opened(write_dt(tmp_path / "a.dt", data, channels=2))
    assert [one.header.sensor.id for one in recording.streams] == ["gpr", "gpr-2"]
    assert [one.traces for one in recording.streams] == [4, 3]
    np.testing.assert_array_equal(recording.streams[1].rows(0, 3).data[:, 2:], data[1::2, 2:])
    assert "channels" in {one.setting for one in recording.notices if one.severity == "assumed"}


def test_implausible_window_and_step_are_assumed_and_missing(tmp_path: Path) -> None:
    path = write_dt(tmp_path / "a.dt", noise(5, 140), columns=(1.0, 1.0, 99.0, 1.0, 1.0, -1, 1e9))
    recording = opened(path)
    assert recording.streams[0].header.trace_spacing_m is None
    settled = {one.setting for one in recording.notices if one.severity == "assumed"}
    assert settled == {"sample_interval_s"}


def test_count_that_contradicts_the_file_is_a_warning_and_all_traces_come(tmp_path: Path) -> None:
    recording = opened(write_dt(tmp_path / "a.dt", noise(5, 140), claimed=(2**31 - 1, 140)))
    assert recording.streams[0].traces == 5
    assert any("all are given" in one.text for one in recording.notices)


def test_cut_file_gives_whole_traces_and_the_byte(tmp_path: Path) -> None:
    path = write_dt(tmp_path / "a.dt", noise(5, 140))
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    recording = opened(path)
    assert recording.streams[0].traces == 4
    offsets = [one.offset for one in recording.notices if "cut" in one.text]
    assert offsets == [len(content) - 284]


def test_record_with_a_damaged_tag_is_given_and_flagged(tmp_path: Path) -> None:
    path = write_dt(tmp_path / "a.dt", noise(5, 140))
    content = bytearray(path.read_bytes())
    content[-284 * 2] = ord("?")
    path.write_bytes(content)
    recording = opened(path)
    block = recording.streams[0].rows(0, 5)
    assert block.coord("damaged_tag").tolist() == [0, 0, 0, 1, 0]
    assert any(one.offset == len(content) - 568 for one in recording.notices)


@pytest.mark.parametrize("content", [b"", b"V\x03\0\0", b"V\x03\0\0\x04\x04" + b"\0" * 3000])
def test_file_without_traces_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.dt"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="expected"):
        opened(path)

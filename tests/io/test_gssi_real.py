"""GSSI .DZT: what the real recordings must give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectkit.io import Certainty, Overrides, Probe, Recording, open_as
from detectkit.io.gssi.dzt import GssiDzt
from detectkit.io.mala.rd3 import Mala


def opened(path: Path, **settings: str) -> Recording:
    return open_as(GssiDzt(), path, Overrides(settings))


def said(recording: Recording, severity: str) -> str:
    return " | ".join(str(one) for one in recording.notices if one.severity == severity)


class TestRealFiles:
    def test_sir3000_gives_every_trace_its_axes_and_marks(self, shared_data: Path) -> None:
        recording = opened(shared_data / "gssi" / "FILE____032.DZT")
        (stream,) = recording.streams
        head = stream.header
        assert (head.traces, head.samples) == (1040, 512)
        assert head.sample_interval_s == pytest.approx(48e-9 / 512, rel=1e-12)
        assert head.trace_spacing_m == pytest.approx(0.02)
        assert head.sensor.instrument == "GSSI SIR-3000"
        assert head.sensor.antenna_hz == 400e6
        assert head.permittivity == 6.0
        assert head.raw["created"] == "2017-03-21T00:36:46"
        assert tuple(head.marks) == tuple(range(1, 1041, 100))
        assert said(recording, "warning") == ""
        assert said(recording, "assumed") == ""

    def test_sir3000_counts_its_scans(self, shared_data: Path) -> None:
        (stream,) = opened(shared_data / "gssi" / "FILE____032.DZT").streams
        assert stream.header.counter_modulus == 65536
        np.testing.assert_array_equal(stream.rows(0, 1040).coord("trace_counter"), np.arange(1040))
        assert [len(block) for block in stream.blocks(1000)] == [1000, 40]

    def test_old_header_gives_the_marks_of_its_answer_sheet(self, shared_data: Path) -> None:
        sheet = (shared_data / "gssi" / "testdata.mrk").read_text().splitlines()
        expected = tuple(int(line.split()[0]) for line in sheet)
        recording = opened(shared_data / "gssi" / "testdata.dzt")
        (stream,) = recording.streams
        assert len(expected) == 13
        assert tuple(stream.header.marks) == expected
        marked = np.flatnonzero(stream.rows(0, stream.traces).coord("mark")) + 1
        assert tuple(marked) == expected

    def test_old_header_in_time_mode_has_no_distance(self, shared_data: Path) -> None:
        recording = opened(shared_data / "gssi" / "testdata.dzt")
        (stream,) = recording.streams
        head = stream.header
        assert (head.traces, head.samples) == (2147, 512)
        assert head.trace_spacing_m is None
        assert "along_track_m" not in stream.rows(0, 5).coords
        assert "time mode" in said(recording, "note")
        assert head.sample_interval_s == pytest.approx(100e-9 / 512)
        assert head.counter_modulus is None
        assert "trace_counter" not in stream.rows(0, 5).coords

    def test_old_header_is_eight_bit_about_zero(self, shared_data: Path) -> None:
        (stream,) = opened(shared_data / "gssi" / "testdata.dzt").streams
        block = stream.rows(0, 200)
        raw = np.fromfile(shared_data / "gssi" / "testdata.dzt", np.uint8, 512 * 200, offset=1024)
        expected = raw.reshape(200, 512).astype(np.int16) - 128
        assert block.data.dtype == np.int8
        np.testing.assert_array_equal(block.data[:, 2:], expected[:, 2:])
        assert stream.header.sensor.full_scale == (-128.0, 127.0)

    def test_sir4000_data_begin_after_128_blocks(self, shared_data: Path) -> None:
        (stream,) = opened(shared_data / "gssi" / "test_gssi.DZT").streams
        head = stream.header
        assert (head.traces, head.samples) == (345, 2048)
        block = stream.rows(0, 2)
        assert block.data.dtype == np.int32
        assert block.data[0, :5].tolist() == [73088, 73088, 73088, 73152, 73024]
        assert head.sensor.antenna_hz == 200e6

    def test_fixes_of_quality_0_are_no_position(self, shared_data: Path) -> None:
        recording = opened(shared_data / "gssi" / "test_gssi.DZT")
        (stream,) = recording.streams
        assert len(stream.header.fixes) == 14
        assert stream.header.fixes.row[:3].tolist() == [23.0, 47.0, 71.0]
        assert not stream.header.fixes.valid.any()
        assert "longitude_deg" not in stream.rows(0, 345).coords
        assert "none of its 14 positions is a fix" in said(recording, "warning")

    def test_first_sample_of_the_sir4000_lies_before_time_zero(self, shared_data: Path) -> None:
        """The direct wave, the strongest of the mean trace, indeed arrives at time-zero."""
        (stream,) = opened(shared_data / "gssi" / "test_gssi.DZT").streams
        assert stream.header.first_twt_s == pytest.approx(-230e-9)
        mean = stream.rows(0, 345).data.astype(np.float64).mean(axis=0)
        strongest = np.argmax(np.abs(mean - np.median(mean)))
        assert stream.twt_s[strongest] == pytest.approx(0.0, abs=10e-9)

    def test_distance_of_the_dzx_is_offered_but_not_taken(self, shared_data: Path) -> None:
        path = shared_data / "gssi" / "test_gssi.DZT"
        recording = opened(path)
        assert recording.streams[0].header.trace_spacing_m is None
        assert "the .DZX states 0.003333 m per scan" in said(recording, "warning")
        assert recording.streams[0].header.raw["dzx.scanPerMeters"] == "300.000000"
        told = opened(path, trace_spacing_m="0.003333")
        assert told.streams[0].header.trace_spacing_m == 0.003333
        assert "trace_spacing_m" not in said(told, "warning")

    def test_dzx_that_ends_early_is_noted(self, shared_data: Path) -> None:
        recording = opened(shared_data / "gssi" / "test_gssi.DZT")
        assert "scans 0 to 341, the recording has 345" in said(recording, "note")

    def test_survey_in_two_formats_gives_one_image(self, shared_data: Path) -> None:
        (dzt,) = opened(shared_data / "gssi" / "DAT_0097.dzt").streams
        path = shared_data / "mala" / "DAT_0097.rd3"
        (mala,) = open_as(Mala(), path, Overrides()).streams
        assert dzt.traces == mala.traces == 645
        assert (dzt.header.samples, mala.header.samples) == (514, 512)
        one = dzt.rows(0, 645).data[:, 2:].astype(np.float64)
        other = mala.rows(0, 645).data.astype(np.float64)
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.99999
        np.testing.assert_allclose(dzt.twt_s[2:], mala.twt_s, rtol=1e-7, atol=1e-16)
        assert dzt.header.trace_spacing_m == pytest.approx(mala.header.trace_spacing_m)
        assert dzt.header.sensor.antenna_hz == mala.header.sensor.antenna_hz == 250e6

    def test_all_lines_of_the_cube_open_alike(self, shared_data: Path) -> None:
        paths = sorted((shared_data / "grid3d").glob("*.DZT"))
        assert len(paths) == 24
        headers = [opened(path).streams[0].header for path in paths]
        assert {head.samples for head in headers} == {512}
        assert {head.trace_spacing_m for head in headers} == {0.02}

    def test_real_files_are_recognised(self, shared_data: Path) -> None:
        for path in (shared_data / "gssi").iterdir():
            certainty = GssiDzt().recognise(Probe.of(path))
            assert (certainty > Certainty.NO) == (path.suffix.lower() == ".dzt"), path

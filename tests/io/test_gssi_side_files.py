"""GSSI .DZG and .DZX: positions, marks and distances beside the data, damaged ones too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.io import Overrides, Recording, open_as
from detectkit.io.gssi.dzt import GssiDzt
from detectkit.io.gssi.dzx import read_dzx

from .writers import gga, nmea, write_dzt


def opened(path: Path) -> Recording:
    return open_as(GssiDzt(), path, Overrides())


def said(recording: Recording, severity: str) -> str:
    return " | ".join(str(one) for one in recording.notices if one.severity == severity)


@pytest.fixture
def ramp() -> npt.NDArray[np.int64]:
    return np.arange(6)[:, None] * 16 + np.arange(12)[None, :] - 40


class TestSideFiles:
    @pytest.fixture
    def line(self, tmp_path: Path, ramp: npt.NDArray[np.int64]) -> Path:
        return write_dzt(tmp_path / "line.DZT", ramp)

    def test_fixes_of_the_dzg_place_the_traces(self, line: Path) -> None:
        rows = [(0, -33.5, -70.25), (4, -33.4, -70.05)]
        text = "".join(
            f"$GSSIS,{scan},-1\r\n"
            f"{gga(latitude=latitude, longitude=longitude, height_m=520.0, quality=4)}\r\n\r\n"
            for scan, latitude, longitude in rows
        )
        line.with_suffix(".dzg").write_text(text)
        recording = opened(line)
        block = recording.streams[0].rows(0, 6)
        np.testing.assert_allclose(block.coord("latitude_deg")[:5], np.linspace(-33.5, -33.4, 5))
        np.testing.assert_allclose(block.coord("longitude_deg")[2], -70.15)
        assert np.isnan(block.coord("latitude_deg")[5])
        assert said(recording, "warning") == ""

    def test_damaged_dzg_lines_are_counted_and_not_used(self, line: Path) -> None:
        good = gga(latitude=10.0, longitude=20.0, height_m=1.0, quality=1)
        wrong_checksum = good[:-2] + ("00" if good[-2:] != "00" else "01")
        lines = [good, "$GSSIS,x,-1", good, "$GSSIS,1,-1", wrong_checksum, good[:30], good]
        lines += ["$GSSIS,2,-1", nmea("GPRMC,1,A"), "\x00\xff\xfe"]
        line.with_suffix(".DZG").write_bytes("\n".join(lines).encode("latin-1"))
        recording = opened(line)
        assert recording.streams[0].header.fixes.row.tolist() == [1.0]
        assert "6 damaged lines" in said(recording, "warning")

    def test_fixes_beyond_the_file_are_reported(self, line: Path) -> None:
        fix = gga(latitude=10.0, longitude=20.0, height_m=1.0, quality=1)
        bad = gga(latitude=11.0, longitude=21.0, height_m=1.0, quality=0)
        line.with_suffix(".DZG").write_text(
            f"$GSSIS,1,-1\n{fix}\n$GSSIS,3,-1\n{bad}\n$GSSIS,6,-1\n{fix}\n"
        )
        recording = opened(line)
        block = recording.streams[0].rows(0, 6)
        assert "1 positions belong to scans beyond the last" in said(recording, "warning")
        assert "1 of its 3 positions are no fix" in said(recording, "warning")
        assert np.isfinite(block.coord("latitude_deg")).tolist() == [
            False, True, False, False, False, False
        ]  # fmt: skip

    def test_empty_dzg_is_reported(self, line: Path) -> None:
        line.with_suffix(".DZG").write_text("")
        assert "no position at all" in said(opened(line), "warning")

    def test_marks_of_the_dzx_are_added(self, line: Path) -> None:
        line.with_suffix(".DZX").write_text(
            '<DZX xmlns="www.geophysical.com/DZX/1.02"><File><Profile>'
            "<WayPt><scan>0</scan></WayPt>"
            "<WayPt><scan>3</scan><mark>User</mark></WayPt>"
            "<WayPt><scan>77</scan><mark>User</mark></WayPt>"
            "</Profile></File></DZX>"
        )
        (stream,) = opened(line).streams
        assert tuple(stream.header.marks) == (4,)
        assert stream.rows(0, 6).coord("mark").tolist() == [0, 0, 0, 1, 0, 0]

    def test_contradicting_distance_of_the_dzx_is_reported(self, line: Path) -> None:
        line.with_suffix(".DZX").write_text(
            "<DZX><horizontalUnit>ft</horizontalUnit><unitsPerScan>0.1</unitsPerScan></DZX>"
        )
        recording = opened(line)
        assert recording.streams[0].header.trace_spacing_m == pytest.approx(0.02)
        assert "the .DZX 0.03048" in said(recording, "warning")

    def test_dzx_that_goes_on_beyond_the_file_is_a_warning(self, line: Path) -> None:
        line.with_suffix(".DZX").write_text("<DZX><scanRange>0,99</scanRange></DZX>")
        assert "scans 0 to 99, the recording has 6" in said(opened(line), "warning")

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("<DZX><File>\n  <scanRange>0,3", "no whole XML"),
            ("", "no whole XML"),
            ("\x00\x01\x02", "no whole XML"),
            (
                '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><DZX>&b;</DZX>',
                "document type",
            ),
            ('<!doctype d SYSTEM "file:///etc/hostname"><DZX/>', "document type"),
        ],
    )
    def test_damaged_or_dangerous_dzx_is_reported_and_the_data_open(
        self, line: Path, text: str, complaint: str
    ) -> None:
        line.with_suffix(".DZX").write_text(text)
        recording = opened(line)
        assert recording.streams[0].traces == 6
        assert complaint in said(recording, "warning")

    def test_cut_dzx_is_reported_with_its_place(self, tmp_path: Path) -> None:
        path = tmp_path / "a.dzx"
        path.write_bytes(b"<DZX>\n<File>\n<bad")
        (notice,) = read_dzx(path).notices
        assert notice.offset is not None
        assert 13 <= notice.offset <= 17

"""Detectors' files: real ones (captured) and those whose every value is known (synthetic)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectkit.core import FormatError, UsageError
from detectkit.io import Format, Overrides, Recording, formats, open_as, open_recording
from detectkit.io.detectors.coil_map import CoilMap
from detectkit.io.detectors.emp400 import Emp400
from detectkit.io.detectors.gf_cmd import GfCmd
from detectkit.io.detectors.magarrow import MagArrow
from detectkit.io.detectors.magdrone import MagDrone
from detectkit.io.flight import write_recording
from detectkit.io.positions.stamps import utc_text_ns

from .writers import write_cmd, write_coil_maps, write_emi, write_magarrow, write_magdrone

SHARED_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def opened(one: Format, path: Path, **settings: str) -> Recording:
    if not path.is_file():
        pytest.skip(f"the real recording {path.name} is not on this machine")
    return open_as(one, path, Overrides(settings))


def said(recording: Recording, severity: str) -> str:
    return " | ".join(str(one) for one in recording.notices if one.severity == severity)


class TestRealFiles:
    def test_magarrow_gives_its_14_rows_and_one_fix(self) -> None:
        recording = opened(
            MagArrow(), SHARED_DATA / "magnetics/geohammer_csv/MagArrow/MagArrow.csv"
        )
        (stream,) = recording.streams
        block = stream.rows(0, 14)
        assert stream.traces == 14
        assert block.quantity == "magnetic_field"
        assert block.data[:3, 0].tolist() == [51383.1835, 51383.468, 51384.0479]
        assert block.coord("time_ns")[0] == utc_text_ns("2020-09-28T13:37:53Z")
        assert set(np.diff(block.coord("time_ns")).tolist()) == {1_000_000}
        assert block.coord("trace_counter")[0] == 4689689
        assert (len(stream.header.fixes), stream.header.fixes.quality[0]) == (1, 2)
        assert block.coord("longitude_deg")[0] == pytest.approx(24.113613, abs=1e-12)
        assert np.isnan(block.coord("longitude_deg")[1:]).all()

    def test_magdrone_takes_no_position_of_a_quality_that_gga_has_not(self) -> None:
        path = SHARED_DATA / "magnetics/geohammer_csv/MagDrone/Magdrone.csv"
        recording = opened(MagDrone(), path)
        (stream,) = recording.streams
        assert (stream.traces, stream.header.samples) == (41, 6)
        assert len(stream.header.fixes) == 2
        assert not stream.header.fixes.valid.any()
        assert "Quality is 11" in said(recording, "warning")
        assert "266,847 samples, the file holds 41" in said(recording, "warning")
        assert stream.header.sensor.serial == "000056"
        block = stream.rows(0, 41)
        assert block.data[0].tolist() == [10195.42, 14678.99, 48024.38, 7772.0, 14712.2, 48514.64]
        assert block.coord("time_ns")[0] == utc_text_ns("2020-10-23T10:10:36.398Z")

    def test_magdrone_takes_them_when_told_the_quality(self) -> None:
        path = SHARED_DATA / "magnetics/geohammer_csv/MagDrone/Magdrone.csv"
        (stream,) = opened(MagDrone(), path, fix_quality="1").streams
        assert stream.header.fixes.valid.tolist() == [True, True]
        assert stream.header.fixes.row.tolist() == [0.0, 40.0]
        assert np.isfinite(stream.rows(0, 41).coord("latitude_deg")).all()

    def test_cmd_gives_conductivity_and_in_phase_of_six_coil_pairs(self) -> None:
        recording = opened(GfCmd(), SHARED_DATA / "metal_detector/middelkerke-hi.dat")
        conductivity, in_phase = recording.streams
        assert (conductivity.traces, in_phase.traces) == (5717, 5717)
        assert (conductivity.header.sensor.unit, in_phase.header.sensor.unit) == ("mS/m", "ppt")
        block = conductivity.rows(0, 1)
        assert block.data[0].tolist() == [10.05, 14.13, 22.42, 29.18, 40.91, 62.29]
        assert in_phase.rows(5716, 5717).data[0].tolist() == [2.44, 2.55, 2.95, 3.77, 5.12, 8.89]
        assert block.coord("latitude_deg")[0] == pytest.approx(51.0 + 8.3406 / 60.0, abs=1e-12)
        assert block.coord("longitude_deg")[0] == pytest.approx(2.0 + 49.0767 / 60.0, abs=1e-12)
        assert block.coord("time_ns")[0] == utc_text_ns("2022-06-09T11:49:05.28Z")
        assert "day/month/year" in said(recording, "assumed")
        other = opened(GfCmd(), SHARED_DATA / "metal_detector/middelkerke-hi.dat", date_order="mdy")
        assert other.streams[0].rows(0, 1).coord("time_ns")[0] == utc_text_ns(
            "2022-09-06T11:49:05.28Z"
        )

    @pytest.mark.parametrize(("name", "shape"), [("Mine01", (50, 47)), ("Metal01", (48, 46))])
    def test_the_object_of_a_coil_map_is_at_its_centre(
        self, name: str, shape: tuple[int, int]
    ) -> None:
        """The strongest answer of the middle coil lies within 0.15 m of the middle of the grid."""
        recording = opened(CoilMap(), SHARED_DATA / f"metal_detector/{name}/coilMch1.csv")
        (stream,) = recording.streams
        assert (stream.traces, stream.header.samples) == (shape[0] * shape[1], 9)
        assert (stream.header.raw["rows"], stream.header.raw["columns"]) == shape
        block = stream.rows(0, stream.traces)
        column = stream.header.raw["channels"].index("coilMch1")
        away = np.abs(block.data[:, column] - np.median(block.data[:, column]))
        strongest = int(np.argmax(away))
        middle = (np.array(shape) - 1) * 0.05 / 2.0
        place = (block.coord("northing_m")[strongest], block.coord("easting_m")[strongest])
        assert np.hypot(*(np.array(place) - middle)) < 0.15
        assert "0.05 m" in said(recording, "assumed")


def test_every_detector_format_is_installed(tmp_path: Path) -> None:
    names = {one.name for one in formats()}
    made = {
        "geometrics-magarrow": write_magarrow(tmp_path / "a", 20),
        "sensys-magdrone": write_magdrone(tmp_path / "b", 20),
        "gf-cmd": write_cmd(tmp_path / "c", 20),
        "gssi-emp400": write_emi(tmp_path / "d", 20),
        "coil-map": write_coil_maps(tmp_path, ["coilLch0"]),
    }
    assert set(made) <= names
    for name, path in made.items():
        assert open_recording(path).format == name


@pytest.mark.parametrize("name", ["a", "b", "c", "d", "coilLch0"])
def test_a_flight_gives_the_same_rows_back(name: str, tmp_path: Path) -> None:
    write_magarrow(tmp_path / "a", 50, bad=[3])
    write_magdrone(tmp_path / "b", 50)
    write_cmd(tmp_path / "c", 50)
    write_emi(tmp_path / "d", 50)
    write_coil_maps(tmp_path, ["coilLch0"]).rename(tmp_path / "coilLch0")
    recording = open_recording(tmp_path / name)
    write_recording(recording, tmp_path / "flight.h5")
    for one, other in zip(
        recording.streams, open_recording(tmp_path / "flight.h5").streams, strict=True
    ):
        block, back = one.rows(0, one.traces), other.rows(0, other.traces)
        np.testing.assert_array_equal(block.data, back.data)
        assert (block.dims, block.quantity) == (back.dims, back.quantity)
        for coord in block.coords:
            np.testing.assert_array_equal(block.coord(coord), back.coord(coord))


def test_what_the_magnetometer_calls_invalid_is_no_number(tmp_path: Path) -> None:
    recording = opened(MagArrow(), write_magarrow(tmp_path / "a", 50, bad=[3, 9]))
    data = recording.streams[0].rows(0, 50).data[:, 0]
    assert np.flatnonzero(np.isnan(data)).tolist() == [3, 9]
    assert "2 of 50 rows are not valid" in said(recording, "warning")


def test_places_between_fixes_are_interpolated(tmp_path: Path) -> None:
    block = opened(MagArrow(), write_magarrow(tmp_path / "a", 50)).streams[0].rows(0, 50)
    expected = 50.1 + np.arange(41) * 1e-7
    np.testing.assert_allclose(block.coord("latitude_deg")[:41], expected, atol=1e-10)


def test_lost_rows_of_the_counter_are_a_gap(tmp_path: Path) -> None:
    path = write_magarrow(tmp_path / "a", 50)
    lines = path.read_text().split("\n")
    path.write_text("\n".join(lines[:20] + lines[25:]))
    blocks = list(opened(MagArrow(), path).streams[0].blocks())
    assert [(one.first_trace, len(one)) for one in blocks] == [(0, 19), (24, 26)]


def test_a_clock_that_was_never_set_gives_elapsed_times_only(tmp_path: Path) -> None:
    cmd = opened(GfCmd(), write_cmd(tmp_path / "c", 50, date="01/07/2000"))
    assert "never set" in said(cmd, "warning")
    coords = cmd.streams[0].rows(0, 50).coords
    assert "time_ns" not in coords
    assert coords["elapsed_s"][1][-1] == 24.5
    arrow = opened(MagArrow(), write_magarrow(tmp_path / "a", 20, date="1980/01/06"))
    assert "never set" in said(arrow, "warning")


@pytest.mark.parametrize("date", ["9026/05/01", "0026/05/01", "2026/13/01"])
def test_a_date_that_cannot_be_is_a_damaged_row(date: str, tmp_path: Path) -> None:
    path = write_magdrone(tmp_path / "b", 20)
    path.write_text(path.read_text().replace("2026/05/01", date, 1))
    recording = opened(MagDrone(), path)
    assert recording.streams[0].traces == 19
    assert "line 7 is no row" in said(recording, "warning")


def test_positions_of_few_satellites_are_none(tmp_path: Path) -> None:
    recording = opened(GfCmd(), write_cmd(tmp_path / "c", 50, satellites=3))
    assert not recording.streams[0].header.fixes.valid.any()
    assert "50 of 50 rows have no position" in said(recording, "warning")


def test_emp400_takes_no_position_without_a_quality(tmp_path: Path) -> None:
    path = write_emi(tmp_path / "d", 20, with_quality=False)
    recording = opened(Emp400(), path)
    assert "tells no fix quality" in said(recording, "warning")
    assert not recording.streams[0].header.fixes.valid.any()
    given = opened(Emp400(), path, fix_quality="1").streams
    assert given[0].header.fixes.valid.all()
    assert [one.header.sensor.id for one in given] == ["in-phase", "quadrature", "conductivity"]
    assert given[0].rows(3, 4).data.tolist() == [[3.5, 3.75]]


def test_decimal_commas_are_reported(tmp_path: Path) -> None:
    path = write_magdrone(tmp_path / "b", 20)
    head, rows = path.read_text().split("hh:mm:ss.sss];\n")
    path.write_text(head + "hh:mm:ss.sss];\n" + rows.replace(".", ","))
    recording = opened(MagDrone(), path)
    assert recording.streams[0].traces == 0
    assert "decimal commas" in said(recording, "warning")


def test_swapped_and_missing_columns_are_refused(tmp_path: Path) -> None:
    path = write_magarrow(tmp_path / "a", 20)
    path.write_text(path.read_text().replace("MagValid", "Valid", 1))
    with pytest.raises(FormatError, match=r"line 1, byte 0.*expected Counter, .*MagValid"):
        opened(MagArrow(), path)


def test_coil_maps_of_another_size_are_left_out_and_said(tmp_path: Path) -> None:
    path = write_coil_maps(tmp_path, ["coilLch0", "coilMch0"])
    write_coil_maps(tmp_path, ["coilRch0"], rows=7)
    recording = opened(CoilMap(), path)
    assert recording.streams[0].header.raw["channels"] == ["coilLch0", "coilMch0"]
    assert "coilRch0 has (7, 9) cells" in said(recording, "warning")


def test_a_ragged_coil_map_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write_coil_maps(tmp_path, ["coilLch0"])
    path.write_text(path.read_text() + "1,2,3\n")
    with pytest.raises(FormatError, match=r"line 13, byte \d+: 3 numbers, expected 9"):
        opened(CoilMap(), path)


def test_the_cells_of_a_coil_map_can_be_given(tmp_path: Path) -> None:
    path = write_coil_maps(tmp_path, ["coilLch0"])
    block = opened(CoilMap(), path, cell_m="0.1").streams[0].rows(0, 108)
    assert block.coord("easting_m")[8] == pytest.approx(0.8)
    assert block.coord("northing_m")[-1] == pytest.approx(1.1)
    with pytest.raises(UsageError, match="above 0"):
        opened(CoilMap(), path, cell_m="0")

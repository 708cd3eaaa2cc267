"""indications.csv and indications.geojson: the machine-readable contract."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detectkit.core import Evidence, Indication
from detectkit.product.tables import COLUMNS, indication_row, write_csv, write_geojson

FULL = Indication(
    line='wall "A", left',
    trace=124,
    first_trace=118,
    last_trace=131,
    along_track_m=1.23456789,
    longitude_deg=30.123456789123,
    latitude_deg=-50.98765432198,
    twt_s=4.56789e-9,
    depth_m=0.2283945,
    depth_error_m=0.0211111,
    velocity_m_per_s=1.0e8,
    velocity_source="given",
    score=7.65432,
    rank=1,
    evidence=(Evidence("width_m", 0.14, "m"), Evidence("duration_s", 1.2e-9, "s")),
    recording="LINE0.DT1",
    pipeline_sha256="ab" * 32,
)
UNKNOWN = replace(FULL, rank=2, along_track_m=None, longitude_deg=None, latitude_deg=None)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


class TestCsv:
    def test_the_columns_are_the_contract(self, tmp_path: Path) -> None:
        write_csv([], tmp_path / "a.csv")
        assert (tmp_path / "a.csv").read_text(encoding="utf-8").strip() == ",".join(COLUMNS)
        assert COLUMNS[:6] == ("rank", "line", "along_track_m", "trace", "lon", "lat")
        assert {"depth_m", "depth_error_m", "score", "recording", "pipeline_sha256"} < set(COLUMNS)

    def test_values_come_back_to_the_digits_that_mean_something(self, tmp_path: Path) -> None:
        write_csv([FULL], tmp_path / "a.csv")
        (row,) = rows(tmp_path / "a.csv")
        assert row["line"] == FULL.line
        assert float(row["lon"]) == pytest.approx(FULL.longitude_deg, abs=1e-8)
        assert float(row["lat"]) == pytest.approx(FULL.latitude_deg, abs=1e-8)
        assert (row["along_track_m"], row["depth_m"], row["depth_error_m"]) == (
            "1.2346",
            "0.2284",
            "0.0211",
        )
        assert (row["twt_ns"], row["score"], row["rank"]) == ("4.5679", "7.654", "1")
        assert (row["first_trace"], row["trace"], row["last_trace"]) == ("118", "124", "131")
        assert row["evidence"] == "width_m=0.14 duration_s=1.2e-09"
        assert (row["status"], row["evidence_class"]) == ("unverified", "sensor_indication")

    def test_what_is_not_known_is_an_empty_cell(self, tmp_path: Path) -> None:
        strange = replace(UNKNOWN, along_track_m=math.nan, depth_error_m=math.inf)
        write_csv([UNKNOWN, strange], tmp_path / "a.csv")
        first, second = rows(tmp_path / "a.csv")
        for row in (first, second):
            assert row["along_track_m"] == row["lon"] == row["lat"] == ""
        assert second["depth_error_m"] == ""
        assert "nan" not in (tmp_path / "a.csv").read_text(encoding="utf-8").lower()

    def test_the_same_indications_give_the_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            write_csv([FULL, UNKNOWN], tmp_path / f"{name}.csv")
            write_geojson([FULL, UNKNOWN], tmp_path / f"{name}.json")
        assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
        assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def check_rfc7946(document: dict[str, Any]) -> None:
    """Fail unless it is a FeatureCollection of Points as RFC 7946 wants it."""
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document, "RFC 7946 section 4: always WGS 84"
    for feature in document["features"]:
        assert feature["type"] == "Feature"
        assert isinstance(feature["properties"], dict)
        geometry = feature["geometry"]
        assert geometry["type"] == "Point"
        longitude, latitude = geometry["coordinates"]
        assert -180.0 <= longitude <= 180.0
        assert -90.0 <= latitude <= 90.0


class TestGeoJson:
    def test_it_is_valid_with_longitude_first(self, tmp_path: Path) -> None:
        assert write_geojson([FULL, UNKNOWN], tmp_path / "a.geojson") == 1
        text = (tmp_path / "a.geojson").read_text(encoding="utf-8")
        document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        check_rfc7946(document)
        (feature,) = document["features"]
        assert feature["geometry"]["coordinates"] == [30.12345679, -50.98765432]
        assert feature["properties"].keys() == set(COLUMNS) - {"lon", "lat"}
        assert feature["properties"]["rank"] == 1

    def test_what_is_not_known_is_null(self, tmp_path: Path) -> None:
        one = replace(FULL, along_track_m=None, depth_error_m=math.nan)
        write_geojson([one], tmp_path / "a.geojson")
        document = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))
        properties = document["features"][0]["properties"]
        assert properties["along_track_m"] is None
        assert properties["depth_error_m"] is None

    @pytest.mark.parametrize(
        "place",
        [
            {"longitude_deg": None, "latitude_deg": None},
            {"longitude_deg": None},
            {"latitude_deg": None},
            {"longitude_deg": math.nan},
            {"latitude_deg": math.inf},
        ],
    )
    def test_without_a_whole_position_none_is_written(
        self, tmp_path: Path, place: dict[str, float | None]
    ) -> None:
        assert write_geojson([replace(FULL, **place)], tmp_path / "a.geojson") == 0  # type: ignore[arg-type]
        assert not (tmp_path / "a.geojson").exists()


def test_a_row_has_every_column_and_no_other() -> None:
    assert tuple(indication_row(FULL)) == COLUMNS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_with_the_name_of_the_file() -> None:
    for write in (write_csv, write_geojson):
        with pytest.raises(OSError, match="No space") as caught:
            write([FULL] * 1000, Path("/dev/full"))
        assert caught.value.filename == "/dev/full"

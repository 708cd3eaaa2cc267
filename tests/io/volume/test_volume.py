"""A volume goes to disk and comes back; what is broken or not ours says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from detectkit.core import DetectkitError, FormatError, ShapeError, UsageError, VoxelGrid
from detectkit.io.volume import (
    Extent,
    ScratchTiles,
    VolumeWriteError,
    VolumeWriter,
    is_volume,
    open_volume,
)

WKT = CRS.from_proj4("+proj=tmerc +lat_0=40 +lon_0=47 +k=1 +x_0=0 +y_0=0 +datum=WGS84").to_wkt()
GRID = VoxelGrid(0.05, 0.02, depths=5, first_depth_m=0.1, tile=4, crs_wkt=WKT)
TILES = ((-1, 2), (1, 3))


def values_of(index: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(abs(hash(index)))
    values = rng.normal(size=(4, 4, 5)).astype(np.float32)
    values[0] = np.nan
    return values


def write(path: Path, *, grid: VoxelGrid = GRID) -> Path:
    told = {"velocity_m_per_s": 1.0e8, "recordings": [{"file": "a.dzt", "sha256": "00"}]}
    with VolumeWriter(path, grid, Extent.around(TILES), attributes=told) as volume:
        for index in TILES:
            one = values_of(index)
            volume.put(index, {"amplitude": one, "coherence": one * 0.5, "weight": one * 2})
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "volume.zarr")


def test_what_is_written_comes_back_to_the_bit(path: Path) -> None:
    volume = open_volume(path)
    assert volume.grid == GRID
    assert volume.extent == Extent(east=(-1, 2), north=(2, 4))
    assert volume.shape == (12, 8, 5)
    assert tuple(volume.tiles()) == TILES
    np.testing.assert_array_equal(volume.read("amplitude", east=slice(0, 4), north=slice(0, 4)),
                                  values_of((-1, 2)))  # fmt: skip
    np.testing.assert_array_equal(volume.read("weight", east=slice(8, 12), north=slice(4, 8)),
                                  values_of((1, 3)) * 2)  # fmt: skip
    assert np.isnan(volume.read("amplitude", east=slice(4, 8))).all()
    assert volume.easting_m[0] == -0.2
    assert volume.northing_m[[0, -1]].tolist() == [0.4, 0.75]
    assert volume.depth_m.tolist() == [0.1, 0.12, 0.14, 0.16, 0.18]
    assert volume.attributes["velocity_m_per_s"] == 1.0e8
    assert "NaN = not imaged" in volume.attributes["not_imaged"]


def test_equal_values_have_equal_digests(path: Path, tmp_path: Path) -> None:
    digest = open_volume(path).digest()
    assert open_volume(write(tmp_path / "again.zarr")).digest() == digest
    shutil.rmtree(path / "weight" / "c" / "0")
    assert open_volume(path).digest() != digest


def test_only_tiles_with_values_take_room(path: Path) -> None:
    assert len(list((path / "amplitude" / "c").glob("*/*/0"))) == len(TILES)


def test_xarray_opens_it_with_axes_units_and_frame(path: Path) -> None:
    with xr.open_zarr(path, consolidated=False) as opened:
        assert opened.amplitude.dims == ("easting", "northing", "depth")
        assert opened.depth.attrs["positive"] == "down"
        assert opened.easting.attrs["standard_name"] == "projection_x_coordinate"
        assert opened.easting.attrs["units"] == "m"
        mapping = opened[opened.amplitude.attrs["grid_mapping"]]
        assert CRS.from_wkt(mapping.attrs["crs_wkt"]) == CRS.from_wkt(WKT)
        assert mapping.attrs["grid_mapping_name"] == "transverse_mercator"
        near = opened.amplitude.sel(easting=-0.15, northing=0.4, depth=0.14, method="nearest")
        assert float(near) == values_of((-1, 2))[1, 0, 2]


def test_without_a_frame_there_is_none(tmp_path: Path) -> None:
    grid = VoxelGrid(0.05, 0.02, depths=5, tile=4)
    volume = open_volume(write(tmp_path / "v.zarr", grid=grid))
    assert volume.grid.crs_wkt == ""
    assert not (volume.path / "crs").exists()


def test_a_failed_volume_leaves_nothing_and_the_earlier_one_stands(path: Path) -> None:
    before = open_volume(path).read("amplitude")

    def fail() -> None:
        with VolumeWriter(path, GRID, Extent.around(TILES)):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    np.testing.assert_array_equal(open_volume(path).read("amplitude"), before)
    write(path)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_nothing_but_a_volume_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "zarr.json").write_text('{"attributes": {}}')
    with pytest.raises(UsageError, match="is no volume of detectkit"):
        VolumeWriter(tmp_path / "notes", GRID, Extent.around(TILES))
    with pytest.raises(UsageError, match="does not exist; make it first"):
        VolumeWriter(tmp_path / "nowhere" / "v.zarr", GRID, Extent.around(TILES))
    with pytest.raises(UsageError, match="no trace reached a voxel"):
        Extent.around([])


def test_a_tile_must_fit(tmp_path: Path) -> None:
    def put(index: tuple[int, int], shape: tuple[int, int, int]) -> None:
        names = ("amplitude",)
        with VolumeWriter(tmp_path / "v", GRID, Extent.around(TILES), variables=names) as volume:
            volume.put(index, {"amplitude": np.ones(shape, np.float32)})

    with pytest.raises(ShapeError):
        put((0, 2), (4, 4, 6))
    with pytest.raises(ShapeError):
        put((2, 2), (4, 4, 5))
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_volume_says_so(tmp_path: Path) -> None:
    (tmp_path / "file.zarr").write_bytes(b"\0")
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(FormatError, match="a volume is a folder"):
        open_volume(tmp_path / "file.zarr")
    with pytest.raises(FormatError, match="made by: detectkit image"):
        open_volume(tmp_path / "empty.zarr")


def test_a_variable_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(UsageError, match="has no 'fold'; it has amplitude, coherence, weight"):
        open_volume(path).read("fold")


def test_a_later_layout_is_refused(path: Path) -> None:
    header = path / "zarr.json"
    header.write_text(header.read_text().replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(FormatError, match="version 2"):
        open_volume(path)


def test_a_flipped_bit_of_a_chunk_is_noticed(path: Path) -> None:
    chunk = path / "amplitude" / "c" / "0" / "0" / "0"
    raw = bytearray(chunk.read_bytes())
    raw[len(raw) // 2] ^= 0x40
    chunk.write_bytes(raw)
    with pytest.raises(FormatError, match="damaged or cut off"):
        open_volume(path).read("amplitude")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_no_damage_raises_anything_but_our_errors(path: Path, seed: int) -> None:
    """Files cut, changed or removed: a FormatError, or values that were not touched."""
    rng = np.random.default_rng(seed)
    copy = path.with_name("copy.zarr")
    shutil.copytree(path, copy)
    try:
        files = sorted(one for one in copy.rglob("*") if one.is_file())
        victim = files[rng.integers(len(files))]
        raw = bytearray(victim.read_bytes())
        match rng.integers(4):
            case 0:
                victim.unlink()
            case 1:
                victim.write_bytes(raw[: rng.integers(len(raw))])
            case 2:
                raw[rng.integers(len(raw))] = rng.integers(256)
                victim.write_bytes(raw)
            case _:
                victim.write_text(json.dumps({"attributes": {"format": "detectkit-volume"}}))
        try:
            volume = open_volume(copy)
            for name in volume.variables:
                volume.read(name, depth=slice(0, 2))
        except DetectkitError:
            pass
    finally:
        shutil.rmtree(copy)


def test_scratch_tiles_give_back_to_the_bit_and_go(tmp_path: Path) -> None:
    sums = np.random.default_rng(1).normal(size=(4, 4, 4, 5)).astype(np.float32)
    with ScratchTiles(tmp_path / "v.zarr", GRID) as tiles:
        tiles.put((3, -1), sums)
        tiles.put((-2, 7), sums * 2)
        tiles.put((3, -1), sums * 3)
        assert list(tiles.indices()) == [(-2, 7), (3, -1)]
        got = tiles.get((3, -1))
        assert got is not None
        assert got.tobytes() == (sums * 3).tobytes()
        assert tiles.get((0, 0)) is None
    assert list(tmp_path.iterdir()) == []


def test_scratch_tiles_need_a_folder(tmp_path: Path) -> None:
    with pytest.raises(VolumeWriteError, match="choose another folder"):
        ScratchTiles(tmp_path / "nowhere" / "v.zarr", GRID)


def test_a_folder_of_another_program_is_no_volume(tmp_path: Path) -> None:
    assert not is_volume(tmp_path)

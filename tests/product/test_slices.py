"""Pictures of a volume: what is cut is what was imaged, and the words say what cannot be said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectkit.core import UsageError, VoxelGrid
from detectkit.geo import SiteFrame
from detectkit.io.volume import Extent, Volume, VolumeWriter, open_volume
from detectkit.product import slices, volume_cuts
from detectkit.product.slices import draw_projections, draw_section, draw_slices, words_of
from detectkit.product.volume_cuts import Cuts, Section, Shown, usual_depths
from detectkit.volume.peaks import Peak

PEAK = Peak(0.4, 0.3, None, None, 0.1, 0.01, 9.0, 0.9, 5.0, 20.0)
Make = Callable[..., Volume]


def cut(volume: Volume, **options: object) -> Cuts:
    return volume_cuts.cut(Shown.of(volume), **options)  # type: ignore[arg-type]


def section(volume: Volume, corners_m: np.ndarray) -> Section:
    return volume_cuts.section(Shown.of(volume), corners_m)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a maker of volumes of 3 x 2 tiles of 8 x 8 columns; the last tile is not imaged."""

    def made(*, name: str = "v.zarr", crs_wkt: str = "", **told: object) -> Volume:
        grid = VoxelGrid(0.05, 0.05, depths=6, tile=8, crs_wkt=crs_wkt)
        random = np.random.default_rng(3)
        with VolumeWriter(
            tmp_path / name, grid, Extent((0, 3), (0, 2)), variables=("amplitude",), attributes=told
        ) as writer:
            for index in ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0)):
                values = random.uniform(1.0, 2.0, (8, 8, 6)).astype(np.float32)
                if index[0] == 0:
                    values[:2] = np.nan
                if index == (1, 0):
                    values[0, 6, 2] = 50.0
                writer.put(index, {"amplitude": values})
        return open_volume(tmp_path / name)

    return made


class TestCuts:
    def test_pixels_are_voxels_where_they_fit(self, make: Make) -> None:
        volume = make()
        whole = volume.read("amplitude")
        found = cut(volume, depths_m=[0.1, 0.125], band_m=(0.05, 0.2))
        assert found.columns_per_pixel == 1
        assert found.edges_m == pytest.approx((0.075, 1.175, -0.025, 0.775))
        np.testing.assert_array_equal(found.slices[0.1], whole[2:, :, 2])
        np.testing.assert_allclose(found.slices[0.125], whole[2:, :, 2:4].mean(axis=2), rtol=1e-6)
        assert np.isnan(found.maximum[14:, 8:]).all(), "the tile without traces"
        at = np.unravel_index(np.nanargmax(found.maximum), found.maximum.shape)
        assert at == (6, 6)
        assert found.depth_of_maximum_m[at] == np.float32(0.1)
        assert found.band_m == (0.05, 0.2)

    def test_a_small_body_stays_in_a_small_picture(self, make: Make) -> None:
        found = cut(make(), depths_m=[0.1], widest=6)
        assert found.columns_per_pixel == 4
        assert found.maximum.shape == (6, 4)
        assert np.nanmax(found.maximum) == 50.0
        at = np.unravel_index(np.nanargmax(found.maximum), found.maximum.shape)
        assert found.depth_of_maximum_m[at] == np.float32(0.1)
        assert np.nanmax(found.slices[0.1]) == 50.0

    @pytest.mark.parametrize("widest", [24, 10, 5])
    def test_reading_in_pieces_changes_nothing(
        self, make: Make, monkeypatch: pytest.MonkeyPatch, widest: int
    ) -> None:
        volume = make()
        whole = cut(volume, depths_m=[0.1, 0.16], widest=widest)
        monkeypatch.setattr(volume_cuts, "BOX_COLUMNS", 6)
        parts: list[tuple[int, int]] = []
        again = cut(
            volume,
            depths_m=[0.1, 0.16],
            widest=widest,
            progress=lambda done, total: parts.append((done, total)),
        )
        assert len(parts) > 4
        assert parts[-1][0] == parts[-1][1]
        for one, other in zip(
            (*whole.slices.values(), whole.maximum, whole.depth_of_maximum_m, whole.energy),
            (*again.slices.values(), again.maximum, again.depth_of_maximum_m, again.energy),
            strict=True,
        ):
            np.testing.assert_array_equal(one, other)

    def test_no_more_is_read_than_a_piece(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(volume_cuts, "BOX_COLUMNS", 8)
        monkeypatch.setattr(volume_cuts, "PLACES", 8)
        sizes: list[int] = []
        read = Volume.read

        def counted(self: Volume, *args: object, **options: object) -> np.ndarray:
            found = read(self, *args, **options)  # type: ignore[arg-type]
            sizes.append(found.size)
            return found

        monkeypatch.setattr(Volume, "read", counted)
        volume = make()
        cut(volume, depths_m=[0.1])
        section(volume, np.array([[0.1, 0.0], [1.0, 0.7]]))
        assert max(sizes) <= 10 * 10 * 6

    def test_a_depth_the_volume_lacks_is_told(self, make: Make) -> None:
        with pytest.raises(UsageError, match=r"holds 0 to 0\.25 m"):
            cut(make(), depths_m=[0.7])

    def test_what_few_traces_see_from_afar_counts_as_not_imaged(self, tmp_path: Path) -> None:
        """Beyond the last line weights fall by orders of magnitude, and amplitudes mean nothing."""
        weight = np.ones((8, 8, 6), np.float32)
        weight[6] = 0.04
        parts = {"amplitude": np.ones_like(weight) / weight, "weight": weight}
        grid = VoxelGrid(0.05, 0.05, depths=6, tile=8)
        with VolumeWriter(
            tmp_path / "w.zarr", grid, Extent.around([(0, 0)]), variables=("amplitude", "weight")
        ) as writer:
            writer.put((0, 0), parts)
        volume = open_volume(tmp_path / "w.zarr")
        found = cut(volume, depths_m=[0.1])
        assert np.isnan(found.maximum[6]).all()
        assert np.nanmax(found.maximum) == 1.0
        assert not Shown.of(volume).holds(0.3, 0.1, 0.1)
        assert Shown.of(volume).holds(0.25, 0.1, 0.1)
        whole = volume_cuts.cut(Shown.of(volume, least_weight=0.0), depths_m=[0.1])
        assert np.nanmax(whole.maximum) == 25.0

    @pytest.mark.parametrize(
        ("depths", "wanted"),
        [
            (np.arange(25) * 0.025, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
            (np.arange(41) * 0.05, [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0]),
            (np.array([0.1]), [0.1]),
        ],
    )
    def test_depths_that_nobody_named_are_round(
        self, depths: np.ndarray, wanted: list[float]
    ) -> None:
        assert usual_depths(depths) == wanted


class TestSections:
    def test_along_a_row_of_columns_it_is_that_row(self, make: Make) -> None:
        volume = make()
        found = section(volume, np.array([[0.1, 0.3], [1.15, 0.3]]))
        np.testing.assert_array_equal(found.values, volume.read("amplitude")[2:24, 6])
        assert found.along_m == pytest.approx(1.05)
        assert found.depth_edges_m == pytest.approx((-0.025, 0.275))

    def test_pieces_change_nothing(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        volume, corners = make(), np.array([[-0.3, -0.2], [0.6, 0.7], [1.4, 0.1]])
        whole = section(volume, corners)
        monkeypatch.setattr(volume_cuts, "PLACES", 5)
        np.testing.assert_array_equal(section(volume, corners).values, whole.values)
        assert np.isnan(whole.values[0]).all()

    def test_where_nothing_was_imaged_the_extent_is_told(self, make: Make) -> None:
        with pytest.raises(UsageError, match=r"reaches from 0 to 1\.15 m east, 0 to 0\.75 m north"):
            section(make(), np.array([[5.0, 5.0], [6.0, 5.0]]))


class TestPictures:
    def test_they_are_drawn_with_peaks_and_what_was_not_imaged(
        self, make: Make, tmp_path: Path
    ) -> None:
        volume = make()
        cuts = cut(volume, depths_m=[0.1, 0.2])
        text = words_of(volume)
        for name, draw in (("s", draw_slices), ("p", draw_projections)):
            draw(cuts, tmp_path / f"{name}.png", text=text)
            draw(cuts, tmp_path / f"{name}-marked.png", text=text, peaks=[PEAK])
            plain, marked = (picture(tmp_path / f"{name}{end}.png") for end in ("", "-marked"))
            assert plain.shape[1] == 1430
            assert share_of(plain, "#D55E00") == 0.0
            assert share_of(marked, "#D55E00") > 5e-5
            assert share_of(plain, "#DBDBDB") > 0.02, "grey: not imaged"

    def test_a_section_says_how_it_is_stretched(
        self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notes: list[str] = []
        finish = slices._finish
        monkeypatch.setattr(
            slices, "_finish", lambda *args: (notes.append(args[-1]), finish(*args))
        )
        volume = make()
        draw_section(
            section(volume, np.array([[0.1, 0.3], [0.6, 0.3]])), tmp_path / "a.png",
            text=words_of(volume),
        )  # fmt: skip
        assert picture(tmp_path / "a.png").shape[1] == 1430
        assert "Depth and distance at one scale" in notes[0]

    def test_the_same_volume_gives_the_same_bytes(self, make: Make, tmp_path: Path) -> None:
        volume = make()
        for name in ("a.png", "b.png"):
            draw_slices(cut(volume, depths_m=[0.1]), tmp_path / name, text=words_of(volume))
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()

    def test_one_spike_does_not_darken_the_rest(self) -> None:
        plane = np.ones((100, 100), np.float32)
        plane[3, 3] = 1e6
        assert slices._scale("amplitude", [plane]).norm.vmax == pytest.approx(5.0)
        plane[3, 3] = 4.0
        assert slices._scale("amplitude", [plane]).norm.vmax == pytest.approx(2.0)

    def test_a_place_that_cannot_be_written_is_named(self, make: Make, tmp_path: Path) -> None:
        volume = make()
        with pytest.raises(OSError, match="No such file") as caught:
            draw_slices(
                cut(volume, depths_m=[0.1]), tmp_path / "none" / "a.png", text=words_of(volume)
            )
        assert str(caught.value.filename).endswith("a.png")


class TestWords:
    def test_velocity_and_its_error_stand_in_the_title(self, make: Make) -> None:
        told = {"velocity_m_per_s": 1e8, "velocity_error": 0.05, "velocity_source": "measured"}
        found = words_of(make(name="[a] $x^{$.zarr", **told))
        assert found.source == "[a] $x^{$.zarr, velocity 0.1 m/ns ± 5 % (measured)"
        assert "does not mean that nothing is there" in found.note.replace("\n", " ")
        assert "no place on the globe" in found.note

    def test_what_is_not_known_is_said(self, make: Make) -> None:
        assert "velocity not told" in words_of(make()).source
        assert "its error not known" in words_of(make(velocity_m_per_s=1e8)).source

    def test_a_simulation_is_called_one(self, make: Make) -> None:
        assert words_of(make(simulated=True)).source.startswith("SIMULATED")

    def test_the_corner_stands_on_the_globe(self, make: Make) -> None:
        found = words_of(make(crs_wkt=SiteFrame(46.9, 40.0).crs_wkt))
        assert "longitude 46.9000000°, latitude 40.0000000°" in found.note


def picture(path: Path) -> np.ndarray:
    return np.asarray(cv2.imread(str(path)), np.int32)


def share_of(image: np.ndarray, colour: str) -> float:
    """Return the share of pixels near a colour (#rrggbb)."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (5, 3, 1)])
    return float((np.abs(image - wanted).max(axis=2) < 8).mean())

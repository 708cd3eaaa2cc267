"""Where lines without positions ran: by a tape's points, stretched to the wheel's distance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectkit.core import Block, FormatError, UsageError
from detectkit.volume.tracks import LineTrack, read_track


def block(along: list[float] | None, numbers: list[int] | None = None) -> Block:
    count = len(along if along is not None else numbers or [])
    coords = {"source_trace": ("trace", np.array(numbers or range(count)))}
    if along is not None:
        coords["along_track_m"] = ("trace", np.array(along))
    return Block(np.zeros((count, 2), np.float32), coords=coords, line="L7")


def places(track: LineTrack, one: Block) -> np.ndarray:
    placed = track.placed(one)
    return np.column_stack([placed.coord("easting_m"), placed.coord("northing_m")])


def test_a_line_goes_around_its_corners() -> None:
    track = LineTrack(np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0]]), None, 4)
    found = places(track, block([0.0, 1.5, 2.5, 3.0]))
    np.testing.assert_allclose(found, [[0, 0], [1.5, 0], [2, 0.5], [2, 1]])


def test_the_wheel_is_stretched_to_the_tape() -> None:
    track = LineTrack(np.array([[0.0, 5.0], [9.0, 5.0]]), 9.2, 461)
    found = places(track, block([0.0, 4.6, 9.2]))
    np.testing.assert_allclose(found[:, 0], [0.0, 4.5, 9.0])


def test_without_distance_traces_stand_evenly() -> None:
    track = LineTrack(np.array([[0.0, 0.0], [0.0, 8.0]]), None, 5)
    found = places(track, block(None, [0, 1, 4]))
    np.testing.assert_allclose(found[:, 1], [0.0, 2.0, 8.0])


def test_nothing_is_made_up_beyond_the_ends() -> None:
    track = LineTrack(np.array([[0.0, 0.0], [1.0, 0.0]]), None, 4)
    found = places(track, block([-0.2, 0.0, 1.0, 1.2]))
    assert np.isnan(found[[0, 3]]).all()
    np.testing.assert_array_equal(found[1:3, 0], [0.0, 1.0])


def test_a_single_line_runs_east_from_zero() -> None:
    found = places(LineTrack(None, 2.0, 3), block([0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(found, [[0, 0], [1, 0], [2, 0]])
    with pytest.raises(UsageError, match="neither a position nor a distance; give --tracks"):
        places(LineTrack(None, None, 3), block(None, [0, 1, 2]))


def test_the_track_of_another_line_is_noticed() -> None:
    with pytest.raises(UsageError, match="the track of another line"):
        LineTrack(np.array([[0.0, 0.0], [9.0, 0.0]]), 4.0, 201)


def test_tracks_are_read_from_plain_text(tmp_path: Path) -> None:
    file = tmp_path / "track.txt"
    file.write_text("# x y z\n0.00\t0.20\t0.00\n9.00, 0.20\n\n")
    np.testing.assert_array_equal(read_track(file), [[0.0, 0.2], [9.0, 0.2]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 0\n", "two different points"),
        ("0 0\n0 0\n", "two different points"),
        ("0 0\nnan 1\n", "two different points"),
        ("0 0\n1 north\n", "row 2"),
        ("0\n", "row 1"),
    ],
)
def test_what_is_no_track_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "track.txt"
    file.write_text(text)
    with pytest.raises(FormatError, match=said):
        read_track(file)


def test_a_missing_track_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        read_track(tmp_path / "no.txt")

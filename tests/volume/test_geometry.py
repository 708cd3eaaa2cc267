"""Where the antennas of each trace were: by position, heading, tilt and what the radar saw."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import Block, Sensor, UsageError, concat
from detectkit.geo import SiteFrame
from detectkit.imaging.backprojection import Antennas
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S, two_way_time_s
from detectkit.volume.geometry import Placing

FRAME = SiteFrame(47.0, 40.0)


def flown(east: np.ndarray, north: np.ndarray, *, separation_m: float = 0.2, **coords) -> Block:
    longitude, latitude = FRAME.to_geographic(east, north)
    columns = {"longitude_deg": longitude, "latitude_deg": latitude, **coords}
    return Block(
        np.arange(east.size * 3, dtype=np.float32).reshape(-1, 3),
        coords={
            "twt_s": ("delay", np.arange(3) * 1e-10),
            **{name: ("trace", np.asarray(values, float)) for name, values in columns.items()},
        },
        sensor=Sensor(antenna_separation_m=separation_m),
    )


def placed(blocks: list[Block], placing: Placing | None = None) -> tuple[np.ndarray, Antennas]:
    placing = placing or Placing(FRAME)
    parts = [one for block in blocks for one in placing.push(block)]
    parts += placing.finish()
    names = ("transmitter", "receiver", "slope", "boresight", "zero_twt_s")
    joined = [np.concatenate([getattr(one.antennas, name) for one in parts]) for name in names]
    return np.concatenate([one.traces for one in parts]), Antennas(*joined)


def test_antennas_stand_fore_and_aft_along_the_course() -> None:
    north = np.arange(30) * 0.02
    _, antennas = placed([flown(np.full(30, 5.0), north)])
    np.testing.assert_allclose(antennas.transmitter[:, 0], 5.0, atol=1e-5)
    np.testing.assert_allclose(antennas.transmitter[:, 1], north + 0.1, atol=1e-5)
    np.testing.assert_allclose(antennas.receiver[:, 1], north - 0.1, atol=1e-5)
    np.testing.assert_array_equal(antennas.receiver[:, 2], 0.0)


def test_a_heading_that_was_measured_wins_over_the_course() -> None:
    north = np.arange(30) * 0.02
    _, antennas = placed([flown(np.zeros(30), north, yaw_rad=np.full(30, np.pi / 2))])
    np.testing.assert_allclose(antennas.transmitter[:, 0], 0.1, atol=1e-5)
    np.testing.assert_allclose(antennas.transmitter[:, 1], north, atol=1e-5)


def test_nose_up_lifts_the_front_and_looks_ahead_roll_looks_aside() -> None:
    level = {"yaw_rad": np.zeros(8), "height_m": np.ones(8)}
    east, north = np.zeros(8), np.arange(8) * 0.05
    up = {"roll_rad": np.zeros(8), "pitch_rad": np.full(8, 0.1)}
    _, pitched = placed([flown(east, north, **level, **up)])
    np.testing.assert_allclose(pitched.transmitter[:, 2], 1.0 + 0.1 * np.sin(0.1))
    np.testing.assert_allclose(pitched.boresight[0], [0.0, np.sin(0.1), -np.cos(0.1)], atol=1e-12)
    right = {"roll_rad": np.full(8, 0.1), "pitch_rad": np.zeros(8)}
    _, rolled = placed([flown(east, north, **level, **right)])
    np.testing.assert_allclose(rolled.boresight[0], [-np.sin(0.1), 0.0, -np.cos(0.1)], atol=1e-12)


@given(
    yaw=st.floats(-3.0, 3.0),
    pitch=st.floats(-1.0, 1.0),
    roll=st.floats(-1.0, 1.0),
)
def test_the_attitude_turns_as_everywhere_else(yaw: float, pitch: float, roll: float) -> None:
    from detectkit.geo import arm_to_ned

    angles = {"yaw_rad": yaw, "pitch_rad": pitch, "roll_rad": roll}
    columns = {name: np.full(4, one) for name, one in angles.items()}
    block = flown(np.zeros(4), np.arange(4) * 0.1, **columns)
    _, antennas = placed([block])
    for arm, found in (
        ((0.2, 0.0, 0.0), antennas.transmitter[0] - antennas.receiver[0]),
        ((0.0, 0.0, 1.0), antennas.boresight[0]),
    ):
        north, east, down = arm_to_ned(arm, **angles)
        np.testing.assert_allclose(found, [east, north, -down], atol=1e-6)


def test_height_is_what_the_radar_saw_not_what_the_altimeter_said() -> None:
    removed = two_way_time_s(
        np.array([0.5, 0.7]), velocity_m_per_s=SPEED_OF_LIGHT_M_S, separation_m=0.2
    )
    told = {"height_m": [9.0, 9.0], "removed_twt_s": removed, "yaw_rad": [0.0, 0.0]}
    _, antennas = placed([flown(np.zeros(2), np.array([0.0, 0.1]), **told)])
    np.testing.assert_allclose(antennas.transmitter[:, 2], [0.5, 0.7])
    np.testing.assert_array_equal(antennas.zero_twt_s, removed)


def test_rows_without_a_place_are_counted_and_left_out() -> None:
    block = flown(
        np.array([0.0, np.nan, 0.2, 0.4]), np.zeros(4), removed_twt_s=[1e-9, 1e-9, np.nan, 1e-9]
    )
    placing = Placing(FRAME)
    traces, antennas = placed([block], placing)
    np.testing.assert_array_equal(traces, block.data[[0, 3]])
    assert len(antennas) == placing.used == 2
    assert placing.left_out["no position"] == 1
    assert placing.left_out["height over the ground not known"] == 1


def test_a_line_too_short_for_a_course_is_left_out_and_said() -> None:
    placing = Placing(FRAME)
    assert list(placing.push(flown(np.array([0.0, 0.01]), np.zeros(2)))) == []
    assert list(placing.finish()) == []
    assert placing.left_out["no heading and no course"] == 2


@given(cuts=st.lists(st.integers(0, 60), max_size=6), gaps=st.booleans())
def test_how_the_stream_is_cut_changes_nothing(cuts: list[int], gaps: bool) -> None:
    rng = np.random.default_rng(3)
    east, north = np.arange(60) * 0.013, rng.normal(0.0, 0.01, 60)
    yaw = np.where(rng.random(60) < 0.3, np.nan, 1.5)
    east[:5] = np.nan if gaps else east[:5]
    block = flown(east, north, yaw_rad=yaw, roll_rad=yaw * 0.01)
    edges = [0, *sorted(cuts), 60]
    pieces = [block.traces(*pair) for pair in itertools.pairwise(edges)]
    whole_placing, cut_placing = Placing(), Placing()
    whole, cut = placed([block], whole_placing), placed(pieces, cut_placing)
    assert whole[0].tobytes() == cut[0].tobytes()
    assert whole_placing.left_out == cut_placing.left_out
    for name in ("transmitter", "receiver", "boresight"):
        assert getattr(whole[1], name).tobytes() == getattr(cut[1], name).tobytes()
    assert concat([one for one in pieces if len(one)]).data.tobytes() == block.data.tobytes()


def test_one_volume_has_one_frame() -> None:
    placing = Placing()
    local = Block(
        np.zeros((2, 3), np.float32),
        coords={name: ("trace", np.zeros(2)) for name in ("easting_m", "northing_m")},
    )
    list(placing.push(local))
    with pytest.raises(UsageError, match="one volume has one frame"):
        list(placing.push(flown(np.zeros(2), np.zeros(2))))

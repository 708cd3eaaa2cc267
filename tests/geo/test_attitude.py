from __future__ import annotations

import math

import numpy as np
import pytest

from detectkit.geo import arm_to_ned

QUARTER = math.pi / 2.0


@pytest.mark.parametrize(
    ("arm", "angles", "ned"),
    [
        ((1, 0, 0), {}, (1, 0, 0)),
        ((1, 0, 0), {"yaw_rad": QUARTER}, (0, 1, 0)),  # nose to the east
        ((0, 1, 0), {"yaw_rad": QUARTER}, (-1, 0, 0)),  # the right side to the south
        ((1, 0, 0), {"pitch_rad": QUARTER}, (0, 0, -1)),  # nose up
        ((0, 1, 0), {"roll_rad": QUARTER}, (0, 0, 1)),  # right side down
        ((0, 0, 1), {"roll_rad": QUARTER}, (0, -1, 0)),  # what hung below is to the left
        ((0, 0, 1), {"pitch_rad": QUARTER, "yaw_rad": QUARTER}, (0, 1, 0)),
    ],
)
def test_quarter_turns(
    arm: tuple[float, float, float], angles: dict[str, float], ned: tuple[float, float, float]
) -> None:
    np.testing.assert_allclose(arm_to_ned(arm, **angles), ned, atol=1e-15)


def test_five_degrees_on_a_boom_of_one_metre_are_nine_centimetres() -> None:
    north, _, down = arm_to_ned((1.0, 0.0, 0.0), pitch_rad=math.radians(5.0))
    assert down == pytest.approx(-0.0872, abs=1e-4)
    assert north == pytest.approx(0.9962, abs=1e-4)


def test_the_length_stays() -> None:
    rng = np.random.default_rng(0)
    for roll, pitch, yaw in rng.uniform(-3.0, 3.0, (20, 3)):
        turned = arm_to_ned((0.3, -0.2, 0.9), roll_rad=roll, pitch_rad=pitch, yaw_rad=yaw)
        assert math.hypot(*turned) == pytest.approx(math.hypot(0.3, -0.2, 0.9), abs=1e-14)

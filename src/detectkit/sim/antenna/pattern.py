"""How an antenna's answer falls away from straight down."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.sim.antenna.settings import Radar

Values = npt.NDArray[np.float64]


def compact_weight(radar: Radar, transmitter_rad: Values, receiver_rad: Values) -> Values:
    """Return what the antennas' pattern leaves of a small body's echo, (shots,).

    The solver's antennas are short dipoles across the lane: alike in all directions of its plane.
    A real antenna is not. This weighs a body's echo by the angle of its own path, cosⁿ each way,
    with n = `Radar.pattern_exponent`; from the horizontal on nothing is left. The ground's own
    echo comes from straight down and stays as computed; its clutter from the sides is then
    somewhat too strong.

    Parameters
    ----------
    transmitter_rad, receiver_rad
        Angle at the antenna between the way to the body, in air, and the antenna's axis, which
        points straight down where the vehicle does not lean, (shots,).

    Examples
    --------
    >>> import numpy as np
    >>> angle = np.deg2rad([0.0, 60.0])
    >>> compact_weight(Radar(), angle, angle).round(2).tolist()
    [1.0, 0.25]
    """
    out = np.maximum(np.cos(transmitter_rad), 0.0)
    back = np.maximum(np.cos(receiver_rad), 0.0)
    return np.asarray((out * back) ** radar.pattern_exponent)

"""What two bare dipoles hear of each other with nothing around them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError
from detectkit.sim.fdtd import Responses, Shots
from detectkit.sim.spreading.sources import arriving, dipole_field, frequencies

NEAREST_M = 0.03


def in_air(responses: Responses, shots: Shots) -> Responses:
    """Return the direct wave that is in responses of dipoles, for `radargram` to take off.

    Parameters
    ----------
    responses
        Of `detectkit.sim.spreading.as_dipole`: the exact direct wave is part of them.
    shots
        What they were computed for.

    Returns
    -------
    Responses
        The same shape; nothing where antennas are closer than 3 cm.

    Raises
    ------
    ShapeError
        Responses and shots that do not belong together.
    """
    shape = responses.field.shape
    if shape[:2] != shots.receivers.shape[:2]:
        msg = f"in air: fields {shape} do not go with shots of {shots.receivers.shape[:2]}"
        raise ShapeError(msg)
    apart_m = shots.receivers - shots.sources[:, np.newaxis]
    freq_hz = frequencies(shape[2], responses.interval_s)
    field = np.empty_like(responses.field)
    known: dict[float, npt.NDArray[np.float64]] = {}
    for place in np.ndindex(*shape[:2]):
        apart = math.hypot(*apart_m[place])
        if apart not in known:
            wave = (
                arriving(dipole_field(apart, freq_hz), responses.pulse, freq_hz, samples=shape[2])
                if apart >= NEAREST_M
                else np.zeros(shape[2])
            )
            known[apart] = wave
        field[place] = known[apart]
    return Responses(field, responses.interval_s, responses.pulse)

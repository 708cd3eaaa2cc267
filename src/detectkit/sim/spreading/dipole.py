"""A line's wave becomes a short dipole's: half a derivative, and the spreading across the plane."""

from __future__ import annotations

import math

import numpy as np

from detectkit.core import ShapeError, UsageError
from detectkit.sim.fdtd import Responses, Shots
from detectkit.sim.refraction import LIGHT_M_PER_S
from detectkit.sim.spreading.sources import (
    Values,
    arriving,
    dipole_field,
    frequencies,
    line_field,
    restored,
    transformed,
)

NEAREST_M = 0.03
"""Closer to the line its field on the grid is not the analytic one: it is then left as it is."""

NEARNESS = 9.0 / 8.0
"""First term of a dipole's near field over a line's, see `sources.near_field`; over ground it is
``9/8 + 1/n``, as across the plane the ground reflects less aslant."""


def as_dipole(responses: Responses, *, shots: Shots, ground_up_m: float, index: float) -> Responses:
    """Return the field of a short dipole of 1 A m in place of a line source of 1 A.

    Across the plane a wave from a dipole spreads as ``1 / sqrt(2π σ / jω)`` with ``σ = ∫ v ds``
    along its way (Bleistein 1986, Two-and-one-half dimensional in-plane wave propagation,
    Geophysical Prospecting 34, 686-703). The way is told by the time: to the ground and back in
    air, all later delay is in soil. The direct wave between the antennas is taken out and put back
    exactly, near field and all; of the echoes' near field the first term is put back.

    Exact for a mirror, right to first order in 1/kr; for what ends beside the plane see
    `as_compact`.

    Parameters
    ----------
    responses
        Of a line source, field float32 (shots, receivers, samples) in V/m.
    shots
        Where the antennas were; all over the ground.
    ground_up_m
        Of the mean ground.
    index
        Refractive index of the soil, 1 or more.

    Returns
    -------
    Responses
        The same shape, V/m per 1 A m.

    Raises
    ------
    ShapeError
        Responses and shots that do not belong together.
    UsageError
        An antenna not over the ground, an index below 1.

    Examples
    --------
    A line's direct wave, 0.2 m away, becomes a dipole's.

    >>> import numpy as np
    >>> from detectkit.sim.fdtd import Pulse
    >>> from detectkit.sim.fdtd.line_source import line_source
    >>> from detectkit.sim.scene import AIR
    >>> time_s = 2e-11 * np.arange(400)
    >>> line = line_source(0.2, Pulse(1e9), time_s, material=AIR)[np.newaxis, np.newaxis]
    >>> heard = Responses(line.astype(np.float32), 2e-11, Pulse(1e9))
    >>> shots = Shots(np.array([[0.0, 0.4]]), np.array([[[0.2, 0.4]]]))
    >>> dipole = as_dipole(heard, shots=shots, ground_up_m=0.0, index=2.5)
    >>> [round(float(np.abs(one.field).max())) for one in (heard, dipole)]
    [1033, 4927]
    """
    check(responses, shots, index)
    heights_m = shots.receivers[..., 1] + shots.sources[:, np.newaxis, 1] - 2.0 * ground_up_m
    apart_m = shots.receivers - shots.sources[:, np.newaxis]
    if min(shots.receivers[..., 1].min(), shots.sources[:, 1].min()) <= ground_up_m:
        msg = f"as_dipole: ground_up_m = {ground_up_m} is not below all antennas; give their ground"
        raise UsageError(msg)
    samples = responses.field.shape[2]
    freq_hz = frequencies(samples, responses.interval_s)
    time_s = responses.interval_s * np.arange(samples, dtype=np.float64)
    time_s -= responses.pulse.peak_s
    out = np.empty_like(responses.field)
    direct: dict[float, tuple[Values, Values]] = {}
    for place in np.ndindex(*responses.field.shape[:2]):
        apart = math.hypot(*apart_m[place])
        if apart not in direct:
            direct[apart] = _direct(apart, responses, freq_hz)
        line, dipole = direct[apart]
        mirror_m = math.hypot(apart_m[place][0], heights_m[place])
        below_m = np.maximum(LIGHT_M_PER_S * time_s - mirror_m, 0.0)
        echoes = responses.field[place].astype(np.float64) - line
        spread = _spread(echoes, freq_hz, mirror_m + below_m / index**2, NEARNESS + 1.0 / index)
        out[place] = dipole + spread
    return Responses(out, responses.interval_s, responses.pulse)


def check(responses: Responses, shots: Shots, index: float) -> None:
    """Refuse responses that are not those of the shots, and an impossible index."""
    if responses.field.shape[:2] != shots.receivers.shape[:2]:
        msg = (
            f"responses of {responses.field.shape[:2]} (shots, receivers) do not go with shots of "
            f"{shots.receivers.shape[:2]}; give the shots they were computed for"
        )
        raise ShapeError(msg)
    if index < 1.0:
        msg = f"index = {index}: a refractive index is 1 or more, sqrt(permittivity)"
        raise UsageError(msg)


def _direct(apart_m: float, responses: Responses, freq_hz: Values) -> tuple[Values, Values]:
    samples = responses.field.shape[2]
    if apart_m < NEAREST_M:
        return np.zeros(samples), np.zeros(samples)
    line, dipole = line_field(apart_m, freq_hz), dipole_field(apart_m, freq_hz)
    pulse = responses.pulse
    return (
        arriving(line, pulse, freq_hz, samples=samples),
        arriving(dipole, pulse, freq_hz, samples=samples),
    )


def _spread(echoes: Values, freq_hz: Values, way_m: Values, nearness: float) -> Values:
    """Return echoes of a line as those of a dipole; `way_m` is ``∫ v ds / c`` at each sample."""
    turning = 2j * np.pi * freq_hz
    spectrum = transformed(echoes) * np.sqrt(turning)
    far = restored(spectrum, len(echoes))
    spectrum[1:] /= turning[1:]
    near = restored(spectrum, len(echoes)) * (nearness * LIGHT_M_PER_S) / way_m
    return np.asarray((far + near) / np.sqrt(2.0 * np.pi * LIGHT_M_PER_S * way_m))

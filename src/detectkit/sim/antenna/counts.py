"""From computed fields to counts: the wide-band pulse out, the radar's own wavelet in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError, UsageError
from detectkit.sim.antenna.settings import Radar
from detectkit.sim.antenna.spectrum import Lines, lines_of
from detectkit.sim.fdtd.shots import Pulse, Responses

Values = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

MU_0 = 4e-7 * np.pi
WEAK = 0.01
"""Share of the pulse's strongest radiation below which it is not to be divided by."""
ALLOWED = 2e-3
"""Share of the wanted energy that may lie where the pulse is weak."""
FLOOR = 4e-3
ROWS = 16
"""Of one product: always as many, that cutting the shots changes no bit."""
LONGEST_WAVE_S = 20e-9


def radargram(
    responses: Responses,
    radar: Radar,
    *,
    receiver: int = 0,
    air: Responses | None = None,
    weight: Values | None = None,
) -> npt.NDArray[np.float32]:
    """Return the counts that a radar makes of computed fields, without drift and noise.

    The field's spectrum is divided by what the same pulse radiates, at one metre from a short
    dipole of 1 A m, ``-μ₀ / 4π · j ω I(ω)``, and multiplied by the spectrum of the radar's wavelet
    and by `Radar.mirror_counts`. So a perfect mirror's echo peaks at ``-mirror_counts / path``,
    as it does in the ray model, and a direct wave at ``+mirror_counts / distance``.

    Parameters
    ----------
    responses
        Of short dipoles (`detectkit.sim.spreading`), field (shots, receivers, samples). The level
        of line sources is none that a radar has.
    radar
        Wavelet or stepped frequencies, and the grid of the trace.
    receiver
        Which one.
    air
        The same antennas with nothing around them (`in_air`), one shot or as many. Taken off
        first: antennas couple directly by less than two bare dipoles would; what is left of it is
        `Radar.crosstalk_counts` (`with_effects`).
    weight
        One factor per shot, (shots,), see `compact_weight`.

    Returns
    -------
    float32 (shots, `Radar.samples`)

    Raises
    ------
    UsageError
        The wavelet needs more than the pulse has, or the record ends before the trace does.
    ShapeError
        No such receiver, or fields in air of other shape.
    """
    field: npt.NDArray[np.floating] = _field(responses, receiver, air)
    _require_long(responses, radar)
    if radar.mode == "sfcw" and radar.gate_s[1] > radar.gate_s[0]:
        field = field * _gate(responses, radar)
    length_s = responses.interval_s * field.shape[1] + radar.samples * radar.sample_interval_s
    lines = lines_of(radar, length_s + 2.0 * LONGEST_WAVE_S)
    _require_covered(lines, responses.pulse, radar)
    time_s = np.asarray(responses.interval_s * np.arange(field.shape[1]), np.float64)
    trace_s = np.arange(radar.samples, dtype=np.float64) * radar.sample_interval_s
    trace_s -= radar.time_zero_s
    into, out_of = _transforms(lines, responses.pulse, time_s, trace_s)
    into *= responses.interval_s * radar.mirror_counts * _fading(time_s, responses.pulse)
    counts = _in_blocks(field, into, out_of)
    if weight is not None:
        counts *= np.asarray(weight, np.float32)[:, np.newaxis]
    return counts


def record_s(radar: Radar, pulse: Pulse) -> float:
    """Return how long the solver has to record for a radar's whole trace, in s.

    Examples
    --------
    >>> round(1e9 * record_s(Radar(samples=400), Pulse()), 1)
    20.0
    """
    last_s = (radar.samples - 1) * radar.sample_interval_s - radar.time_zero_s
    return last_s + 2.0 * pulse.peak_s


def radiated(pulse: Pulse, freq_hz: Values) -> Complexes:
    """Return ``-μ₀ / 4π · j ω I(ω)``: far field at 1 m of a short dipole, without the delay."""
    return np.asarray(-0.5j * MU_0 * freq_hz * pulse.spectrum(freq_hz))


def _field(responses: Responses, receiver: int, air: Responses | None) -> npt.NDArray[np.float32]:
    shape = responses.field.shape
    if not 0 <= receiver < shape[1]:
        msg = f"radargram: receiver = {receiver}; the responses have {shape[1]}, counted from 0"
        raise ShapeError(msg)
    field = responses.field[:, receiver]
    if air is None:
        return field
    if air.field.shape[0] not in {1, shape[0]} or air.field.shape[1:] != shape[1:]:
        msg = f"radargram: fields of shape {shape}, in air {air.field.shape}; give like ones"
        raise ShapeError(msg)
    return field - air.field[:, receiver]


def _require_long(responses: Responses, radar: Radar) -> None:
    """Raise where the trace goes on after the record has ended."""
    needed = record_s(radar, responses.pulse)
    recorded = responses.field.shape[2] * responses.interval_s
    if recorded < needed - responses.interval_s:
        msg = (
            f"radargram: the fields end after {recorded:.4g} s, the radar's {radar.samples} "
            f"samples need {needed:.4g} s; give Solver(window_s={needed:.4g}), or fewer samples"
        )
        raise UsageError(msg)


def _require_covered(lines: Lines, pulse: Pulse, radar: Radar) -> None:
    """Raise where too much of the wavelet's energy lies where the pulse has next to none."""
    if _missing(lines, pulse) <= ALLOWED:
        return
    tried = radar.highest_hz * np.geomspace(0.1, 2.0, 61)
    shares = np.array([_missing(lines, Pulse(float(one))) for one in tried])
    best = float(tried[shares.argmin()])
    advice = (
        f"solve with Pulse(centre_hz={best:.3g})"
        if shares.min() <= ALLOWED
        else "no one pulse has that band; take a narrower wavelet or band_hz"
    )
    msg = (
        f"radargram: {100.0 * _missing(lines, pulse):.2g} % of the energy of what the radar sends "
        f"lies where the pulse of centre_hz = {pulse.centre_hz:.4g} has next to none; {advice}"
    )
    raise UsageError(msg)


def _missing(lines: Lines, pulse: Pulse) -> float:
    """Return the share of a wavelet's energy at frequencies where a pulse is weak."""
    size = np.abs(radiated(pulse, lines.freq_hz))
    strongest = np.abs(radiated(pulse, np.sqrt(2.0) * np.array([pulse.centre_hz])))[0]
    energy = np.abs(lines.weight) ** 2
    return float(energy[size < WEAK * strongest].sum() / energy.sum())


def _fading(time_s: Values, pulse: Pulse) -> Values:
    """Return 1, and to 0 over the record's end, where a slow field would be cut; (times, 1)."""
    left = np.clip((time_s[-1] - time_s) / pulse.peak_s, 0.0, 1.0)
    return np.asarray(np.sin(0.5 * np.pi * left) ** 2)[:, np.newaxis]


def _gate(responses: Responses, radar: Radar) -> Values:
    """Return 1 within the receiver's gate, 0 outside; edges as long as the pulse."""
    begin, end = radar.gate_s
    edge = responses.pulse.peak_s
    time_s = responses.interval_s * np.arange(responses.field.shape[2]) - responses.pulse.peak_s
    rise = np.clip((time_s - begin) / edge + 1.0, 0.0, 1.0)
    fall = np.clip((end - time_s) / edge + 1.0, 0.0, 1.0)
    return np.asarray(np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2)


def _transforms(
    lines: Lines, pulse: Pulse, time_s: Values, trace_s: Values
) -> tuple[Values, Values]:
    """Return the way into the tones and out of them, (times, 2 tones), (2 tones, samples)."""
    sent = radiated(pulse, lines.freq_hz)
    floor = FLOOR * float(np.abs(sent).max())
    factor = lines.weight * sent.conj() / (np.abs(sent) ** 2 + floor**2)
    there = np.exp(-2j * np.pi * np.multiply.outer(time_s, lines.freq_hz))
    back = factor[:, np.newaxis] * np.exp(2j * np.pi * np.multiply.outer(lines.freq_hz, trace_s))
    return np.hstack([there.real, there.imag]), np.vstack([back.real, -back.imag])


def _in_blocks(
    field: npt.NDArray[np.floating], into: Values, out_of: Values
) -> npt.NDArray[np.float32]:
    counts = np.empty((field.shape[0], out_of.shape[1]), np.float32)
    block = np.zeros((ROWS, field.shape[1]))
    for first in range(0, field.shape[0], ROWS):
        rows = min(ROWS, field.shape[0] - first)
        block[:rows] = field[first : first + rows]
        counts[first : first + rows] = (block @ into @ out_of)[:rows]
    return counts

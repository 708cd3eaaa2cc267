"""What a real radar adds to what it hears: one set of effects, for the ray and full-wave models.

Every value is a function of seed, time and sample, so that the same moment has the same value
whoever asks. In order: direct wave; time-zero drift and jitter; gain drift; ringing, wow and
offset; foreign transmitters; white noise; the amplifier's bend; the digitiser.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError
from detectkit.sim._jit import njit
from detectkit.sim.antenna.interference import Carriers, carriers_of
from detectkit.sim.antenna.settings import Radar
from detectkit.sim.antenna.shifting import moved
from detectkit.sim.antenna.spectrum import lines_of
from detectkit.sim.noise import (
    Sinusoids,
    Stream,
    add_normals,
    band,
    nanoseconds,
    row_key,
    stream_key,
    uniform,
    white,
)
from detectkit.sim.refraction import LIGHT_M_PER_S

Values = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

DRIFT_HZ = (0.002, 0.05)
WOW_DECAY_S = 6e-9


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """The effects of one radar and seed; build it with `effects_of`."""

    radar: Radar
    constant: Values
    gain: Sinusoids
    time_zero: Sinusoids
    carriers: Carriers | None
    noise_waves: Values | None
    seed: int

    def late_s(self, time_s: Values) -> Values:
        """Return by how much each trace begins late in s: drift and jitter, (rows,)."""
        late = self.time_zero.at(time_s)
        if self.radar.trace_jitter_s > 0.0:
            jitter = white(self.seed, Stream.RADAR_TRACE_JITTER, time_s, columns=1)[:, 0]
            late = late + self.radar.trace_jitter_s * jitter
        return late

    def moved(self, rows: Values, late_s: Values, time_s: Values) -> Values:
        """Return rows as sampled late and at jittering times, (rows, samples)."""
        step = self.radar.sample_interval_s
        key = stream_key(self.seed, Stream.RADAR_SAMPLE_JITTER)
        return moved(
            rows, late_s / step, nanoseconds(time_s), key, self.radar.sample_jitter_s / step
        )

    def recorded(self, rows: Values, time_s: Values) -> Floats:
        """Return rows as the receiver records them; overwrites `rows`.

        Parameters
        ----------
        rows
            What the antennas hear, each already late by what `late_s` says, float64
            (rows, samples).
        time_s
            Decides all that is random, (rows,).
        """
        radar, time_ns = self.radar, nanoseconds(time_s)
        _add_constant(rows, 1.0 + self.gain.at(time_s), self.constant)
        if self.carriers is not None:
            self.carriers.add_to(rows, time_s)
        key = stream_key(self.seed, Stream.RADAR_NOISE)
        if self.noise_waves is None:
            _add_noise(rows, time_ns, key, radar.noise_counts)
        else:
            _add_tones(rows, time_ns, key, self.noise_waves)
        return np.asarray(digitised(rows, radar), np.float32)


def effects_of(radar: Radar, *, seed: int) -> Effects:
    """Return the effects of a radar: what is drawn once is drawn here."""
    return Effects(
        radar,
        _constant_part(radar),
        band(seed, Stream.RADAR_GAIN, rms=radar.gain_drift, hz=DRIFT_HZ),
        band(seed, Stream.RADAR_TIME_ZERO, rms=radar.time_zero_drift_s, hz=DRIFT_HZ),
        carriers_of(radar, seed=seed) if radar.rfi_counts > 0.0 else None,
        _noise_waves(radar) if radar.mode == "sfcw" else None,
        seed,
    )


def with_effects(
    counts: npt.NDArray[np.floating], radar: Radar, time_s: Values, *, seed: int
) -> Floats:
    """Return a full-wave radargram as an instrument would have recorded it.

    Parameters
    ----------
    counts
        Of `detectkit.sim.antenna.radargram`, (traces, samples). `Radar.crosstalk_counts` is added:
        hand in what was computed less the antennas in air, or set it to 0.
    radar
        Says how strong each effect is.
    time_s
        When each trace was taken, (traces,).
    seed
        Decides all that is random.

    Returns
    -------
    float32 (traces, samples)

    Examples
    --------
    >>> import numpy as np
    >>> time_s = np.arange(4) / 50.0
    >>> heard = with_effects(np.zeros((4, 512)), Radar(), time_s, seed=1)
    >>> later = with_effects(np.zeros((2, 512)), Radar(), time_s[2:], seed=1)
    >>> bool(np.array_equal(heard[2:], later))
    True
    """
    if counts.ndim != 2 or counts.shape != (time_s.shape[0], radar.samples):
        msg = (
            f"effects: counts {counts.shape}, times {time_s.shape}; give (traces, "
            f"{radar.samples}) and (traces,)"
        )
        raise ShapeError(msg)
    effects = effects_of(radar, seed=seed)
    rows = counts.astype(np.float64) + direct_wave(radar)
    late_s = effects.late_s(time_s)
    if late_s.any() or radar.sample_jitter_s > 0.0:
        rows = effects.moved(rows, late_s, time_s)
    return effects.recorded(rows, time_s)


def dropped(radar: Radar, time_s: Values, *, seed: int) -> npt.NDArray[np.bool_]:
    """Return which traces the recorder loses, (traces,)."""
    return np.asarray(uniform(seed, Stream.RADAR_DROPS, time_s) < radar.dropped_share)


def direct_wave(radar: Radar) -> Values:
    """Return the wave that comes from antenna to antenna, peak `crosstalk_counts`, (samples,)."""
    if radar.crosstalk_counts == 0.0:
        return np.zeros(radar.samples)
    late_s = radar.time_zero_s + radar.antenna_separation_m / LIGHT_M_PER_S
    time_s = np.asarray(np.arange(radar.samples) * radar.sample_interval_s - late_s)
    period_s = 2.0 * radar.samples * radar.sample_interval_s
    return radar.crosstalk_counts * lines_of(radar, period_s).at(time_s)


def digitised(rows: Values, radar: Radar) -> Values:
    """Return counts after the amplifier's bend and the digitiser's steps and limits.

    Up to `Radar.compression` of full scale the amplifier is straight, from there a hyperbolic
    tangent brings it to full scale.
    """
    full, straight = radar.full_scale_counts, radar.compression * radar.full_scale_counts
    if radar.compression < 1.0:
        room = full - straight
        over = np.maximum(np.abs(rows) - straight, 0.0)
        rows = np.where(over > 0.0, np.sign(rows) * (straight + room * np.tanh(over / room)), rows)
    if radar.adc_bits == 0:
        return rows
    half = 2.0 ** (radar.adc_bits - 1)
    return np.asarray(np.clip(np.rint(rows * (half / full)), -half, half - 1.0) * (full / half))


def _noise_waves(radar: Radar) -> Values:
    """Return what noise of each tone's two parts does to the trace, (2 tones, samples)."""
    lines = lines_of(radar, 0.0)
    time_s = np.arange(radar.samples) * radar.sample_interval_s
    turn = np.exp(2j * np.pi * np.multiply.outer(lines.freq_hz, time_s))
    size = np.abs(lines.weight)[:, np.newaxis]
    waves = radar.noise_counts / np.sqrt(np.sum(size**2)) * size * turn
    return np.ascontiguousarray(np.vstack([waves.real, -waves.imag]))


def _constant_part(radar: Radar) -> Values:
    """Return what every trace has: ringing, wow, offset; (samples,)."""
    time_s = np.arange(radar.samples) * radar.sample_interval_s - radar.time_zero_s
    late = np.maximum(time_s - radar.antenna_separation_m / LIGHT_M_PER_S, 0.0)
    swing = np.sin(2.0 * np.pi * 0.9 * radar.centre_hz * late) * np.exp(
        -late / radar.ringing_decay_s
    )
    wow = np.exp(-np.arange(radar.samples) * radar.sample_interval_s / WOW_DECAY_S)
    return np.asarray(radar.ringing_counts * swing + radar.wow_counts * wow + radar.offset_counts)


@njit
def _add_constant(rows: Values, gain: Values, constant: Values) -> None:
    for row in range(rows.shape[0]):
        for sample in range(rows.shape[1]):
            rows[row, sample] = gain[row] * rows[row, sample] + constant[sample]


@njit
def _add_noise(rows: Values, time_ns: npt.NDArray[np.int64], key: np.uint64, scale: float) -> None:
    for row in range(rows.shape[0]):
        add_normals(rows[row], row_key(time_ns[row], key), scale)


@njit
def _add_tones(rows: Values, time_ns: npt.NDArray[np.int64], key: np.uint64, waves: Values) -> None:
    parts = np.empty(waves.shape[0])
    for row in range(rows.shape[0]):
        parts[:] = 0.0
        add_normals(parts, row_key(time_ns[row], key), 1.0)
        for part in range(parts.shape[0]):
            for sample in range(rows.shape[1]):
                rows[row, sample] += parts[part] * waves[part, sample]

"""Randomness that is a function of time: the same moment has the same value, whoever asks when.

White noise is counter-based: hash of seed, stream, time in nanoseconds and column. Slow noise is a
sum of sinusoids of random frequency and phase in a band, which has no state either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit

Values = npt.NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_PART = 2.0**-32


class Stream(IntEnum):
    """What is random, each with numbers of its own. Append only: the order decides the numbers."""

    GUST_EAST = 1
    GUST_NORTH = 2
    GUST_UP = 3
    HEIGHT_ERROR = 4
    ROLL = 5
    PITCH = 6
    YAW = 7
    HILLS = 8
    ROUGHNESS = 9
    INHOMOGENEITIES = 10
    REMANENCE = 11
    RADAR_NOISE = 12
    RADAR_GAIN = 13
    RADAR_TIME_ZERO = 14
    DETECTOR_NOISE = 15
    DETECTOR_DRIFT = 16
    MAGNETOMETER_NOISE = 17
    MAGNETOMETER_DRIFT = 18
    GEOLOGY = 19
    ALTIMETER_NOISE = 20
    ALTIMETER_MISSES = 21
    RECEIVER_NOISE = 22
    RECEIVER_EAST = 23
    RECEIVER_NORTH = 24
    RECEIVER_UP = 25
    REPORTED_ROLL = 26
    REPORTED_PITCH = 27
    REPORTED_YAW = 28
    DETECTOR_FLICKER = 50
    DETECTOR_HUM = 51
    RADAR_TRACE_JITTER = 60
    RADAR_SAMPLE_JITTER = 61
    RADAR_RFI = 62
    RADAR_DROPS = 63
    GROUND_MOISTURE = 80
    GROUND_ROUGHNESS = 81
    GROUND_LAYERS = 82
    GROUND_GRASS = 83
    GROUND_PUDDLES = 84
    ALTIMETER_GRASS = 90


@dataclass(frozen=True, slots=True, eq=False)
class Sinusoids:
    """Band-limited noise: Σ amplitude · sin(2π (frequency · t) + phase), one row per sinusoid.

    `frequency` has one column per coordinate: one for time, two for a field over east and north.
    """

    frequency: Values
    phase: Values
    amplitude: Values

    def at(self, *coordinates: Values) -> Values:
        """Return the values at times (or at places: easting, northing), each (rows,)."""
        where = np.ascontiguousarray(np.column_stack(coordinates), dtype=np.float64)
        out = np.zeros(where.shape[0])
        _add_sinusoids(where, self.frequency, self.phase, self.amplitude, out)
        return out


def generator(seed: int, stream: Stream) -> np.random.Generator:
    """Return numpy's generator for what is drawn once, when a simulator is built."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, int(stream)])))


def band(
    seed: int, stream: Stream, *, rms: float, hz: tuple[float, float], count: int = 24
) -> Sinusoids:
    """Return noise over time with frequencies spread evenly in log over a band."""
    rng = generator(seed, stream)
    steps = (np.arange(count) + rng.uniform(0.0, 1.0, count)) / count
    frequency = hz[0] * (hz[1] / hz[0]) ** steps
    phase = rng.uniform(0.0, 2.0 * np.pi, count)
    amplitude = np.full(count, rms * math.sqrt(2.0 / count))
    return Sinusoids(frequency[:, np.newaxis], phase, amplitude)


def field(
    seed: int, stream: Stream, *, rms: float, wave_m: tuple[float, float], count: int = 48
) -> Sinusoids:
    """Return noise over the ground: waves of random direction, longer ones higher.

    Amplitudes go with the wave's length: the slopes are alike on all scales, as they are of
    natural ground.
    """
    rng = generator(seed, stream)
    steps = (np.arange(count) + rng.uniform(0.0, 1.0, count)) / count
    length = wave_m[0] * (wave_m[1] / wave_m[0]) ** steps
    direction = rng.uniform(0.0, 2.0 * np.pi, count)
    frequency = np.column_stack([np.sin(direction), np.cos(direction)]) / length[:, np.newaxis]
    phase = rng.uniform(0.0, 2.0 * np.pi, count)
    amplitude = length * (rms * math.sqrt(2.0 / float(np.sum(length**2))))
    return Sinusoids(frequency, phase, amplitude)


def nanoseconds(time_s: Values) -> npt.NDArray[np.int64]:
    """Return times as the integers that the white noise is a function of."""
    return np.rint(time_s * 1e9).astype(np.int64)


def white(seed: int, stream: Stream, time_s: Values, *, columns: int) -> Values:
    """Return standard normal noise, shape (rows, columns)."""
    out = np.zeros((time_s.shape[0], columns))
    add_white(out, nanoseconds(time_s), stream_key(seed, stream), 1.0)
    return out


def uniform(seed: int, stream: Stream, time_s: Values) -> Values:
    """Return noise between 0 and 1, one value per row."""
    return _uniform(nanoseconds(time_s), stream_key(seed, stream))


def stream_key(seed: int, stream: Stream) -> np.uint64:
    """Return the 64 bits that tell one stream of one seed from all others."""
    state = np.random.SeedSequence([seed, int(stream)]).generate_state(1, np.uint64)
    return np.uint64(state[0])


@njit
def _mix(bits: np.uint64) -> np.uint64:
    """Return 64 well-mixed bits (finaliser of splitmix64; Steele, Lea, Flood 2014)."""
    bits = (bits ^ (bits >> _30)) * _FIRST
    bits = (bits ^ (bits >> _27)) * _SECOND
    return bits ^ (bits >> _31)


@njit
def row_key(time_ns: int, key: np.uint64) -> np.uint64:
    """Return the bits of one row of a stream."""
    return _mix(key ^ _mix(np.uint64(time_ns) + _GOLDEN))


@njit
def add_normals(row: Values, key: np.uint64, scale: float) -> None:
    """Add normal noise to one row: two values from each 64 bits (Box and Muller 1958)."""
    size = row.shape[0]
    state = key
    for column in range(0, size, 2):
        state += _GOLDEN
        bits = _mix(state)
        radius = scale * math.sqrt(-2.0 * math.log((float(bits >> _32) + 1.0) * _PART))
        angle = 2.0 * math.pi * float(bits & _LOW) * _PART
        row[column] += radius * math.cos(angle)
        if column + 1 < size:
            row[column + 1] += radius * math.sin(angle)


@njit
def add_white(out: Values, time_ns: npt.NDArray[np.int64], key: np.uint64, scale: float) -> None:
    """Add normal noise to rows."""
    for row in range(out.shape[0]):
        add_normals(out[row], row_key(time_ns[row], key), scale)


@njit
def _uniform(time_ns: npt.NDArray[np.int64], key: np.uint64) -> Values:
    out = np.empty(time_ns.shape[0])
    for row in range(out.shape[0]):
        out[row] = float(row_key(time_ns[row], key) >> _32) * _PART
    return out


@njit
def _add_sinusoids(
    where: Values, frequency: Values, phase: Values, amplitude: Values, out: Values
) -> None:
    """Add row by row, in one order: no library's vector code decides the last bit."""
    for row in range(out.shape[0]):
        total = 0.0
        for wave in range(phase.shape[0]):
            turns = 0.0
            for axis in range(where.shape[1]):
                turns += frequency[wave, axis] * where[row, axis]
            total += amplitude[wave] * math.sin(2.0 * math.pi * turns + phase[wave])
        out[row] += total

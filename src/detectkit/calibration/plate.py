"""A metal plate at known heights: time zero, the system's answer, and the amplitude of a mirror."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.calibration.air_shot import AirShot, against_air
from detectkit.calibration.capture import Capture
from detectkit.calibration.pulses import fit_pulses, strongest
from detectkit.core import UsageError
from detectkit.signal.shift import shift_rows
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Values = npt.NDArray[np.float64]

BEFORE_PERIODS, AFTER_PERIODS = 1.5, 2.5
"""What is cut out around the middle of the plate's echo, in periods of the centre frequency."""
CLEAR_PERIODS = 2.0
"""The echo must come this much later than the direct wave, to be told apart."""
USABLE = 0.1
"""Share of the largest spectral amplitude above which a frequency is usable: -20 dB."""
LOBE = 2.0
"""Two-way amplitude goes with this power of the cosine for two short dipoles; see `plate_fit`."""
HUBER = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class PlateShot:
    """One recording of the plate.

    Parameters
    ----------
    capture
        The recording, antennas looking straight at the plate.
    height_m
        From the antennas' plane to the plate.
    """

    capture: Capture
    height_m: float


@dataclass(frozen=True, slots=True, eq=False)
class PlateFit:
    """What was estimated.

    Parameters
    ----------
    height_m, path_m
        (shot,) as given; length of the way from antenna to plate to antenna.
    time_s, time_error_s
        (shot,) when the middle of the echo stood, on the delay axis; error with that of height.
    residual_s
        (shot,) beside the fit.
    time_zero_s, time_zero_error_s
        When the pulse leaves the antenna.
    velocity_ratio, velocity_ratio_error
        Velocity that the heights tell, over that of light: 1 within its error, or a height is
        wrong. NaN for fewer than two distinct heights.
    amplitude
        (shot,) largest magnitude of the echo.
    mirror_amplitude, mirror_amplitude_error
        The same after one metre of path.
    wavelet, origin, wavelet_error
        Echo of the plate divided by its amplitude; which sample, with fractions, is its middle;
        error of one sample over its root mean square, from how the shots differ.
    band_hz
        Where the wavelet's spectrum is above a tenth of its largest.
    echoes
        (shot, sample) the echoes, moved onto each other and scaled to one metre of path.
    """

    height_m: Values
    path_m: Values
    time_s: Values
    time_error_s: Values
    residual_s: Values
    time_zero_s: float
    time_zero_error_s: float
    velocity_ratio: float
    velocity_ratio_error: float
    amplitude: Values
    mirror_amplitude: float
    mirror_amplitude_error: float
    wavelet: Values
    origin: float
    wavelet_error: float
    band_hz: tuple[float, float]
    echoes: Values


def plate_fit(
    shots: Sequence[PlateShot],
    air: AirShot,
    *,
    separation_m: float,
    height_error_m: float = 0.003,
    plane_error_m: float = 0.002,
    period_s: float,
) -> PlateFit:
    """Fit time zero, wavelet and amplitude to a plate at known heights.

    Each recording is put on the air shot by its direct wave and the air shot taken away. What is
    left, the echo, is cut out, moved onto the others by least squares and averaged. Then
    ``t = t0 + 2 sqrt(h² + (s/2)²) / c`` gives t0 (weighted least squares, Huber's weights against
    a wrong height from three shots on), and ``A = M cos²θ / path`` gives M, θ the angle at the
    antennas: short dipoles; half of what cos²θ does counts as error.

    Parameters
    ----------
    shots
        Plates at heights, two or more; the plate at least as wide as the first Fresnel zone,
        ``sqrt(λ h)`` to each side.
    air
        From `detectkit.calibration.air_shot`, recorded with the same settings.
    separation_m
        Transmitter to receiver.
    height_error_m
        Standard error of each height by itself.
    plane_error_m
        Standard error that all heights share: where the plane is that they are measured from.
    period_s
        Of the antennas' centre frequency.

    Raises
    ------
    UsageError
        Too few heights, a plate too near to be told from the direct wave, or its echo outside of
        the trace.
    """
    if len(shots) < 2:
        msg = f"{len(shots)} heights of the plate; give two or more, e.g. 0.5 and 1.0 m"
        raise UsageError(msg)
    heights = np.array([one.height_m for one in shots])
    paths = 2.0 * np.hypot(heights, 0.5 * separation_m)
    echoes = _Echoes.of(shots, air, paths=paths, separation_m=separation_m, period_s=period_s)
    interval_s = air.capture.sample_interval_s
    time_s = air.capture.first_twt_s + echoes.place * interval_s
    picked_s = echoes.lag_error * interval_s
    per_height = 2.0 / SPEED_OF_LIGHT_M_S * (2.0 * heights / paths)
    error_s = np.hypot(picked_s, per_height * height_error_m)
    ideal_s = paths / SPEED_OF_LIGHT_M_S
    weight = _huber(time_s - ideal_s, error_s)
    zero_s = float(np.average(time_s - ideal_s, weights=weight))
    rest = time_s - ideal_s - zero_s
    fit_s = math.sqrt(1.0 / float(weight.sum())) * max(1.0, _birge(rest, weight))
    shared_s = float(np.average(per_height, weights=weight)) * plane_error_m
    ratio, ratio_error = _ratio(ideal_s, time_s, error_s)
    mirror, mirror_error = _mirror(echoes, paths, heights)
    return PlateFit(
        heights, paths, time_s, error_s, rest,
        zero_s, math.hypot(fit_s, shared_s), ratio, ratio_error,
        echoes.amplitude, mirror, mirror_error,
        echoes.wavelet, echoes.origin, echoes.wavelet_error,
        band_of(echoes.wavelet, interval_s), echoes.aligned,
    )  # fmt: skip


@dataclass(slots=True, eq=False)
class _Echoes:
    """The plates' echoes, against their common shape."""

    place: Values
    lag_error: Values
    amplitude: Values
    amplitude_error: Values
    wavelet: Values
    origin: float
    wavelet_error: float
    aligned: Values

    @classmethod
    def of(
        cls,
        shots: Sequence[PlateShot],
        air: AirShot,
        *,
        paths: Values,
        separation_m: float,
        period_s: float,
    ) -> _Echoes:
        interval_s = air.capture.sample_interval_s
        period = period_s / interval_s
        before, after = math.ceil(BEFORE_PERIODS * period), math.ceil(AFTER_PERIODS * period)
        pairs = [against_air(one.capture, air) for one in shots]
        rests = np.stack([one[0] for one in pairs])
        noise = np.array([one[2] for one in pairs])
        direct = strongest(air.mean - np.median(air.mean), *air.direct_window)
        expected = direct + (paths - separation_m) / SPEED_OF_LIGHT_M_S / interval_s
        for shot, place in zip(shots, expected, strict=True):
            _check_place(shot, place, direct, before, after, air.mean.size, period)
        first = [
            strongest(rest, round(at - period), round(at + period) + 1)
            for rest, at in zip(rests, expected, strict=True)
        ]
        return cls._averaged(rests, np.array(first), paths, noise, (before, after))

    @classmethod
    def _averaged(
        cls, rests: Values, place: Values, paths: Values, noise: Values, reach: tuple[int, int]
    ) -> _Echoes:
        before, after = reach
        length = before + after + 1
        weight = 1.0 / (noise * paths) ** 2
        for _ in range(3):
            cuts = _cut(rests, place, reach) * paths[:, np.newaxis]
            shape = np.average(cuts, axis=0, weights=weight)
            shape = (shape - np.median(shape[:3])) * taper_ends(length)
            fit = fit_pulses(cuts, shape, window=(0, length), offset=False)
            place = place + fit.lag - fit.lag.mean()
        place = place + (strongest(shape, 1, length - 1) - before)
        cuts = _cut(rests, place, reach) * paths[:, np.newaxis]
        shape = np.average(cuts, axis=0, weights=weight) * taper_ends(length)
        peak = float(np.abs(shape).max())
        differing = cuts / fit.amplitude[:, np.newaxis] * taper_ends(length) - shape
        spread = math.sqrt(float(np.mean(differing**2)) / (len(cuts) - 1))
        return cls(
            place,
            fit.lag_per_noise * noise * paths,
            fit.amplitude * peak / paths,
            fit.amplitude_per_noise * noise * peak,
            shape / peak,
            strongest(shape, 1, length - 1),
            spread / math.sqrt(float(np.mean(shape**2))),
            cuts,
        )


def _cut(rests: Values, place: Values, reach: tuple[int, int]) -> Values:
    """Return the samples around each place, the place moved onto sample ``reach[0]``."""
    before, after = reach
    whole = np.round(place).astype(int)
    moved = shift_rows(np.ascontiguousarray(rests, np.float32), whole - place)
    rows = [row[at - before : at + after + 1] for row, at in zip(moved, whole, strict=True)]
    return np.stack(rows).astype(np.float64)


def taper_ends(length: int) -> Values:
    """Return 1, and a cosine down to 0 over the first and last tenth."""
    edge = max(2, length // 10)
    weight = np.ones(length)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    weight[:edge], weight[-edge:] = ramp, ramp[::-1]
    return weight


def _check_place(
    shot: PlateShot, place: float, direct: float, before: int, after: int, samples: int,
    period: float,
) -> None:  # fmt: skip
    name = f"{shot.capture.name}: plate at {shot.height_m:g} m"
    if place - direct < CLEAR_PERIODS * period:
        msg = (
            f"{name}: its echo comes {place - direct:.0f} samples after the direct wave and cannot "
            f"be told from it; {CLEAR_PERIODS * period:.0f} are needed, hold it farther away"
        )
        raise UsageError(msg)
    if place - before < 0 or place + after >= samples:
        msg = (
            f"{name}: its echo would stand at sample {place:.0f} of {samples}, too near to the end"
        )
        raise UsageError(msg)


def _huber(residual: Values, error: Values) -> Values:
    """Return weights ``1 / error²``, less for what lies far from the rest (Huber, 1964)."""
    weight = 1.0 / error**2
    if residual.size < 3:
        return weight
    centre = float(np.median(residual))
    for _ in range(20):
        score = np.abs(residual - centre) / error
        trust = np.minimum(1.0, HUBER / np.maximum(score, 1e-12))
        centre = float(np.average(residual, weights=weight * trust))
    return np.asarray(weight * trust)


def _birge(rest: Values, weight: Values) -> float:
    """Return the factor by which the scatter exceeds the errors (Birge, 1932)."""
    return math.sqrt(float(np.sum(weight * rest**2)) / max(rest.size - 1, 1))


def _ratio(ideal_s: Values, time_s: Values, error_s: Values) -> tuple[float, float]:
    """Return the velocity that the heights tell over that of light, with its error."""
    weight = 1.0 / error_s**2
    centred = ideal_s - np.average(ideal_s, weights=weight)
    square = float(np.sum(weight * centred**2))
    if float(np.ptp(ideal_s)) < 1e-11:
        return math.nan, math.nan
    slope = float(np.sum(weight * centred * time_s)) / square
    return 1.0 / slope, 1.0 / math.sqrt(square) / slope**2


def _mirror(echoes: _Echoes, paths: Values, heights: Values) -> tuple[float, float]:
    lobe = (2.0 * heights / paths) ** LOBE
    each = echoes.amplitude * paths / lobe
    relative = echoes.amplitude_error / np.maximum(echoes.amplitude, 1e-300)
    weight = 1.0 / np.maximum(relative, 1e-6) ** 2
    mirror = float(np.average(each, weights=weight))
    scatter = float(np.std(each, ddof=1)) / math.sqrt(each.size)
    noise = mirror / math.sqrt(float(weight.sum()))
    pattern = 0.5 * mirror * float(np.mean(1.0 / lobe) - 1.0)
    return mirror, math.sqrt(scatter**2 + noise**2 + pattern**2)


def band_of(wavelet: Values, interval_s: float) -> tuple[float, float]:
    """Return the lowest and highest frequency around the peak above a tenth of it.

    >>> time = (np.arange(65) - 32) * 5e-11
    >>> s = (np.pi * 1e9 * time) ** 2
    >>> low, high = band_of((1 - 2 * s) * np.exp(-s), 5e-11)
    >>> round(low / 1e9, 1), round(high / 1e9, 1)
    (0.2, 2.2)
    """
    length = 16 * wavelet.size
    size = np.abs(np.fft.rfft(wavelet, length))
    top = int(size.argmax())
    weak = np.flatnonzero(size < USABLE * size[top])
    below, above = weak[weak < top], weak[weak > top]
    first = int(below[-1]) + 1 if below.size else 0
    last = int(above[0]) - 1 if above.size else size.size - 1
    step_hz = 1.0 / (length * interval_s)
    return first * step_hz, last * step_hz

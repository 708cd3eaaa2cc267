"""Velocities from a common-midpoint gather: the offset between the antennas grows trace by trace.

A reflection comes at ``t(x)^2 = t0^2 + (x / v)^2``; semblance (Neidell and Taner, Geophysics 36,
1971) tells for each (t0, v) how much of the energy along that curve adds up. The direct waves are
lines, ``t = x / c`` in air and ``t = x / v`` along the ground: that in air sets time zero, and
both, with a band about them, are left out of the panel. So is what would be stretched by more
than half (Yilmaz, Seismic Data Analysis, 2001, section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.imaging.velocity.robust import Fit, quantile, robust_fit
from detectkit.signal._jit import njit
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Float64s = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
MOST_STRETCH = 1.5
"""t(x) / t0 beyond which a sample is left out."""
FEWEST_TRACES = 5
DIRECT_PERIODS = 1.5
"""Of the wave to each side of a direct wave that are left out."""
TRAIN = 1.5
"""By how much the train behind the ground wave, which disperses, is longer than that in air."""
LOWEST_SEMBLANCE = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Gather:
    """A common-midpoint or wide-angle gather, level and wow removed.

    Parameters
    ----------
    data
        (trace, sample), float32.
    offset_m
        (trace,): between transmitter and receiver, rising.
    first_twt_s, interval_s
        Of the delay axis, from transmission.
    period_s
        Of the wave.
    """

    data: Float32s
    offset_m: Float64s
    first_twt_s: float
    interval_s: float
    period_s: float

    def moved(self, by_s: float) -> Gather:
        """Return the gather with `by_s` taken off all times."""
        first = self.first_twt_s - by_s
        return Gather(self.data, self.offset_m, first, self.interval_s, self.period_s)


@dataclass(frozen=True, slots=True)
class DirectWave:
    """A straight arrival; errors are one standard deviation."""

    velocity_m_per_s: float
    velocity_error_m_per_s: float
    intercept_s: float
    intercept_error_s: float
    traces: int


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Semblance over (twt0, velocity)."""

    twt0_s: Float64s
    velocities_m_per_s: Float64s
    semblance: Float32s


@dataclass(frozen=True, slots=True)
class Reflection:
    """A reflection of a gather; errors are one standard deviation, `reach` those of an interval."""

    twt0_s: float
    twt0_error_s: float
    velocity_m_per_s: float
    velocity_error_m_per_s: float
    semblance: float
    traces: int
    reach: float


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer between two reflections (Dix, Geophysics 20, 1955)."""

    top_twt_s: float
    bottom_twt_s: float
    velocity_m_per_s: float
    velocity_error_m_per_s: float


def semblance_panel(
    gather: Gather, twt0_s: Float64s, velocities: Float64s, *, keep: npt.NDArray[np.bool_]
) -> Panel:
    """Return the semblance of hyperbolas in a gather.

    Parameters
    ----------
    gather
        Its traces.
    twt0_s
        (m,), at equal steps; semblance is over half a period to each side.
    velocities
        (n,).
    keep
        (trace, sample): False for what is left out.
    """
    half = max(1, round(0.5 * gather.period_s / gather.interval_s))
    traces = np.where(keep, gather.data, np.nan).astype(np.float32)
    values = _semblance(
        traces,
        gather.offset_m,
        (gather.first_twt_s, gather.interval_s),
        twt0_s,
        velocities,
        half,
    )
    return Panel(twt0_s, velocities, values)


@njit
def _semblance(
    data: Float32s,
    offset: Float64s,
    axis: tuple[float, float],
    twt0: Float64s,
    velocities: Float64s,
    half: int,
) -> Float32s:
    traces, samples = data.shape
    out = np.zeros((twt0.size, velocities.size), np.float32)
    for i in range(twt0.size):
        for j in range(velocities.size):
            stacked, present = 0.0, 1e-30
            for lag in range(-half, half + 1):
                total, energy, count = 0.0, 0.0, 0
                for row in range(traces):
                    x = offset[row] / velocities[j]
                    t = np.sqrt(twt0[i] * twt0[i] + x * x)
                    if t > MOST_STRETCH * twt0[i]:
                        continue
                    p = (t - axis[0]) / axis[1] + lag
                    whole = int(np.floor(p))
                    if whole < 0 or whole + 1 >= samples:
                        continue
                    part = p - whole
                    value = data[row, whole] * (1.0 - part) + data[row, whole + 1] * part
                    if np.isnan(value):
                        continue
                    total += value
                    energy += value * value
                    count += 1
                if count >= FEWEST_TRACES:
                    stacked += total * total
                    present += count * energy
            out[i, j] = stacked / present
    return out


def direct_wave(gather: Gather, *, slowest: float, fastest: float) -> DirectWave | None:
    """Return the strongest straight arrival with a velocity in a range, None where none is seen.

    Its phase is followed from trace to trace about the line with the largest semblance.
    """
    velocities = np.geomspace(slowest, fastest, 48)
    starts_s = np.arange(-2.0, 4.0, 0.2) * gather.period_s
    value, start_s, velocity = max(
        (_along(gather, s + gather.offset_m / v), s, v) for v in velocities for s in starts_s
    )
    if value <= 0.0:
        return None
    expected = start_s + gather.offset_m / velocity
    twt_s, alike = phases(gather, expected, np.ones(expected.size, np.bool_))
    good = alike >= 0.7
    if good.sum() < FEWEST_TRACES:
        return None

    def line(p: Float64s) -> Float64s:
        return np.asarray(p[0] + p[1] * gather.offset_m[good])

    fit = robust_fit(
        line,
        twt_s[good],
        np.array([start_s, 1.0 / velocity]),
        scale=np.array([gather.period_s, 1.0 / velocity]),
        tolerance=0.02 * gather.period_s,
    )
    found = 1.0 / float(fit.values[1])
    error = float(fit.errors[1]) * found**2
    return DirectWave(found, error, float(fit.values[0]), float(fit.errors[0]), int(good.sum()))


def _along(gather: Gather, twt_s: Float64s) -> float:
    """Return stacked amplitude times coherence along times, each trace at its own strength."""
    inside = (twt_s - gather.first_twt_s) / gather.interval_s < gather.data.shape[1] - 1
    if inside.sum() < FEWEST_TRACES:
        return 0.0
    values = _at(gather, twt_s)[inside]
    norm = np.sqrt((gather.data[inside].astype(np.float64) ** 2).mean(axis=1)) + 1e-30
    values = values / norm
    return float(abs(values.mean()) * abs(values.sum()) / (np.abs(values).sum() + 1e-30))


def _at(gather: Gather, twt_s: Float64s) -> Float64s:
    axis = gather.first_twt_s + np.arange(gather.data.shape[1]) * gather.interval_s
    pairs = zip(twt_s, gather.data, strict=True)
    return np.array([float(np.interp(t, axis, row, left=0.0, right=0.0)) for t, row in pairs])


def phases(
    gather: Gather, expected_s: Float64s, used: npt.NDArray[np.bool_]
) -> tuple[Float64s, Float64s]:
    """Return each trace's time of one phase near the expected one, and its likeness.

    The wavelet is the mean of the used traces along the expected curve; the time is where its
    largest extreme lies.
    """
    step_s = min(gather.interval_s, gather.period_s / 20.0)
    half, search = round(0.6 * gather.period_s / step_s), round(0.4 * gather.period_s / step_s)
    lag = np.arange(-half - search, half + search + 1) * step_s
    axis = gather.first_twt_s + np.arange(gather.data.shape[1]) * gather.interval_s
    pairs = zip(expected_s, gather.data, strict=True)
    windows = np.stack([np.interp(t + lag, axis, row, left=0.0, right=0.0) for t, row in pairs])
    norm = np.sqrt((windows**2).sum(axis=1, keepdims=True)) + 1e-30
    stack = (windows / norm)[used].mean(axis=0)
    middle = half + int(np.argmax(np.abs(stack[half : half + 2 * search + 1])))
    template = stack[middle - half : middle + half + 1]
    places = np.lib.stride_tricks.sliding_window_view(windows, template.size, axis=1)
    size = np.sqrt((places**2).sum(axis=2)) * np.sqrt((template**2).sum()) + 1e-30
    alike = (places @ template) / size
    best = alike.argmax(axis=1)
    twt_s = expected_s + (best + half - half - search) * step_s
    return twt_s, alike[np.arange(best.size), best]


def without_direct(
    gather: Gather, air: DirectWave | None, ground: DirectWave | None
) -> npt.NDArray[np.bool_]:
    """Return where samples belong to no direct wave: (trace, sample)."""
    axis = gather.first_twt_s + np.arange(gather.data.shape[1]) * gather.interval_s
    keep = np.ones(gather.data.shape, np.bool_)
    margin_s = DIRECT_PERIODS * gather.period_s
    if air is not None:
        arrival = air.intercept_s + gather.offset_m / air.velocity_m_per_s
        keep &= axis[None, :] > arrival[:, None] + margin_s
    if ground is not None:
        arrival = ground.intercept_s + gather.offset_m / ground.velocity_m_per_s
        late = axis[None, :] - arrival[:, None]
        keep &= (late < -0.5 * margin_s) | (late > TRAIN * margin_s)
    return keep


def reflections(
    gather: Gather, panel: Panel, *, keep: npt.NDArray[np.bool_], most: int = 8
) -> list[Reflection]:
    """Return the reflections that a panel's highest places lead to, by falling semblance.

    Each is followed trace by trace along its hyperbola and fitted again from those times.
    """
    values = panel.semblance.copy()
    step_s = float(panel.twt0_s[1] - panel.twt0_s[0])
    apart = max(1, round(gather.period_s / step_s))
    found: list[Reflection] = []
    for _ in range(4 * most):
        i, j = divmod(int(values.argmax()), values.shape[1])
        value = float(values[i, j])
        if value < LOWEST_SEMBLANCE or len(found) == most:
            break
        values[max(0, i - apart) : i + apart + 1] = 0.0
        if not 0 < j < panel.velocities_m_per_s.size - 1:
            continue
        start = np.array([panel.twt0_s[i], panel.velocities_m_per_s[j]])
        one = _reflection(gather, start, value, keep)
        if one is not None:
            found.append(one)
    return found


def _reflection(
    gather: Gather, start: Float64s, semblance: float, keep: npt.NDArray[np.bool_]
) -> Reflection | None:
    x = gather.offset_m
    expected = np.hypot(start[0], x / start[1])
    samples = np.rint((expected - gather.first_twt_s) / gather.interval_s).astype(np.int64)
    inside = (samples >= 0) & (samples < keep.shape[1]) & (expected <= MOST_STRETCH * start[0])
    kept = inside & keep[np.arange(x.size), np.clip(samples, 0, keep.shape[1] - 1)]
    if kept.sum() < FEWEST_TRACES:
        return None
    twt_s, alike = phases(gather, expected, kept)
    good = kept & (alike >= 0.6)
    if good.sum() < FEWEST_TRACES:
        return None

    def curve(p: Float64s) -> Float64s:
        return np.asarray(np.hypot(p[0], x[good] / p[1]))

    fit: Fit = robust_fit(curve, twt_s[good], start, scale=start, tolerance=0.02 * gather.period_s)
    twt0, velocity = np.abs(fit.values)
    told = fit.errors[1] < 0.3 * velocity
    if not (told and 0.5 <= velocity / start[1] <= 2.0 and fit.scatter < 0.15 * gather.period_s):
        return None
    return Reflection(
        float(twt0),
        float(fit.errors[0]),
        float(velocity),
        float(fit.errors[1]),
        semblance,
        int(good.sum()),
        quantile(0.95, fit.freedom),
    )


def interval_velocities(found: list[Reflection]) -> list[Layer]:
    """Return the velocities of the layers between reflections, where Dix's formula has one.

    Errors by its partial derivatives; picks count as independent.

    Examples
    --------
    >>> two = [Reflection(20e-9, 0.0, 1e8, 0.0, 1.0, 9, 2.0),
    ...        Reflection(40e-9, 0.0, 0.9e8, 0.0, 1.0, 9, 2.0)]
    >>> [round(one.velocity_m_per_s / 1e6, 1) for one in interval_velocities(two)]
    [100.0, 78.7]
    """
    layers: list[Layer] = []
    top = (0.0, 0.0, 0.0, 0.0)
    for one in sorted(found, key=lambda each: each.twt0_s):
        t0, v0, dt0, dv0 = top
        t1, v1 = one.twt0_s, one.velocity_m_per_s
        thick = t1 - t0
        square = (v1**2 * t1 - v0**2 * t0) / thick if thick > 0.0 else -1.0
        if square <= 0.0 or square >= SPEED_OF_LIGHT_M_S**2:
            continue
        slopes = np.array([
            2.0 * v1 * t1 / thick * one.velocity_error_m_per_s,
            2.0 * v0 * t0 / thick * dv0,
            (v1**2 - square) / thick * one.twt0_error_s,
            (square - v0**2) / thick * dt0,
        ])  # fmt: skip
        velocity = float(np.sqrt(square))
        error = float(np.sqrt((slopes**2).sum())) / (2.0 * velocity)
        layers.append(Layer(t0, t1, velocity, error))
        top = (t1, v1, one.twt0_error_s, one.velocity_error_m_per_s)
    return layers

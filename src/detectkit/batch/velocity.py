"""The velocity of the ground, measured on recordings, with what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.batch.job import LineJob, plan
from detectkit.batch.velocity_gather import measure_gather, offsets_of
from detectkit.core import Block, concat
from detectkit.core.block import follows
from detectkit.detect.preset import spectral_centre_hz
from detectkit.imaging.velocity.combine import Combined, combine
from detectkit.imaging.velocity.diffractions import Diffraction, find_diffractions
from detectkit.imaging.velocity.focus import Focus, focus_search
from detectkit.imaging.velocity.hyperbola import LEVEL, OFFSET_SHARE, Diffractor
from detectkit.imaging.velocity.picking import Line
from detectkit.io import Notice, Overrides
from detectkit.pipeline import Runner
from detectkit.product.velocity_result import Hyperbola, MeasuredVelocity, Recommended, Seen
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Progress = Callable[[int], None]
METHODS = ("hyperbola", "focus", "cmp")
PIECE_TRACES = 4096
"""Traces of a line that are looked at together: memory does not grow with its length."""
BAND_PERIODS = (1.0, 12.0)
"""First and last time of apexes, in periods after the direct wave or the ground."""
TRIED_M_PER_S = np.geomspace(0.5e8, 2.4e8, 28)
FOCUS_BIAS = (0.1, 0.2)
"""Relative error of a velocity by focus alone, on the ground and in the air.

On bars in concrete it came out 8 % low, over simulated points from the air 16 % high."""
DISAGREE = 2.0
"""Standard deviations of their difference from which two methods disagree."""


@dataclass(slots=True)
class _Gathered:
    """What the lines gave so far."""

    fits: list[Diffractor] = field(default_factory=list)
    periods_s: list[float] = field(default_factory=list)
    foci: list[Focus] = field(default_factory=list)
    airborne: bool = False


def measure_velocity(
    paths: Sequence[Path],
    *,
    methods: Sequence[str] = METHODS,
    offsets_m: tuple[float, float] | None = None,
    overrides: Overrides | None = None,
    format_name: str | None = None,
    progress: Progress | None = None,
) -> MeasuredVelocity:
    """Measure the velocity of the ground on recordings of one place.

    Lines go through the default pipeline of `detectkit.detect.preset`; nothing of what it
    assumes of the velocity enters the result. Gathers are recognised by the coordinate
    ``antenna_offset_m``, or told by `offsets_m`.

    Parameters
    ----------
    paths
        Recorded files.
    methods
        Of `METHODS`.
    offsets_m
        Distance of the antennas at the first trace and its growth by trace: the recordings are
        gathers.
    overrides, format_name
        As for `detectkit.batch.job.plan`.
    progress
        Called with the number of traces just done.

    Raises
    ------
    FormatError
        A file cannot be used.
    """
    job = plan(paths, overrides=overrides, format_name=format_name)
    said = [one for one in job.notices if "m/ns in the ground" not in one.text]
    result = MeasuredVelocity(notices=said)
    gathered = _Gathered()
    for line in job.lines:
        offsets = offsets_of(line.stream, offsets_m)
        if offsets is not None:
            if "cmp" in methods:
                result.gathers.append(measure_gather(line.stream, line.name, offsets))
        else:
            _line(line, methods, result, gathered)
        if progress is not None:
            progress(line.stream.traces)
    _conclude(result, gathered)
    return result


def _line(
    line: LineJob, methods: Sequence[str], result: MeasuredVelocity, gathered: _Gathered
) -> None:
    """Measure one line, piece by piece."""
    where = line.recording.path.name
    pieces = 0
    for block in _pieces(line):
        radargram = radargram_of(block)
        if radargram is None:
            continue
        pieces += 1
        gathered.airborne |= bool(np.any(radargram.height_m > 0.0))
        band_s = _band(radargram)
        focus = None
        if "focus" in methods:
            focus = focus_search(radargram, TRIED_M_PER_S, band_s=band_s)
            gathered.foci.append(focus)
        if "hyperbola" in methods:
            for one in find_diffractions(radargram, band_s=band_s):
                gathered.fits.append(one.fit)
                gathered.periods_s.append(radargram.period_s)
                result.hyperbolas.append(_hyperbola(one, radargram, line.name, where))
        if pieces == 1:
            result.seen.append(Seen(line.name, radargram, focus))
    if pieces == 0:
        text = (
            f"line {line.name}: no traces at known distances (and heights, in the air); neither "
            "hyperbolas nor focus can be told; give --set trace_spacing_m=... if you know it"
        )
        result.notices.append(Notice("warning", text, where))


def _pieces(line: LineJob) -> Iterator[Block]:
    """Yield the processed line in pieces without gaps."""
    runner = Runner(line.pipeline.steps)
    held: list[Block] = []
    count = 0
    for block in _processed(line, runner):
        if held and (not follows(held[-1], block) or count >= PIECE_TRACES):
            yield concat(held)
            held, count = [], 0
        held.append(block)
        count += len(block)
    if held:
        yield concat(held)


def _processed(line: LineJob, runner: Runner) -> Iterator[Block]:
    for block in line.stream.blocks():
        yield from (one for one in runner.push(block) if len(one))
    yield from (one for one in runner.finish() if len(one))


def radargram_of(block: Block) -> Line | None:
    """Return a processed block as the kernels want it; None without distance or height."""
    spec = block.spec
    if block.trace_spacing_m is None or "along_track_m" not in block.coords:
        return None
    interval_s = spec.sample_interval_s or 1.0
    along_m = np.asarray(block.coord("along_track_m"), np.float64)
    removed_s = np.zeros(len(block))
    if "removed_twt_s" in block.coords:
        removed_s = np.asarray(block.coord("removed_twt_s"), np.float64)
    elif "height_m" in block.coords:
        return None
    known = np.isfinite(along_m) & np.isfinite(removed_s)
    first, stop = _longest(known)
    if stop - first < 30:
        return None
    rows = slice(first, stop)
    data = np.ascontiguousarray(block.data[rows], np.float32)
    separation_m = block.sensor.antenna_separation_m or 0.0
    half_path = 0.5 * SPEED_OF_LIGHT_M_S * removed_s[rows]
    height_m = np.sqrt(np.maximum(half_path**2 - (0.5 * separation_m) ** 2, 0.0))
    frequency_hz = block.sensor.antenna_hz or spectral_centre_hz(data, interval_s)
    # Steps have put the traces at equal distances; floats of a file's positions have not.
    even_m = along_m[first] + np.arange(stop - first) * block.trace_spacing_m
    return Line(
        data,
        even_m,
        height_m,
        removed_s[rows],
        float(block.coord("twt_s")[0]),
        interval_s,
        separation_m,
        1.0 / frequency_hz,
    )


def _longest(known: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    if edges.size == 0:
        return 0, 0
    starts, stops = edges[::2], edges[1::2]
    at = int(np.argmax(stops - starts))
    return int(starts[at]), int(stops[at])


def _band(line: Line) -> tuple[float, float]:
    airborne = bool(np.any(line.removed_s > 0.0))
    direct_s = 0.0 if airborne else line.separation_m / SPEED_OF_LIGHT_M_S
    end_s = line.first_twt_s + (line.data.shape[1] - 1) * line.interval_s
    first, last = (direct_s + periods * line.period_s for periods in BAND_PERIODS)
    return first, max(first, min(last, end_s - line.period_s))


def _hyperbola(one: Diffraction, line: Line, name: str, recording: str) -> Hyperbola:
    fit = one.fit.with_shared_error(line.period_s)
    reach = fit.reach
    place = fit.place_m[0]
    air_s = float(np.interp(place, line.along_m, line.removed_s))
    picked_m = line.along_m[one.arrivals.rows]
    apex_error = float(np.hypot(fit.apex_error_s, OFFSET_SHARE * line.period_s))

    def interval(value: float, error: float) -> tuple[float, float]:
        return value - reach * error, value + reach * error

    return Hyperbola(
        line=name,
        recording=recording,
        along_track_m=place,
        along_track_interval_m=interval(place, fit.place_error_m[0]),
        apex_time_s=fit.apex_time_s - air_s,
        apex_time_interval_s=interval(fit.apex_time_s - air_s, apex_error),
        depth_m=fit.depth_m,
        depth_interval_m=interval(fit.depth_m, fit.depth_error_m),
        velocity_m_per_s=fit.velocity_m_per_s,
        velocity_interval_m_per_s=interval(fit.velocity_m_per_s, fit.velocity_error_m_per_s),
        picks=int(one.arrivals.rows.size),
        residual_s=fit.scatter_s,
        first_pick_m=float(picked_m[0]),
        last_pick_m=float(picked_m[-1]),
        height_m=float(np.interp(place, line.along_m, line.height_m)),
    )


def _conclude(result: MeasuredVelocity, gathered: _Gathered) -> None:
    """Recommend a velocity from what there is, the most direct method first."""
    found = [one for one in gathered.foci if one.velocity_m_per_s and one.error_m_per_s]
    if found:
        values = np.array([one.velocity_m_per_s or 0.0 for one in found])
        errors = np.array([one.error_m_per_s or 0.0 for one in found])
        bias = FOCUS_BIAS[gathered.airborne] * float(np.median(values))
        result.focus = _recommended(combine(values, errors, common_error=bias), "focus")
    if gathered.fits:
        values = np.array([one.velocity_m_per_s for one in gathered.fits])
        errors = np.array([one.velocity_error_m_per_s for one in gathered.fits])
        shared = [
            one.shared_error_m_per_s(period_s)
            for one, period_s in zip(gathered.fits, gathered.periods_s, strict=True)
        ]
        common = float(np.median(shared))
        mean = combine(values, errors, common_error=common)
        result.recommended = _checked(_recommended(mean, "hyperbola"), result)
        return
    gathers = [one.recommended for one in result.gathers if one.recommended is not None]
    if gathers:
        result.recommended = _recommended(_of_gathers(gathers), "cmp")
    elif result.focus is not None:
        result.recommended = result.focus
        text = "no usable hyperbola: the velocity is that of the sharpest image alone"
        result.notices.append(Notice("assumed", text))
    else:
        text = "the velocity was not measured: no usable hyperbola, gather or focus"
        result.notices.append(Notice("warning", text))


def _of_gathers(gathers: Sequence[Combined]) -> Combined:
    if len(gathers) == 1:
        return gathers[0]
    values = np.array([one.value for one in gathers])
    return combine(values, np.array([one.error for one in gathers]))


def _recommended(mean: Combined, method: str) -> Recommended:
    return Recommended(mean.value, mean.interval(LEVEL), mean.error, method, mean.count)


def _checked(mean: Recommended, result: MeasuredVelocity) -> Recommended:
    """Return the mean, with a wider error where the focus does not agree with it."""
    other = result.focus
    if other is None:
        return mean
    apart = abs(mean.velocity_m_per_s - other.velocity_m_per_s)
    both = float(np.hypot(mean.standard_error_m_per_s, other.standard_error_m_per_s))
    if apart <= DISAGREE * both:
        return mean
    text = (
        f"hyperbolas give {mean.velocity_m_per_s / 1e9:.3f} m/ns, the sharpest image "
        f"{other.velocity_m_per_s / 1e9:.3f} m/ns; they disagree, and the error was widened"
    )
    result.notices.append(Notice("warning", text))
    wider = float(np.hypot(mean.standard_error_m_per_s, 0.5 * apart))
    reach = wider / mean.standard_error_m_per_s
    low, high = (
        mean.velocity_m_per_s + reach * (end - mean.velocity_m_per_s)
        for end in mean.interval_m_per_s
    )
    return Recommended(mean.velocity_m_per_s, (low, high), wider, mean.method, mean.count)

"""What a DT1's time and position axes are, from the .HD and from the trace headers."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log

import numpy as np
import numpy.typing as npt

from detectkit.io.overrides import Overrides
from detectkit.io.remarks import Remarks
from detectkit.io.sensoft.hd import HdHeader, metres_per_unit
from detectkit.io.sensoft.traces import PositionAxis

_USUAL_INTERVAL_S = 0.4e-9
_USUAL_SAMPLES_PER_PERIOD = 12.5
"""The makers sample between 0.04 (pulseEKKO) and 0.1 (Noggin) of a period."""
_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Sampled:
    """Header floats of some traces spread over the file, in rows' order."""

    rows: npt.NDArray[np.int64]
    position: npt.NDArray[np.float64]
    next_position: npt.NDArray[np.float64]
    window: float

    @property
    def step(self) -> float:
        """Median absolute distance between neighbours, in position units; 0 when none."""
        steps = np.abs(self.next_position - self.position)
        steps = steps[np.isfinite(steps)]
        return float(np.median(steps)) if steps.size else 0.0

    @property
    def direction(self) -> float:
        """Minus 1 where positions fall along the line, else plus 1."""
        good = self.position[np.isfinite(self.position)]
        return -1.0 if good.size > 1 and good[-1] < good[0] else 1.0


def sample_interval(hd: HdHeader, samples: int, window: float, remarks: Remarks) -> float:
    """Return the sample interval in s: TOTAL TIME WINDOW over the number of points.

    Float 6 of a trace header is the window in ns on Noggin and the interval in ps on
    pulseEKKO, so it can confirm the window but not replace it without an assumption.
    """
    window_ns = hd.number("TOTAL TIME WINDOW") or 0.0
    if window_ns > 0.0 and _plausible(window_ns * 1e-9 / samples):
        interval = window_ns * 1e-9 / samples
        if window > 0.0 and not _confirms(window, window_ns, interval):
            text = (
                f"the trace header's float 6 is {window:g}, which is neither the window of "
                f"{window_ns:g} ns nor the interval of {interval * 1e12:g} ps of the .HD; "
                "the .HD is used"
            )
            remarks.warning(text, setting="sample_interval_s")
        return interval
    return _assumed_interval(hd, samples, window, remarks)


def _confirms(window: float, window_ns: float, interval: float) -> bool:
    return any(abs(window - value) <= _TOLERANCE * value for value in (window_ns, interval * 1e12))


def _assumed_interval(hd: HdHeader, samples: int, window: float, remarks: Remarks) -> float:
    usual = _USUAL_INTERVAL_S
    frequency_mhz = hd.number("NOMINAL FREQUENCY") or 0.0
    if frequency_mhz > 0.0:
        usual = 1.0 / (frequency_mhz * 1e6 * _USUAL_SAMPLES_PER_PERIOD)
    readings = {"window in ns": window * 1e-9 / samples, "interval in ps": window * 1e-12}
    possible = {meaning: value for meaning, value in readings.items() if _plausible(value)}
    if possible:
        meaning = min(possible, key=lambda name: abs(log(possible[name] / usual)))
        interval, how = possible[meaning], f"float 6 of the trace header ({window:g}) as {meaning}"
    else:
        interval, how = (usual if _plausible(usual) else _USUAL_INTERVAL_S), "what is usual"
    text = f"no usable TOTAL TIME WINDOW; sample interval {interval * 1e9:.4g} ns taken from {how}"
    remarks.assumed(text, setting="sample_interval_s")
    return interval


def _plausible(interval_s: float) -> bool:
    return isfinite(interval_s) and 1e-13 <= interval_s <= 1e-6


def first_twt(hd: HdHeader, samples: int, interval_s: float, remarks: Remarks) -> float:
    """Return the time of sample 0 in s; points are counted from 1 as traces are.

    On Noggin 250 line LINE0 (TIMEZERO AT POINT 46, antennas 0.28 m apart = 2.3 samples of
    air) the direct wave rises between points 47 and 48: point 46 is the 46th sample.
    """
    point = hd.number("TIMEZERO AT POINT")
    if point is None or not 0.0 <= point <= samples:
        said = "missing" if point is None else f"{point:g}, outside 0..{samples}"
        text = f"TIMEZERO AT POINT is {said}; time-zero is put at the first sample"
        remarks.assumed(text, setting="first_twt_s")
        return 0.0
    text = f"TIMEZERO AT POINT {point:g} counts samples from 1"
    remarks.assumed(text, setting="first_twt_s")
    return -max(point - 1.0, 0.0) * interval_s


def position_unit(hd: HdHeader, overrides: Overrides, remarks: Remarks) -> float:
    """Return metres per position unit; metres are assumed where the file does not tell."""
    given = overrides.choice("position_unit", ("m", "ft"), None)
    unit = hd.unit if given is None else given
    metres = metres_per_unit(unit)
    if metres is None and not hd.in_time:
        said = f"POSITION UNITS {unit!r} is not known" if unit else "POSITION UNITS is missing"
        remarks.assumed(f"{said}; metres", setting="position_unit")
    return metres or 1.0


def spacing_and_axis(
    hd: HdHeader, sampled: Sampled, metres: float, remarks: Remarks
) -> tuple[float | None, PositionAxis | None]:
    """Return the nominal trace spacing in m and the axis of the per-trace positions.

    Both are None where the recording has no distance: time mode, a step of 0, a gather.
    """
    reason = _no_distance(hd)
    if reason:
        remarks.note(f"{reason}: no distance along the line")
        return None, None
    step = hd.number("STEP SIZE USED")
    if step is None and sampled.step == 0.0:
        text = "neither the .HD nor the trace positions give a step: no distance along the line"
        remarks.warning(text, setting="trace_spacing_m")
        return None, None
    nominal = abs(step) if step is not None else sampled.step
    if sampled.step == 0.0 or not np.isfinite(sampled.position[0]):
        text = "the trace headers hold no usable positions; the step of the .HD is used instead"
        remarks.warning(text)
        return nominal * metres, None
    if abs(sampled.step - nominal) > _TOLERANCE * nominal:
        text = (
            f"the .HD gives a step of {nominal:g}, the trace positions one of {sampled.step:g}; "
            "the positions are used"
        )
        remarks.warning(text, setting="trace_spacing_m")
        nominal = sampled.step
    return nominal * metres, PositionAxis(float(sampled.position[0]), sampled.direction * metres)


def _no_distance(hd: HdHeader) -> str:
    if hd.is_gather:
        mode = hd.fields.get("SURVEY MODE", "")
        return f"SURVEY MODE {mode}: positions are antenna offsets, not a path"
    if hd.in_time:
        return f"POSITION UNITS {hd.unit!r}: recorded in time mode"
    if hd.number("STEP SIZE USED") == 0.0:
        return "STEP SIZE USED is 0: recorded in time mode"
    return ""

"""Trace spacing of a seismic file from the positions in its trace headers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.io.remarks import Remarks
from detectkit.io.seismic.places import LENGTHS_M, Places
from detectkit.io.seismic.traces import LineAxis

_EVEN = 0.02
_MILLI_AND_SO_ON = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def even_spacing(heads: npt.NDArray[Any], places: Places) -> float | None:
    """Return the step in m where sampled neighbours all are equally far apart, else None.

    `heads` come in pairs of neighbours. Positions in degrees give no nominal step.
    """
    if places.unit not in LENGTHS_M or heads.size < 2:
        return None
    x, y = places.xy(heads)
    steps = np.hypot(x[1::2] - x[::2], y[1::2] - y[::2]) * LENGTHS_M[places.unit]
    step = float(np.median(steps))
    even = bool(np.all(np.abs(steps - step) <= _EVEN * step))
    return step if step > 0.0 and even else None


def line_axis(heads: npt.NDArray[Any], step_m: float, remarks: Remarks) -> LineAxis | None:
    """Return the axis along source_x where its unit can be told by the trace step `step_m`.

    Radar written as Seismic Unix keeps the distance along the line in source_x, in m, cm or
    mm with a scalar of 0; the unit is the one in which its steps are `step_m`.
    """
    x = heads["source_x"].astype(np.float64)
    step = float(np.mean(np.abs(x[1::2] - x[::2]))) if heads.size > 1 else 0.0
    for unit, metres in _MILLI_AND_SO_ON.items():
        tolerance = _EVEN * step_m + 0.5 * metres * (step != int(step))
        if step > 0.0 and abs(step * metres - step_m) <= tolerance:
            text = f"source x read as distance along the line in {unit}, by the step {step_m:g} m"
            remarks.note(text)
            return LineAxis(float(x[0]), metres if x[-1] >= x[0] else -metres)
    return None

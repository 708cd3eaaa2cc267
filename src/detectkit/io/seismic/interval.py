"""The sample interval of a radar file in a seismic format, whose fields are too coarse for it.

The 16-bit field means microseconds in the standard; radar programs write picoseconds there.
"""

from __future__ import annotations

from math import isfinite

from detectkit.io.remarks import Remarks

SHORTEST_WINDOW_S, LONGEST_WINDOW_S = 1e-9, 1e-4
_UNITS_S = {"ps": 1e-12, "ns": 1e-9, "fs": 1e-15}
_USUAL_INTERVAL_S = 1e-10


def interval_of_field(field: int, samples: int, remarks: Remarks) -> float:
    """Return the sample interval in s of the 16-bit field, in the unit of a radar window."""
    for unit, seconds in _UNITS_S.items():
        if is_window(field * seconds * samples):
            text = (
                f"sample interval field {field} read as {unit}: a window of "
                f"{field * seconds * samples * 1e9:.4g} ns"
            )
            remarks.assumed(text, setting="sample_interval_s")
            return field * seconds
    interval = field * 1e-12 or _USUAL_INTERVAL_S
    text = (
        f"sample interval field {field} gives no radar window in any unit; {interval:g} s assumed"
    )
    remarks.assumed(text, setting="sample_interval_s")
    return interval


def interval_of_su(d1: float, field: int, samples: int, remarks: Remarks) -> float:
    """Return the sample interval in s of a Seismic Unix header.

    The float ``d1`` counts where it is the 16-bit field with its fraction (``d1`` in ns and
    the field in ps, or ``d1`` in s), or where as ns it gives a radar window.
    """
    if not isfinite(d1) or d1 <= 0.0:
        return interval_of_field(field, samples, remarks)
    for unit, seconds in {"ns": 1e-9, "s": 1.0}.items():
        interval = d1 * seconds
        agrees = field > 0 and abs(interval * 1e12 - field) <= 1.0
        if is_window(interval * samples) and (agrees or field == 0):
            text = f"sample interval {d1:g} (d1) read as {unit}"
            remarks.assumed(text, setting="sample_interval_s")
            return interval
    return interval_of_field(field, samples, remarks)


def is_window(window_s: float) -> bool:
    """Tell whether a time window is one that a ground radar records."""
    return SHORTEST_WINDOW_S <= window_s <= LONGEST_WINDOW_S

"""What a reader knows of one stream before it reads a single trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from detectkit.core import Sensor
from detectkit.io.fixes import NO_FIXES, Fixes


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """One line of one sensor: its size, its axes, its positions and the file's own header.

    Parameters
    ----------
    sensor
        What measured it.
    line
        Name of the line, normally the file's stem.
    traces, samples
        Number of whole traces in the file and of samples in each.
    sample_interval_s, first_twt_s
        The fast-time axis.
    trace_spacing_m
        Nominal distance between traces; None in time mode or when unknown.
    marks
        1-based numbers of the traces that the operator marked, rising; a `LazyMarks` where
        all traces must be read to find them.
    fixes
        Fixes of the side file or the trace headers, valid or not.
    permittivity
        Relative permittivity that the operator set, None when not told.
    counter_modulus
        The coordinate ``trace_counter`` of the source counts modulo this; None when the
        source has no counter to find gaps with.
    segments
        (first row, its trace counter) of each run without gap, where the file stores it.
    raw
        The file's header as read, by the format's own names, for `inspect`.
    """

    sensor: Sensor
    line: str
    traces: int
    samples: int
    sample_interval_s: float
    first_twt_s: float = 0.0
    trace_spacing_m: float | None = None
    marks: Sequence[int] = ()
    fixes: Fixes = NO_FIXES
    permittivity: float | None = None
    counter_modulus: int | None = None
    segments: tuple[tuple[int, int], ...] = ((0, 0),)
    raw: Mapping[str, Any] = field(default_factory=dict)

"""Time axis, distance and antenna of one .DZT channel, and what had to be assumed for them."""

from __future__ import annotations

from pathlib import Path

from detectkit.core import FormatError
from detectkit.io.gssi.antennas import antenna_hz
from detectkit.io.gssi.dzx import Dzx
from detectkit.io.gssi.header import CONVERTER_TAG, RANGE_NS, DztHeader
from detectkit.io.overrides import Overrides
from detectkit.io.remarks import Remarks


def interval_s(
    path: Path, head: DztHeader, samples: int, overrides: Overrides, remarks: Remarks
) -> float:
    """Return the sample interval in s.

    Raises
    ------
    FormatError
        The range is no range of a radar, and the user gives no interval.
    """
    given = overrides.number("sample_interval_s", None)
    if given is not None and given > 0.0:
        return given
    interval = head.interval_s
    if interval is None:
        low, high = RANGE_NS
        msg = (
            f"{path.name} at byte 26: expected a range of {low:g} to {high:g} ns, found "
            f"{head.range_ns:g}; give the interval with --set sample_interval_s=1e-10"
        )
        raise FormatError(msg)
    if samples != head.samples:
        interval *= (head.samples - (head.tag == CONVERTER_TAG)) / samples
    if head.tag == CONVERTER_TAG:
        text = (
            "header tag 0x0001: this writer's range spans samples - 1 intervals, where GSSI's "
            f"spans samples; the interval is {interval * 1e9:.6g} ns"
        )
        remarks.note(text, offset=26)
    return interval


def first_twt_s(head: DztHeader, interval: float, blank: int, remarks: Remarks) -> float:
    """Return the two-way travel time of the first sample in s.

    A negative position is the time of the first sample before time-zero: in the real file
    with -230 ns the direct wave indeed arrives 230 ns after the first sample. A positive
    one is not used: in the one such file of GSSI it marks the direct wave inside the trace.
    The converter (tag 0x0001) puts the two header words before the signal, so that sample 2
    is the first of the original recording. The field ``zero`` means nothing reliable.
    """
    if head.tag == CONVERTER_TAG:
        text = f"taken that sample {blank} of each trace is at 0 ns, as it was before conversion"
        remarks.assumed(text, offset=22, setting="first_twt_s")
        return -blank * interval
    position = head.position_ns
    if position == 0.0:
        return 0.0
    if -head.range_ns <= position < 0.0:
        text = f"position {position:g} ns is taken as the time of the first sample"
        remarks.note(text, offset=22, setting="first_twt_s")
        return position * 1e-9
    text = (
        f"position {position:g} ns is not the start of a time window; the first sample is "
        "taken to be at 0 ns"
    )
    remarks.assumed(text, offset=22, setting="first_twt_s")
    return 0.0


def spacing_m(head: DztHeader, dzx: Dzx, remarks: Remarks) -> float | None:
    """Return the trace spacing in m that the .DZT states; the .DZX is compared, not used."""
    spacing, key = head.spacing_m, "trace_spacing_m"
    if head.scans_per_m == 0.0:
        remarks.note("time mode: the recording has no distance", offset=14, setting=key)
    elif spacing is None:
        text = f"{head.scans_per_m:g} scans/m is no rate; the recording has no distance"
        remarks.warning(text, offset=14, setting=key)
    if dzx.spacing_m is None:
        return spacing
    if spacing is None:
        text = f"the .DZX states {dzx.spacing_m:.6g} m per scan, the header none; not used"
        remarks.warning(text, offset=14, setting=key)
    elif abs(dzx.spacing_m - spacing) > 0.01 * spacing:
        text = (
            f"the header states {spacing:.6g} m between traces, the .DZX {dzx.spacing_m:.6g}; "
            "the header's is used"
        )
        remarks.warning(text, offset=14, setting=key)
    return spacing


def antenna(head: DztHeader, block_offset: int, remarks: Remarks) -> float | None:
    """Return the antenna's nominal frequency in Hz, None where its name does not tell."""
    freq_hz = antenna_hz(head.antenna)
    if freq_hz is None:
        text = f"the antenna name {head.antenna!r} does not plainly tell a frequency"
        remarks.assumed(f"{text}; taken as unknown", offset=block_offset + 98, setting="antenna_hz")
    return freq_hz

"""Time axis, distance and antenna of one .DZT channel, and what had to be assumed for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detectkit.core import FormatError
from detectkit.io.gssi.antennas import antenna_hz
from detectkit.io.gssi.dzx import Dzx
from detectkit.io.gssi.header import CONVERTER_TAG, RANGE_NS, DztHeader
from detectkit.io.notice import Notice
from detectkit.io.overrides import Overrides


@dataclass(frozen=True, slots=True)
class Remarks:
    """Builds notices about one header block of a file."""

    path: Path
    block_offset: int = 0

    def note(self, text: str, byte: int | None = None, *, setting: str = "") -> Notice:
        """Return a note; `setting` would settle it."""
        return Notice("note", text, self.path.name, self._place(byte), setting)

    def assumed(self, text: str, byte: int | None = None, *, setting: str) -> Notice:
        """Return an assumption; the text gets the name of the setting that overrides it."""
        remedy = f"{text}. Correct it with --set {setting}"
        return Notice("assumed", remedy, self.path.name, self._place(byte), setting)

    def warning(self, text: str, byte: int | None = None, *, setting: str = "") -> Notice:
        """Return a warning; `setting` would settle it."""
        return Notice("warning", text, self.path.name, self._place(byte), setting)

    def _place(self, byte: int | None) -> int | None:
        return None if byte is None else self.block_offset + byte


def interval_s(
    path: Path, head: DztHeader, samples: int, overrides: Overrides
) -> tuple[float, tuple[Notice, ...]]:
    """Return the sample interval in s.

    Raises
    ------
    FormatError
        The range is no range of a radar, and the user gives no interval.
    """
    given = overrides.number("sample_interval_s", None)
    if given is not None and given > 0.0:
        return given, ()
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
        return interval, (Remarks(path).note(text, 26),)
    return interval, ()


def first_twt_s(
    path: Path, head: DztHeader, interval: float, blank: int
) -> tuple[float, tuple[Notice, ...]]:
    """Return the two-way travel time of the first sample in s.

    A negative position is the time of the first sample before time-zero: in the real file
    with -230 ns the direct wave indeed arrives 230 ns after the first sample. A positive
    one is not used: in the one such file of GSSI it marks the direct wave inside the trace.
    The converter (tag 0x0001) puts the two header words before the signal, so that sample 2
    is the first of the original recording. The field ``zero`` means nothing reliable.
    """
    say = Remarks(path)
    if head.tag == CONVERTER_TAG:
        text = (
            f"taken that sample {blank} of each trace is at 0 ns, as in the recording it was "
            "converted from"
        )
        return -blank * interval, (say.assumed(text, 22, setting="first_twt_s"),)
    position = head.position_ns
    if position == 0.0:
        return 0.0, ()
    if -head.range_ns <= position < 0.0:
        text = f"position {position:g} ns is taken as the time of the first sample"
        return position * 1e-9, (say.note(text, 22, setting="first_twt_s"),)
    text = (
        f"position {position:g} ns is not the start of a time window; the first sample is "
        "taken to be at 0 ns"
    )
    return 0.0, (say.assumed(text, 22, setting="first_twt_s"),)


def spacing_m(path: Path, head: DztHeader, dzx: Dzx) -> tuple[float | None, tuple[Notice, ...]]:
    """Return the trace spacing in m that the .DZT states; the .DZX is compared, not used."""
    return head.spacing_m, tuple(_spacing_notices(Remarks(path), head, dzx))


def _spacing_notices(say: Remarks, head: DztHeader, dzx: Dzx) -> Iterator[Notice]:
    spacing, key = head.spacing_m, "trace_spacing_m"
    remedy = f"give it with --set {key}"
    if head.scans_per_m == 0.0:
        text = f"time mode: the recording has no distance; where known, {remedy}"
        yield say.note(text, 14, setting=key)
    elif spacing is None:
        text = f"{head.scans_per_m:g} scans/m is no rate; the recording has no distance; {remedy}"
        yield say.warning(text, 14, setting=key)
    if dzx.spacing_m is None:
        return
    if spacing is None:
        text = (
            f"the .DZX states {dzx.spacing_m:.6g} m per scan, the header none; not used. If the "
            f"wheel was on, --set {key}={dzx.spacing_m:.6g}"
        )
        yield say.warning(text, 14, setting=key)
    elif abs(dzx.spacing_m - spacing) > 0.01 * spacing:
        text = (
            f"the header states {spacing:.6g} m between traces, the .DZX {dzx.spacing_m:.6g}; "
            f"the header's is used. Correct it with --set {key}"
        )
        yield say.warning(text, 14, setting=key)


def antenna(path: Path, head: DztHeader, block_offset: int) -> tuple[float | None, Notice | None]:
    """Return the antenna's nominal frequency in Hz, or None and what to do about it."""
    freq_hz = antenna_hz(head.antenna)
    if freq_hz is not None:
        return freq_hz, None
    text = f"the antenna name {head.antenna!r} does not plainly tell a frequency; taken as unknown"
    return None, Remarks(path, block_offset).assumed(text, 98, setting="antenna_hz")

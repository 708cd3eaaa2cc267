"""Real ground as clutter: radargrams without targets, on the axes of a simulated lane.

A recording's constant part is taken off, its axes are stretched so that its centre frequency
becomes the lane's: its clutter then has the lane's wavelengths. What is mixed in begins at its
direct wave's end, where its ground begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError
from detectkit.detect.preset import spectral_centre_hz
from detectkit.io import Stream, open_recording
from detectkit.learn.corpus.settings import Background
from detectkit.signal.time_zero import first_break

Floats = npt.NDArray[np.float32]
LONGEST = 4000
"""Traces of a line that are used, at most."""
BREAK = 0.2
PERIODS = 1.5
"""Of the direct wave, after which the ground is taken to begin."""
USUAL_SPACING_M = 0.02
"""Taken where a recording tells no distance."""


@dataclass(frozen=True, slots=True, eq=False)
class RealGround:
    """Clutter of one line: (traces, samples), constant part removed, from where ground begins.

    Parameters
    ----------
    centre_hz, interval_s, spacing_m
        Of the recording.
    """

    clutter: Floats
    centre_hz: float
    interval_s: float
    spacing_m: float

    def piece(
        self,
        *,
        traces: int,
        spacing_m: float,
        samples: int,
        interval_s: float,
        centre_hz: float,
        rng: np.random.Generator,
    ) -> Floats:
        """Return a piece on a lane's axes, (traces, samples); 0 where the recording ends.

        Where it starts, and in which direction it runs, is drawn. A line shorter than the lane is
        run there and back.
        """
        stretch = self.centre_hz / centre_hz
        row_step = spacing_m / (self.spacing_m * stretch)
        column_step = interval_s / (self.interval_s * stretch)
        last = len(self.clutter) - 1
        turn = (rng.uniform(0.0, 2.0 * last) + row_step * np.arange(traces)) % (2 * last)
        rows = last - np.abs(last - turn)
        below = np.minimum(rows.astype(np.int64), last - 1)
        share = (rows - below)[:, np.newaxis].astype(np.float32)
        lines = (1.0 - share) * self.clutter[below] + share * self.clutter[below + 1]
        columns = column_step * np.arange(samples)
        there = columns <= self.clutter.shape[1] - 1
        left = np.minimum(columns.astype(np.int64), self.clutter.shape[1] - 2)
        part = (columns - left).astype(np.float32)
        piece = (1.0 - part) * lines[:, left] + part * lines[:, left + 1]
        return np.where(there, piece, np.float32(0.0))


def read_grounds(backgrounds: Sequence[Background]) -> list[RealGround]:
    """Return the radar lines of the recordings.

    Raises
    ------
    FormatError
        One of them has no radar line with a signal in it.
    """
    found: list[RealGround] = []
    for one in backgrounds:
        streams = [
            stream
            for stream in open_recording(Path(one.path)).streams
            if stream.header.sensor.kind == "gpr" and stream.traces > 1
        ]
        grounds = [ground for ground in map(real_ground, streams) if ground is not None]
        if not grounds:
            msg = f"{one.path}: no radar line with a signal in it; nothing to mix in"
            raise FormatError(msg)
        found += grounds
    return found


def real_ground(stream: Stream) -> RealGround | None:
    """Return the clutter of a line, None where there is no signal in it."""
    block = stream.rows(0, min(stream.traces, LONGEST))
    data = np.asarray(block.data[:, block.sensor.blank_samples :], np.float64)
    data = np.where(np.isfinite(data), data, 0.0)
    data -= data.mean(axis=1, keepdims=True)
    if not np.any(data):
        return None
    interval_s = stream.header.sample_interval_s
    centre_hz = stream.header.sensor.antenna_hz or spectral_centre_hz(
        data.astype(np.float32), interval_s
    )
    breaks = first_break(data.astype(np.float32), fraction=BREAK)
    starts = float(np.nanmedian(breaks)) if np.isfinite(breaks).any() else 0.0
    first = int(starts + PERIODS / centre_hz / interval_s)
    if first > data.shape[1] - 8:
        return None
    clutter = data[:, first:] - data[:, first:].mean(axis=0)
    if not np.any(clutter):
        return None
    spacing_m = stream.header.trace_spacing_m or USUAL_SPACING_M
    return RealGround(clutter.astype(np.float32), centre_hz, interval_s, spacing_m)

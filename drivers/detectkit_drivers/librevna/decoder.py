"""Lines of LibreVNA's stream to traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from detectkit.core import Sensor
from detectkit.drivers import WAIT, Frame, Item, Layout, Note, StreamDecoder, Taken, damaged, good
from detectkit.drivers import skip as passed
from detectkit_drivers.librevna.points import Point, read_point
from detectkit_drivers.librevna.transform import DelayTransform, Grid, window_of

if TYPE_CHECKING:
    from detectkit_drivers.librevna.instrument import LibreVna

Trouble = Literal["more", "fewer", "uneven", "samples"]

UNEVEN = 0.02
"""How far a frequency may lie from its place, in steps."""


class LibreVnaDecoder(StreamDecoder):
    """Points to sweeps, sweeps to one row each.

    A sweep counts when all its points came, in order and evenly spaced. Any other is dropped and
    counted as damaged, but for the one that was under way when the stream was opened.
    """

    longest = 4096

    def __init__(self, settings: LibreVna) -> None:
        super().__init__()
        self._settings = settings
        self._values = np.zeros(settings.points, np.complex128)
        self._frequencies_hz = np.zeros(settings.points)
        self._next: int | None = None
        self._transform: tuple[Grid, DelayTransform, Layout] | None = None
        self._told: set[Trouble] = set()

    def reset(self) -> None:
        """Drop the unfinished sweep."""
        super().reset()
        self._lose()
        self._told.clear()

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one line."""
        end = held.find(b"\n", at, at + self.longest)
        if end < 0:
            return WAIT
        used = end + 1 - at
        line = held[at:end].strip()
        if not line:
            return passed(used)
        point = read_point(line, self._settings.parameter)
        return damaged(used) if point is None else good(used, *self._place(point))

    def _place(self, point: Point) -> list[Item]:
        """Put a point into the sweep; return the frame where it was the last, and notes."""
        if point.number >= self._settings.points:
            self._lose()
            words = f"sweeps have more than the {self._settings.points} points of the settings"
            return self._say("more", words)
        if point.number == 0:
            short = self._next
            self._lose()
            self._next = 0
            if short:
                return [*self._say("fewer", self._words(short)), *self._keep(point)]
        elif point.number != self._next:
            self._lose()
            return []
        return self._keep(point)

    def _keep(self, point: Point) -> list[Item]:
        self._values[point.number] = point.value
        self._frequencies_hz[point.number] = point.frequency_hz
        self._next = point.number + 1
        if self._next < self._settings.points:
            return []
        self._next = None
        return self._sweep()

    def _sweep(self) -> list[Item]:
        grid = _grid_of(self._frequencies_hz)
        if grid is None:
            self.tally.damaged += 1
            words = "the frequencies of a sweep are not evenly spaced; use a linear sweep"
            return self._say("uneven", words)
        if self._settings.samples < grid.fewest_samples:
            self.tally.damaged += 1
            needed = grid.fewest_samples
            words = f"the sweep needs samples = {needed} or more, not {self._settings.samples}"
            return self._say("samples", words)
        if self._transform is None or self._transform[0] != grid:
            self._transform = (grid, *transform_of(grid, self._settings))
        _, transform, layout = self._transform
        return [Frame(layout, transform.trace(self._values)[np.newaxis])]

    def _lose(self) -> None:
        """Drop the sweep; it is counted where it had begun."""
        self.tally.damaged += bool(self._next)
        self._next = None

    def _words(self, short: int) -> str:
        points = self._settings.points
        return f"a sweep ended after point {short - 1}; the settings say {points} points"

    def _say(self, trouble: Trouble, words: str) -> list[Item]:
        """Say of each trouble once."""
        if trouble in self._told:
            return []
        self._told.add(trouble)
        return [Note(words, "warning")]


def transform_of(grid: Grid, settings: LibreVna) -> tuple[DelayTransform, Layout]:
    """Return the transform of a grid of frequencies, and what its traces mean."""
    weights = window_of(settings.window, grid.points, kaiser_beta=settings.kaiser_beta)
    transform = DelayTransform(grid, weights, samples=settings.samples)
    layout = Layout(
        stream="traces",
        sensor=Sensor(
            id=settings.name,
            kind=settings.kind,
            instrument=settings.title,
            antenna_hz=0.5 * (grid.start_hz + grid.stop_hz),
            unit="1",
        ),
        samples=settings.samples,
        sample_interval_s=transform.sample_interval_s,
    )
    return transform, layout


def _grid_of(frequencies_hz: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Grid | None:
    points = frequencies_hz.size
    step_hz = float(frequencies_hz[-1] - frequencies_hz[0]) / (points - 1)
    if not step_hz > 0.0 or frequencies_hz[0] < 0.0:
        return None
    even = frequencies_hz[0] + step_hz * np.arange(points)
    if np.max(np.abs(frequencies_hz - even)) > UNEVEN * step_hz:
        return None
    return Grid(float(frequencies_hz[0]), step_hz, points)

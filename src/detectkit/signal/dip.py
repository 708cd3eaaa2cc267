"""Dip filter: keep or reject events by their slope across traces (f-k fan filter)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import fft

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_traces, at_least, destination

Direction = Literal["both", "forward", "backward"]
Action = Literal["keep", "reject"]
Gain = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fan:
    """A range of apparent velocities to keep or to reject.

    An event whose delay grows by dt over dx has the slope p = dt/dx and the apparent velocity
    1/p; in the spectrum it lies on the line k = -p f. The fan is 1/fastest ≤ |p| ≤ 1/slowest;
    beyond, a raised cosine falls to 0 within the factor 1 + edge.

    Parameters
    ----------
    slowest_m_per_s, fastest_m_per_s
        Apparent velocities, distance per two-way time. The flank of a hyperbola in soil of
        velocity v tends to v/2, in air to 1.5e8 m/s; a flat layer has infinite velocity.
    direction
        ``"forward"``: delay grows along the line; ``"backward"``: it falls; ``"both"``. Flat
        events belong to each of them.
    action
        ``"keep"`` the fan or ``"reject"`` it.
    edge
        Relative width of the transition.

    Raises
    ------
    UsageError
        Not 0 ≤ slowest < fastest, an edge that is not positive, an unknown word.

    Notes
    -----
    Fan (pie-slice) filtering: Embree, Burg & Backus, Wide-band velocity filtering - the
    pie-slice process, Geophysics 28 (1963). Frequencies above 1/(2 |p| dx) alias.
    """

    slowest_m_per_s: float = 0.0
    fastest_m_per_s: float = math.inf
    direction: Direction = "both"
    action: Action = "keep"
    edge: float = 0.2

    def __post_init__(self) -> None:
        if not 0.0 <= self.slowest_m_per_s < self.fastest_m_per_s or not self.edge > 0.0:
            msg = (
                f"fan {self.slowest_m_per_s} to {self.fastest_m_per_s} m/s, edge {self.edge}: "
                "need 0 <= slowest < fastest (inf for flat events too) and an edge above 0"
            )
            raise UsageError(msg)
        if self.direction not in get_args(Direction) or self.action not in get_args(Action):
            msg = (
                f"direction {self.direction!r} and action {self.action!r}: use 'both', 'forward' "
                "or 'backward' and 'keep' or 'reject'"
            )
            raise UsageError(msg)

    def response(
        self, shape: tuple[int, int], *, trace_spacing_m: float, sample_interval_s: float
    ) -> Traces:
        """Return the gain over wavenumber and frequency, in the order of `scipy.fft.rfft2`.

        Parameters
        ----------
        shape
            Number of traces and of samples of the transform.
        trace_spacing_m, sample_interval_s
            Steps of the two axes.

        Examples
        --------
        >>> Fan().response((2, 2), trace_spacing_m=0.02, sample_interval_s=1e-10)
        array([[1., 1.],
               [1., 1.]], dtype=float32)
        """
        if not (trace_spacing_m > 0.0 and sample_interval_s > 0.0):
            msg = f"spacing {trace_spacing_m} m and interval {sample_interval_s} s must be above 0"
            raise UsageError(msg)
        wavenumber = fft.fftfreq(shape[0], trace_spacing_m)[:, np.newaxis]
        frequency = fft.rfftfreq(shape[1], sample_interval_s)[np.newaxis, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(wavenumber == 0.0, 0.0, -wavenumber / frequency)
        gain = self._over_steepness(np.abs(slope))
        if self.direction != "both":
            towards = (slope > 0.0) == (self.direction == "forward")
            gain = np.where(towards | (slope == 0.0), gain, 0.0)
        return (gain if self.action == "keep" else 1.0 - gain).astype(np.float32)

    def _over_steepness(self, steepness: Gain) -> Gain:
        gain = np.ones_like(steepness)
        if self.slowest_m_per_s > 0.0:
            gain *= _fall(steepness, 1.0 / self.slowest_m_per_s, self.edge)
        if self.fastest_m_per_s < math.inf:
            gain *= 1.0 - _fall(
                steepness, 1.0 / self.fastest_m_per_s / (1.0 + self.edge), self.edge
            )
        return gain


class DipFilter:
    """Apply a `Fan` along a line, tile by tile.

    Tiles of `tile_traces` traces lie at absolute places, half over each other. Each is weighted
    by half a sine before and after filtering: the weights of two neighbours add to
    sin² + cos² = 1, so what the fan keeps comes out as it was. The line is mirrored at its ends.
    In delay, zeros are appended so that late events do not wrap to early times.

    Parameters
    ----------
    samples
        Samples per trace.
    tile_traces
        Even; longer tiles separate slopes better. Latency: tile_traces - 1 traces.
    fan
        What to keep.
    trace_spacing_m, sample_interval_s
        Steps of the two axes; traces must be equally spaced.

    Notes
    -----
    Weighted overlap-add: Crochiere, A weighted overlap-add method of short-time Fourier
    analysis/synthesis, IEEE Trans. ASSP 28 (1980).

    Examples
    --------
    >>> steps = {"trace_spacing_m": 0.02, "sample_interval_s": 1e-10}
    >>> keep_all = DipFilter(8, fan=Fan(), tile_traces=4, **steps)
    >>> line = np.arange(40.0).reshape(5, 8)
    >>> same = np.concatenate([keep_all.push(line), keep_all.finish()])
    >>> bool(np.allclose(same, line, atol=1e-4))
    True
    """

    def __init__(
        self,
        samples: int,
        *,
        fan: Fan,
        tile_traces: int,
        trace_spacing_m: float,
        sample_interval_s: float,
    ) -> None:
        if at_least(tile_traces, 2, "tile_traces") % 2:
            msg = f"tile_traces is {tile_traces}; it must be even, e.g. {tile_traces + 1}"
            raise UsageError(msg)
        self._samples = at_least(samples, 1, "samples")
        self._half = tile_traces // 2
        self._length = fft.next_fast_len(samples + samples // 2, real=True)
        self._gain = fan.response(
            (tile_traces, self._length),
            trace_spacing_m=trace_spacing_m,
            sample_interval_s=sample_interval_s,
        )
        turn = np.pi * (np.arange(tile_traces) + 0.5) / tile_traces
        self._weight = np.sin(turn).astype(np.float32)[:, np.newaxis]
        self._waiting: list[Traces] = []
        self._recent = np.zeros((0, samples), np.float32)  # last rows filtered, for the mirror
        self._tail: Traces | None = None  # what the last tile gave to rows not finished yet

    @property
    def held(self) -> int:
        """Number of traces taken in and not given back yet."""
        unfinished = 0 if self._tail is None else self._half
        return unfinished + sum(map(len, self._waiting))

    def push(self, data: npt.ArrayLike, *, out: Traces | None = None) -> Traces:
        """Take the next traces; return those that no later tile can change."""
        self._waiting.append(as_traces(data, samples=self._samples).copy())
        hops = sum(map(len, self._waiting)) // self._half
        rows = max(0, hops - (self._tail is None)) * self._half
        result = destination(out, rows, self._samples)
        if hops:
            waiting = np.concatenate(self._waiting)
            self._through(waiting[: hops * self._half], result)
            self._waiting = [waiting[hops * self._half :]]
        return result

    def finish(self, *, out: Traces | None = None) -> Traces:
        """Return the traces that are left at the end of the line, which is mirrored there."""
        left = self.held
        result = destination(out, left, self._samples)
        if left:
            known = np.concatenate([self._recent, *self._waiting])
            new = sum(map(len, self._waiting))
            missing = self._half + (-new) % self._half
            mirrored = np.pad(known, ((0, missing), (0, 0)), mode="symmetric")[-(new + missing) :]
            padded = np.empty((left + missing - self._half, self._samples), np.float32)
            self._through(mirrored, padded)
            result[:] = padded[:left]
        self._recent, self._tail, self._waiting = self._recent[:0], None, []
        return result

    def _through(self, rows: Traces, out: Traces) -> None:
        """Filter the tiles that end in each hop of `rows`; write what they finish to `out`."""
        done = 0
        for start in range(0, len(rows), self._half):
            hop = rows[start : start + self._half]
            before = hop[::-1] if self._tail is None else self._recent[-self._half :]
            tile = self._filtered(np.concatenate([before, hop]))
            if self._tail is not None:
                np.add(self._tail, tile[: self._half], out=out[done : done + self._half])
                done += self._half
            self._tail = tile[self._half :]
            self._recent = np.concatenate([self._recent[-self._half :], hop])

    def _filtered(self, tile: Traces) -> Traces:
        shape = (len(tile), self._length)
        spectrum = fft.rfft2(tile * self._weight, s=shape, overwrite_x=True)
        spectrum *= self._gain
        filtered = fft.irfft2(spectrum, s=shape, overwrite_x=True)[:, : self._samples]
        return np.asarray(filtered * self._weight, dtype=np.float32)


def _fall(steepness: Gain, corner: float, edge: float) -> Gain:
    """Return 1 up to `corner`, 0 beyond corner·(1 + edge), a raised cosine between."""
    share = np.clip((steepness - corner) / (corner * edge), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * share))

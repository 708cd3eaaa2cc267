"""Faults of a wire and of an instrument, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong; the default is nothing.

    Parameters
    ----------
    drop_bytes, flip_bits
        Probability of each byte to the host to be lost, and to have one bit turned over.
    skip_rows
        Probability of each row to be measured, counted and not sent (a counter gap).
    clock_ppm
        How much the instrument's clock runs fast, in parts per million.
    burst_s
        Bytes are held back and delivered together each time this long has passed.
    stall
        (at_s, for_s): the instrument hangs; it says nothing, hears nothing, its rows are lost.
    unplug
        (at_s, for_s): the cable is out.
    reboot_at_s
        The instrument starts anew then.
    """

    drop_bytes: float = 0.0
    flip_bits: float = 0.0
    skip_rows: float = 0.0
    clock_ppm: float = 0.0
    burst_s: float = 0.0
    stall: tuple[float, float] | None = None
    unplug: tuple[float, float] | None = None
    reboot_at_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("drop_bytes", "flip_bits", "skip_rows"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                msg = f"{name}={getattr(self, name)} must be a probability from 0 to 1"
                raise UsageError(msg)
        if not 0.0 <= self.burst_s < float("inf"):
            msg = f"burst_s={self.burst_s} must be 0 or a time in s"
            raise UsageError(msg)

    def stalled(self, at_s: float) -> bool:
        """Tell whether the instrument hangs at this time of the bench."""
        return self.stall is not None and self.stall[0] <= at_s < sum(self.stall)


class Damage:
    """Draws the faults of bytes and rows.

    Byte k of all that passes meets the same fault whatever the pieces it comes in: there is one
    draw a byte (or row) and kind of fault, and each kind has a generator of its own.
    """

    def __init__(self, seed: int) -> None:
        drop, flip, skip = np.random.SeedSequence(seed).spawn(3)
        self._drop = np.random.default_rng(drop)
        self._flip = np.random.default_rng(flip)
        self._skip = np.random.default_rng(skip)

    def flips(self, data: bytes, probability: float) -> tuple[bytes, int]:
        """Return the bytes with single bits turned over, and how many bytes that hit."""
        if probability == 0.0 or not data:
            return data, 0
        drawn = self._flip.random(len(data))
        hit = np.flatnonzero(drawn < probability)
        turned = np.frombuffer(data, dtype=np.uint8).copy()
        # A hit's draw is even between 0 and the probability: it chooses the bit as well.
        turned[hit] ^= np.left_shift(1, (drawn[hit] / probability * 8.0).astype(np.uint8))
        return turned.tobytes(), hit.size

    def drops(self, data: bytes, probability: float) -> tuple[bytes, int]:
        """Return the bytes that are left, and how many were lost."""
        if probability == 0.0 or not data:
            return data, 0
        kept = np.frombuffer(data, dtype=np.uint8)[self._drop.random(len(data)) >= probability]
        return kept.tobytes(), len(data) - kept.size

    def skipped(self, rows: int, probability: float) -> npt.NDArray[np.bool_]:
        """Return which rows are lost, shape (rows,)."""
        if probability == 0.0:
            return np.zeros(rows, dtype=np.bool_)
        return self._skip.random(rows) < probability

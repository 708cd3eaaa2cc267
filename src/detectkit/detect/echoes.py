"""The strength of the echoes beside their scores: what the depth of an indication is read from.

A score is relative to the clutter at its own depth, so that over a strong body it is high from
above its top to below its ringing, and highest where the clutter happens to be low. The body's
depth is where its first strong echo is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectkit.core import Block
from detectkit.signal.attributes import envelope

Strength = npt.NDArray[np.float32]


@dataclass(slots=True)
class Echoes:
    """Envelopes of what a prescreener was given, held until it gives the scores."""

    _waiting: list[tuple[Block, Strength]] = field(default_factory=list)

    def put(self, block: Block) -> None:
        """Keep the envelope of traces that are on their way through the prescreener."""
        self._waiting.append((block, envelope(block.data)))

    def take(self, scores: Block) -> Strength | None:
        """Return the envelopes of the traces of `scores`, and forget those before them.

        None where they do not lie sample by sample beside the scores.
        """
        parts: list[Strength] = []
        place, stop = scores.first_trace, scores.first_trace + len(scores)
        while self._waiting and place < stop:
            block, strength = self._waiting[0]
            skipped = place - block.first_trace
            if block.line != scores.line or not 0 <= skipped < len(block):
                del self._waiting[0]
                continue
            parts.append(strength[skipped : skipped + stop - place])
            place += len(parts[-1])
        beside = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
        return beside if beside.shape == scores.data.shape else None

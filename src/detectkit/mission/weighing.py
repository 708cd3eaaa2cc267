"""Weighing in flight: each find by itself, as soon as the ground around it has been recorded.

What comes of it is for the operator and lasts until landing, when the finds of all sensors and
lanes are brought together and weighed anew. It changes nothing of that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from detectkit.core import Indication
from detectkit.detect.assess import Assessor
from detectkit.detect.found import Found
from detectkit.detect.fusion import Branch, fuse

SETTLED_NS = 3_000_000_000
"""After a find; a platform at half a metre a second has then flown the 1.5 m beyond it that its
evidence is compared with."""
JUMPED_NS = 30_000_000_000
"""A find that is due so much later was made before the clock jumped back: it is due."""
MOST = 4
"""Finds that are weighed at a time: some 15 ms of a network's work."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    due_ns: int
    number: int
    found: Found


@dataclass(slots=True)
class Weighing:
    """Holds finds until their evidence is whole, then weighs a few at a time."""

    _waiting: deque[_Waiting] = field(default_factory=deque)

    def expect(self, number: int, found: Found, now_ns: int) -> None:
        """Take a find, and its number among all.

        Parameters
        ----------
        number
            Given back with the result.
        found
            What was found.
        now_ns
            Time of the radar's newest row; of the detector's, where no radar flies.
        """
        self._waiting.append(_Waiting(now_ns + SETTLED_NS, number, found))

    def due(self, processed_ns: int) -> bool:
        """Tell whether rows up to a time settle a find."""
        if not self._waiting:
            return False
        left_ns = self._waiting[0].due_ns - processed_ns
        return left_ns <= 0 or left_ns > JUMPED_NS

    def weigh(
        self, branches: Sequence[Branch], assessor: Assessor, processed_ns: int
    ) -> list[tuple[int, Indication]]:
        """Return the finds that are due with what the assessor says of them, `MOST` at most.

        Parameters
        ----------
        branches
            Of all sensors; their finds are left alone.
        assessor
            What weighs.
        processed_ns
            Time up to which rows of all radars are processed.
        """
        told: list[tuple[int, Indication]] = []
        while self.due(processed_ns) and len(told) < MOST:
            one = self._waiting.popleft()
            alone = [_alone(each, one.found) for each in branches]
            (place,) = fuse(alone, assessor)
            told.append((one.number, replace(place.indication, rank=one.found.indication.rank)))
        return told


def _alone(branch: Branch, found: Found) -> Branch:
    """Return a branch without any other find."""
    own = any(one is found for one in branch.founds)
    return replace(branch, founds=[found] if own else [])

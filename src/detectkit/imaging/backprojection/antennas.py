"""Where the antennas of each trace were over the ground, and when its samples were taken."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Times of a trace's samples: ``first_twt_s + k sample_interval_s``, k below `samples`."""

    first_twt_s: float
    sample_interval_s: float
    samples: int


@dataclass(frozen=True, slots=True, eq=False)
class Antennas:
    """Antennas of n traces over a plane that is the ground near each trace.

    The ground under trace i is the plane through the point under the antennas' midpoint, at
    height 0 there, rising by `slope` per metre to the east and to the north. Heights count from
    it along the vertical. So no height of the terrain is needed, only that over the ground, which
    the radar itself sees to millimetres.

    Parameters
    ----------
    transmitter, receiver
        Easting, northing in the grid's frame, and height over the plane's height at the
        antennas' midpoint, in m; float64 (n, 3). A row with a NaN is not used.
    slope
        Rise of the ground per metre eastwards and northwards, (n, 2); 0 for flat ground.
    boresight
        Where the antennas look: unit vectors east, north, up, (n, 3); (0, 0, -1) straight down.
    zero_twt_s
        What was taken off each trace's time axis, (n,): sample k holds what arrived
        ``axis time k + zero_twt_s`` after the transmission.
    """

    transmitter: Values
    receiver: Values
    slope: Values
    boresight: Values
    zero_twt_s: Values

    def __post_init__(self) -> None:
        n = self.transmitter.shape[0]
        wanted = ((n, 3), (n, 3), (n, 2), (n, 3), (n,))
        found = tuple(getattr(self, one.name).shape for one in fields(self))
        if found != wanted:
            msg = f"antennas of {n} traces need arrays of shapes {wanted}; got {found}"
            raise ShapeError(msg)

    def __len__(self) -> int:
        return int(self.transmitter.shape[0])

    def rows(self, start: int, stop: int) -> Antennas:
        """Return some of the traces."""
        return Antennas(*(getattr(self, one.name)[start:stop] for one in fields(self)))

    @classmethod
    def level(cls, transmitter: Values, receiver: Values) -> Antennas:
        """Return antennas that look straight down at flat ground, with nothing taken off.

        Examples
        --------
        >>> len(Antennas.level(np.zeros((2, 3)), np.zeros((2, 3))))
        2
        """
        n = transmitter.shape[0]
        down = np.tile(np.array([0.0, 0.0, -1.0]), (n, 1))
        return cls(transmitter, receiver, np.zeros((n, 2)), down, np.zeros(n))

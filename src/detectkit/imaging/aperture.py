"""How much waves weigh in an image by their angle at the antennas."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError

Values = npt.NDArray[np.float64]
TAPER = 0.9
"""From this share of the largest angle's sine on, the weight falls."""


@dataclass(frozen=True, slots=True)
class Aperture:
    """Weight of waves by their angle to the vertical at the antennas: the flanks of a diffraction.

    Parameters
    ----------
    max_angle_deg
        Steeper waves are left out; over the last tenth of its sine the weight falls to nothing.
        90 takes all that travel. A smaller angle makes the reach of events shorter.
    obliquity
        Power of the cosine. 0 leaves the amplitudes of the wave equation; 1 weighs as an antenna
        hears that turns its back on flat waves, which dampens what the far flanks smear.

    Raises
    ------
    UsageError
        An angle that is not above 0 and at most 90 degrees, or a negative power.

    Examples
    --------
    >>> Aperture().weight(np.array([0.0, 0.6]))
    array([1. , 0.8])
    """

    max_angle_deg: float = 90.0
    obliquity: float = 1.0

    def __post_init__(self) -> None:
        if not (0.0 < self.max_angle_deg <= 90.0 and 0.0 <= self.obliquity < math.inf):
            msg = (
                f"max_angle_deg = {self.max_angle_deg} must be above 0 and at most 90, obliquity "
                f"= {self.obliquity} 0 or more"
            )
            raise UsageError(msg)

    @property
    def sine(self) -> float:
        """Sine of the largest angle."""
        return math.sin(math.radians(self.max_angle_deg))

    def weight(self, sine: Values) -> Values:
        """Return the weight of waves by the sine of their angle; 0 beyond the largest."""
        cosine = np.sqrt(np.maximum(1.0 - sine**2, 0.0))
        weight = np.where(sine <= self.sine, cosine**self.obliquity, 0.0)
        if self.max_angle_deg < 90.0:
            share = np.clip((sine / self.sine - TAPER) / (1.0 - TAPER), 0.0, 1.0)
            weight *= 0.5 + 0.5 * np.cos(np.pi * share)
        return weight


EVERY_ANGLE = Aperture()

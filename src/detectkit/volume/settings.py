"""The ``[image]`` section: how fine, how deep and how wide a volume is focused."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from detectkit.core import USUAL_VELOCITY_ERRORS, BlockSpec, UsageError, VoxelGrid
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

COLUMNS_PER_WAVELENGTH = 6.0
"""A focused echo is about 0.3 wavelengths wide where rays up to 60 degrees add up."""
VOXELS_PER_WAVELENGTH = 10.0
ANGLE_DEG = 55.0
"""Steepest way, from the vertical, of a ray that counts: in air, or in the soil from the ground."""
FINENESS = (1.0, 2.0, 2.5, 5.0)
"""Voxels are as long as one of these times a power of ten, so that grids of one site agree."""
MOST_DEPTHS = 4096
DEEPEST_WAVELENGTHS = 4.0
"""What lies deeper is mostly ringing of what lies above."""


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """What a volume is made with; what is not given is fitted to the antenna and the ground.

    Parameters
    ----------
    spacing_m
        Distance of the columns; None: the next round length below a sixth of the wavelength.
    depth_spacing_m
        Distance of the voxels of a column; None: likewise of a tenth.
    band_m
        Shallowest and deepest depth; None: from the surface to the deepest depth searched.
    radius_m
        How far from its antennas a trace is used; None: rays up to 55 degrees from the vertical.
    height_m
        Usual height of flying antennas, for the radius; 0: on the ground.
    tile
        Columns along each side of a tile.
    """

    spacing_m: float | None = None
    depth_spacing_m: float | None = None
    band_m: tuple[float, float] | None = None
    radius_m: float | None = None
    height_m: float = 0.0
    tile: int = 64

    def __post_init__(self) -> None:
        for name in ("spacing_m", "depth_spacing_m", "radius_m"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0.0):
                msg = f"[image]: {name} = {value} must be above 0 metres; leave it out to fit it"
                raise UsageError(msg)
        if self.band_m is not None and not 0.0 <= self.band_m[0] < self.band_m[1] < math.inf:
            msg = f"[image]: band_m = {list(self.band_m)} must be [shallow, deep] in metres"
            raise UsageError(msg)
        if not 0.0 <= self.height_m < math.inf or not 4 <= self.tile <= 1024:
            msg = (
                f"[image]: height_m = {self.height_m} must be 0 or more, tile = {self.tile} "
                "between 4 and 1024 columns"
            )
            raise UsageError(msg)

    def fitted(self, soil: Soil) -> Fitted:
        """Return everything that a volume needs, for a wave in the ground.

        Raises
        ------
        UsageError
            The voxels do not fit the depths.

        Examples
        --------
        >>> ImageSettings().fitted(Soil(1.0e8, wavelength_m=0.25, deepest_m=1.0)).spacing_m
        0.025
        """
        shallow, deep = self.band_m or (0.0, soil.deepest_m)
        spacing = self.spacing_m or round_below(soil.wavelength_m / COLUMNS_PER_WAVELENGTH)
        step = self.depth_spacing_m or round_below(soil.wavelength_m / VOXELS_PER_WAVELENGTH)
        depths = math.floor((deep - shallow) / step + 1e-6) + 1
        if depths > MOST_DEPTHS:
            msg = (
                f"[image]: {depths} voxels of {step:g} m from {shallow:g} to {deep:g} m are too "
                f"many, at most {MOST_DEPTHS}; give a coarser depth_spacing_m"
            )
            raise UsageError(msg)
        radius = self.radius_m or radius_m(deep, soil.velocity_m_per_s, self.height_m)
        return Fitted(spacing, step, depths, shallow, radius, self.tile, soil)


@dataclass(frozen=True, slots=True)
class Velocity:
    """A velocity in the ground.

    Parameters
    ----------
    metres_per_s
        Its value.
    source
        How it was known.
    relative_error
        One standard deviation as a share of it; None: by how it was known.
    """

    metres_per_s: float
    source: str = "assumed"
    relative_error: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.error < 1.0:
            msg = (
                f"a velocity's error of {self.error} cannot be: it is a share of the velocity, "
                "0 to below 1, e.g. 0.05"
            )
            raise UsageError(msg)

    @property
    def error(self) -> float:
        """Relative standard deviation."""
        if self.relative_error is not None:
            return self.relative_error
        return USUAL_VELOCITY_ERRORS.get(self.source, USUAL_VELOCITY_ERRORS["assumed"])


@dataclass(frozen=True, slots=True)
class Soil:
    """The wave in the ground.

    Parameters
    ----------
    velocity_m_per_s
        Its velocity.
    wavelength_m
        Its length at the antenna's centre frequency.
    deepest_m
        How deep it is worth looking.
    velocity_error
        Relative standard deviation of the velocity.
    velocity_source
        How it was known.
    """

    velocity_m_per_s: float
    wavelength_m: float
    deepest_m: float
    velocity_error: float = 0.2
    velocity_source: str = "assumed"

    @classmethod
    def under(
        cls,
        spec: BlockSpec,
        velocity: Velocity,
        *,
        centre_hz: float,
        deepest_m: float | None = None,
    ) -> Soil:
        """Return the wave of a radar in the ground.

        Parameters
        ----------
        spec
            Its traces.
        velocity
            Of the wave.
        centre_hz
            The antenna's centre frequency.
        deepest_m
            None: four wavelengths, at most what the traces reach.
        """
        wavelength = velocity.metres_per_s / centre_hz
        reaches = 0.45 * (spec.sample_interval_s or 0.0) * spec.samples * velocity.metres_per_s
        deepest = deepest_m or min(DEEPEST_WAVELENGTHS * wavelength, reaches)
        return cls(velocity.metres_per_s, wavelength, deepest, velocity.error, velocity.source)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Voxels and reach of a volume, all told.

    Parameters
    ----------
    spacing_m, depth_spacing_m, depths, shallowest_m, tile
        Of the grid.
    radius_m
        How far from its antennas a trace is used.
    soil
        The wave in the ground.
    """

    spacing_m: float
    depth_spacing_m: float
    depths: int
    shallowest_m: float
    radius_m: float
    tile: int
    soil: Soil = field(repr=False)

    def grid(self, crs_wkt: str) -> VoxelGrid:
        """Return the grid in a frame."""
        return VoxelGrid(
            self.spacing_m,
            self.depth_spacing_m,
            self.depths,
            self.shallowest_m,
            self.tile,
            crs_wkt,
        )


def radius_m(deepest_m: float, velocity_m_per_s: float, height_m: float) -> float:
    """Return how far the steepest ray that counts runs from its antennas, m, to 5 cm.

    From the ground it leaves at 55 degrees; from the air it comes down at 55 degrees and is
    refracted by Snell's law.

    Examples
    --------
    >>> radius_m(0.5, 1.0e8, 0.0), radius_m(0.5, 1.0e8, 0.5)
    (0.75, 0.9)
    """
    air = math.radians(ANGLE_DEG)
    soil = math.asin(math.sin(air) * velocity_m_per_s / SPEED_OF_LIGHT_M_S) if height_m else air
    reach = height_m * math.tan(air) + deepest_m * math.tan(soil)
    return round(max(1.0, math.ceil(reach / 0.05 - 1e-9)) * 0.05, 9)


def round_below(length_m: float) -> float:
    """Return the next of 1, 2, 2.5, 5, 10 … times a power of ten that is not longer.

    Examples
    --------
    >>> round_below(0.0417), round_below(0.0075), round_below(0.1)
    (0.025, 0.005, 0.1)
    """
    power = 10.0 ** math.floor(math.log10(length_m) + 1e-9)
    return round(max(one for one in FINENESS if one * power <= length_m * (1.0 + 1e-9)) * power, 9)

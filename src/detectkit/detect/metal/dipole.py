"""Where a small piece of metal lies, from several passes of a detector: the inverted dipole.

A piece that is small beside its distance answers as a dipole: what the coil hears is its own field
at the piece, squared, times the piece's polarizability. From one pass alone a small piece beside
the track cannot be told from a larger or deeper one under it; from two or more it can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.detect.metal.coil_field import coil_field

Values = npt.NDArray[np.float64]
Shape = Literal["ball", "any"]

STARTS_M = (0.03, 0.12, 0.3, 0.6)
"""Depths that the search begins from; the best end counts."""
DEPTHS_M = (-0.2, 1.5)
"""Of the search. An answer above the ground is one of the coil, or of the height, not of depth."""
SIDE_M = 2.0
EDGE_M = 1e-3
LEAST_APART_M = 0.08
"""Passes nearer together than this, at right angles to their way, are one."""
LEAST_ROWS = 12


@dataclass(frozen=True, slots=True, eq=False)
class PassRows:
    """Rows of a detector around a place.

    Parameters
    ----------
    east_m, north_m
        From the place, (rows,).
    height_m
        Of the coil over the ground, (rows,).
    channels
        Without level and soil, (rows, channels).
    passes
        Number of the pass of each row, (rows,).
    """

    east_m: Values
    north_m: Values
    height_m: Values
    channels: Values
    passes: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Dipole:
    """A piece of metal that explains the rows; errors are one standard deviation.

    Parameters
    ----------
    east_m, north_m, depth_m
        Of its middle; from the place that the rows count from, and under the ground.
    east_error_m, north_error_m, depth_error_m
        From what the piece leaves unexplained, with its likeness from row to row.
    moment
        (channels,): mean polarizability, in the channels' unit times m²: of a coil's field squared.
    moment_error
        (channels,).
    unexplained
        Share of the rows' power that is left; above a third: it is no such piece, or too faint.
    passes
        How many there were.
    at_edge
        The best place lies at the end of what was searched: nothing was found.
    """

    east_m: float
    north_m: float
    depth_m: float
    east_error_m: float
    north_error_m: float
    depth_error_m: float
    moment: Values
    moment_error: Values
    unexplained: float
    passes: int
    at_edge: bool = False


def invert_dipole(
    rows: PassRows, *, coil_radius_m: float = 0.14, shape: Shape = "ball"
) -> Dipole | None:
    """Return the piece of metal that explains some rows best; None where they cannot tell.

    Method: the answer of channel c is ``H'P_c H``, H the field of the coil at the piece (the
    receiver taken to lie in the transmitter), P the polarizability (Das, McFee and Chesney, IEEE
    TGRS 28, 1990; Bell, Barrow and Miller, IEEE TGRS 39, 2001). P and a level for each pass and
    channel enter linearly and are solved for at each place that is tried (variable projection,
    Golub and Pereyra, 1973); the place by the method of Levenberg and Marquardt.

    Parameters
    ----------
    rows
        Of two passes at least, `LEAST_APART_M` apart.
    coil_radius_m
        Of the detector.
    shape
        ``"ball"``: P is the same in all directions, one number for each channel; ``"any"``: six,
        for a rod or a disc over quiet soil; over restless soil it fits that too. Where the two
        disagree about the depth, their difference is its error.

    Raises
    ------
    UsageError
        The radius is not above 0.

    Examples
    --------
    >>> along, across = (one.ravel() for one in np.meshgrid(np.linspace(-1, 1, 41), [-0.2, 0.1]))
    >>> away = np.column_stack([along - 0.1, across, np.full(82, 0.4)])
    >>> heard = 5.0 * (coil_field(away, 0.14) ** 2).sum(axis=1)[:, np.newaxis]
    >>> rows = PassRows(along, across, np.full(82, 0.3), heard, np.repeat([0, 1], 41))
    >>> found = invert_dipole(rows)
    >>> round(found.east_m, 2), abs(round(found.north_m, 2)), round(found.depth_m, 2)
    (0.1, 0.0, 0.1)
    """
    from scipy.optimize import least_squares

    if not coil_radius_m > 0.0:
        msg = f"coil_radius_m = {coil_radius_m}: must be above 0 m"
        raise UsageError(msg)
    known = _known(rows)
    passes = int(np.unique(known.passes).size)
    if passes < 2 or len(known.east_m) < LEAST_ROWS or not _are_apart(known):
        return None
    model = _Model(known, coil_radius_m, shape)
    bounds = ([-SIDE_M, -SIDE_M, DEPTHS_M[0]], [SIDE_M, SIDE_M, DEPTHS_M[1]])
    began = model.strongest()
    ends = [
        least_squares(model.residuals, [*began, depth], bounds=bounds, x_scale=0.1, max_nfev=60)
        for depth in STARTS_M
    ]
    best = min(ends, key=lambda one: float(one.cost))
    found = model.dipole(np.asarray(best.x), np.asarray(best.jac), passes)
    to_edge = np.abs(np.asarray(best.x) - np.asarray(bounds)).min()
    return replace(found, at_edge=bool(to_edge < EDGE_M))


def _alike(left: Values) -> float:
    """Return how many rows are worth one: (1 + r) / (1 - r), r the likeness of neighbours."""
    likeness = float((left[1:] * left[:-1]).sum() / max(float((left**2).sum()), 1e-300))
    bounded = min(max(likeness, 0.0), 0.95)
    return (1.0 + bounded) / (1.0 - bounded)


def _known(rows: PassRows) -> PassRows:
    table = np.column_stack([rows.east_m, rows.north_m, rows.height_m, rows.channels])
    keep = np.isfinite(table).all(axis=1)
    return PassRows(
        rows.east_m[keep], rows.north_m[keep], rows.height_m[keep], rows.channels[keep],
        rows.passes[keep],
    )  # fmt: skip


def _are_apart(rows: PassRows) -> bool:
    """Tell whether the passes spread to both directions: across the longest, far enough."""
    places = np.column_stack([rows.east_m, rows.north_m])
    spread = places - places.mean(axis=0)
    across = np.linalg.svd(spread, full_matrices=False)[2][1]
    middles = [float((spread[rows.passes == one] @ across).mean()) for one in set(rows.passes)]
    return max(middles) - min(middles) >= LEAST_APART_M or _cross(rows, spread, across)


def _cross(rows: PassRows, spread: Values, across: Values) -> bool:
    """Tell whether a pass goes across the others."""
    widths = [float(np.ptp(spread[rows.passes == one] @ across)) for one in set(rows.passes)]
    return max(widths) >= 4.0 * LEAST_APART_M


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    rows: PassRows
    radius_m: float
    shape: Shape

    def strongest(self) -> tuple[float, float]:
        """Return the place of the row that answers most, all channels scaled alike."""
        scale = np.abs(self.rows.channels).max(axis=0) + 1e-300
        at = int(np.abs(self.rows.channels / scale).sum(axis=1).argmax())
        return float(self.rows.east_m[at]), float(self.rows.north_m[at])

    def residuals(self, place: Values) -> Values:
        """Return what a piece at a place leaves unexplained, each channel over its own rms."""
        design = self.design(place)
        solved = np.linalg.lstsq(design, self.scaled, rcond=None)[0]
        return np.asarray((self.scaled - design @ solved).ravel())

    @property
    def scaled(self) -> Values:
        return np.asarray(self.rows.channels / self.scale)

    @property
    def scale(self) -> Values:
        return np.asarray(np.sqrt((self.rows.channels**2).mean(axis=0)) + 1e-300)

    def design(self, place: Values) -> Values:
        """Return the linear part, (rows, polarizabilities + passes), columns of like size."""
        away = np.column_stack(
            [
                place[0] - self.rows.east_m,
                place[1] - self.rows.north_m,
                -(self.rows.height_m + place[2]),
            ]
        )
        field = coil_field(away, self.radius_m)
        squares = field**2
        levels = (self.rows.passes[:, np.newaxis] == np.unique(self.rows.passes)).astype(float)
        if self.shape == "ball":
            return np.column_stack([squares.sum(axis=1), levels])
        mixed = [2.0 * field[:, a] * field[:, b] for a, b in ((0, 1), (0, 2), (1, 2))]
        return np.column_stack([squares, *mixed, levels])

    def dipole(self, place: Values, jacobian: Values, passes: int) -> Dipole:
        """Return the piece with its errors."""
        design = self.design(place)
        left = self.residuals(place).reshape(self.scaled.shape)
        solved = np.linalg.lstsq(design, self.scaled, rcond=None)[0]
        parts = 1 if self.shape == "ball" else 3
        free = max(left.size - 3 - solved.size, 1)
        variance = float((left**2).sum()) / free * _alike(left)
        place_error = np.sqrt(np.diag(np.linalg.pinv(jacobian.T @ jacobian)) * variance)
        covariance = np.linalg.pinv(design.T @ design)[:parts, :parts]
        error = np.sqrt(covariance.sum() * variance) / parts
        centred = self.scaled - self.scaled.mean(axis=0)
        return Dipole(
            east_m=float(place[0]),
            north_m=float(place[1]),
            depth_m=float(place[2]),
            east_error_m=float(place_error[0]),
            north_error_m=float(place_error[1]),
            depth_error_m=float(place_error[2]),
            moment=solved[:parts].mean(axis=0) * self.scale,
            moment_error=error * self.scale,
            unexplained=float((left**2).sum() / max(float((centred**2).sum()), 1e-300)),
            passes=passes,
        )

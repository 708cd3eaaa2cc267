"""Coils in the air: where their turns are, what they make in metal, what the soil makes in them.

By reciprocity a piece with the tensor M gives the receiver ``V = -jωμ₀ I H_rx · M · H_tx``, both
fields per ampere (Landau & Lifshitz, Electrodynamics of Continuous Media, §89). A half-space of
susceptibility κ answers as the transmitter's image, ``κ / (2 + κ)`` times as strong; a weakly
conducting one, to first order in ωμ₀σh², as ``-jωμ₀σ/4`` times the image integrated twice upwards
from its place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.induction.loops import dipole_field, dot, loop_field, mutual_length
from detectkit.sim.instruments import Detector

Values = npt.NDArray[np.float64]

LOWEST_M = 0.03
"""A coil closer to the ground counts as if it were here."""

REACH_M = 5.0
"""Metal farther from the coil is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Coils at moments, in one frame, one row each.

    `place` is the coil's centre in m, `forward`, `right`, `up` its unit vectors, (rows, 3) each;
    `height_m` is that over the plane of the local mean ground, along the plane's unit `normal`.
    """

    place: Values
    forward: Values
    right: Values
    up: Values
    height_m: Values
    normal: Values

    def at(self, offset_m: tuple[float, float, float]) -> Values:
        """Return places given forward, right, down of the coil's centre, (rows, 3)."""
        forward, right, down = offset_m
        return np.asarray(self.place + forward * self.forward + right * self.right - down * self.up)


@dataclass(frozen=True, slots=True)
class Winding:
    """A circular coil: where its centre is (forward, right, down), its radius and turns.

    Turns below 0 are wound the other way.
    """

    offset_m: tuple[float, float, float]
    radius_m: float
    turns: int

    @property
    def area_m2(self) -> float:
        """Turns times area."""
        return self.turns * math.pi * self.radius_m**2


@dataclass(frozen=True, slots=True)
class Coils:
    """The transmitting and the receiving windings of a detector; `is_small` takes dipoles."""

    transmitter: tuple[Winding, ...]
    receiver: tuple[Winding, ...]
    is_small: bool

    def onto(self, poses: Poses, place: Values, axis: Values) -> tuple[Values, Values]:
        """Return ``H_rx · H_tx`` and ``(H_rx · n)(H_tx · n)`` in 1/m², (rows, pieces) each.

        Parameters
        ----------
        poses
            Of the coil.
        place, axis
            Of the pieces of metal, (pieces, 3) each.
        """
        shape = (poses.place.shape[0], place.shape[0])
        straight, axial = np.zeros(shape), np.zeros(shape)
        away = place[np.newaxis] - poses.place[:, np.newaxis]
        rows, pieces = np.nonzero(dot(away, away) < REACH_M**2)
        sent = self._field(self.transmitter, poses, rows, place[pieces])
        heard = sent
        if self.receiver != self.transmitter:
            heard = self._field(self.receiver, poses, rows, place[pieces])
        unit = axis[pieces]
        straight[rows, pieces] = dot(heard, sent)
        axial[rows, pieces] = dot(heard, unit) * dot(sent, unit)
        return straight, axial

    def over(self, poses: Poses) -> tuple[Values, Values]:
        """Return the soil's couplings per unit of its reflection, (rows,) each.

        The first in m, for ``κ / (2 + κ)``; the second in m³, for ``-jωμ₀σ/4``.
        """
        if self.is_small:
            return self._over_as_dipole(poses)
        magnetic, conductive = np.zeros(len(poses.height_m)), np.zeros(len(poses.height_m))
        upright = dot(poses.up, poses.normal)
        mirrored = 2.0 * upright[:, np.newaxis] * poses.normal - poses.up
        for sent in self.transmitter:
            source = poses.at(sent.offset_m)
            rise = dot(source - poses.place, poses.normal)
            height = np.maximum(poses.height_m + rise, LOWEST_M)
            image = source - 2.0 * height[:, np.newaxis] * poses.normal
            for heard in self.receiver:
                away = poses.at(heard.offset_m) - image
                radii = sent.radius_m, heard.radius_m
                turns = sent.turns * heard.turns
                magnetic += turns * mutual_length(away, (mirrored, poses.up), radii)
                round_off = 0.5 * (radii[0] ** 2 + radii[1] ** 2)
                area = sent.area_m2 * heard.area_m2 / (4.0 * math.pi)
                conductive += area / np.sqrt(dot(away, away) + round_off)
        return magnetic, conductive

    def _over_as_dipole(self, poses: Poses) -> tuple[Values, Values]:
        height = np.maximum(poses.height_m, LOWEST_M)
        tilt = 0.5 * (1.0 + dot(poses.up, poses.normal) ** 2)
        area = self.transmitter[0].area_m2
        magnetic = area**2 * tilt / (2.0 * np.pi * (2.0 * height) ** 3)
        return magnetic, np.zeros_like(magnetic)

    def _field(
        self,
        windings: tuple[Winding, ...],
        poses: Poses,
        rows: npt.NDArray[np.intp],
        place: Values,
    ) -> Values:
        total = np.zeros(place.shape)
        for one in windings:
            away = place - poses.at(one.offset_m)[rows]
            axis = poses.up[rows]
            if self.is_small:
                total += dipole_field(away, axis, one.area_m2)
            else:
                total += one.turns * loop_field(away, axis, one.radius_m)
        return total


def coils_of(detector: Detector) -> Coils:
    """Return the windings that a detector's settings describe."""
    turns, radius = detector.turns, detector.coil_radius_m
    sent = (Winding((0.0, 0.0, 0.0), radius, turns),)
    if detector.coil == "dipole":
        return Coils(sent, sent, is_small=True)
    forward, right, down = detector.receiver_offset_m
    heard_radius = detector.receiver_radius_m or radius
    heard = Winding((forward, right, down), heard_radius, turns)
    if detector.coil == "double-d":
        opposite = Winding((-forward, -right, down), heard_radius, -turns)
        return Coils(sent, (heard, opposite), is_small=False)
    return Coils(sent, (heard,), is_small=False)

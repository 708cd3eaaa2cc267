"""Metal detectors over metal and soil: tensors, coils, frequency and time domain.

So at the height of a drone the soil outshines little metal. A minimum-metal anti-personnel mine is
below the soil's response and its changes with height there; an empty trace of the detector says
nothing about such a mine.
"""

from __future__ import annotations

from detectkit.sim.induction.coils import Coils, Poses, Winding, coils_of
from detectkit.sim.induction.detector import DetectorModel, FlownDetector, detector_of, model_of
from detectkit.sim.induction.flux import MU_0
from detectkit.sim.induction.gates import Gate
from detectkit.sim.induction.lane import detector_rows
from detectkit.sim.induction.metal import Metal, metal_of, metal_of_bodies, response_tensors
from detectkit.sim.induction.poles import (
    PoleSum,
    PowerDecay,
    fitted_to_spectrum,
    poles_of,
    sphere_poles,
)
from detectkit.sim.induction.tensors import (
    polarisability,
    ring_circuit,
    sphere_response,
    tensors,
)

__all__ = [
    "MU_0",
    "Coils",
    "DetectorModel",
    "FlownDetector",
    "Gate",
    "Metal",
    "PoleSum",
    "Poses",
    "PowerDecay",
    "Winding",
    "coils_of",
    "detector_of",
    "detector_rows",
    "fitted_to_spectrum",
    "metal_of",
    "metal_of_bodies",
    "model_of",
    "polarisability",
    "poles_of",
    "response_tensors",
    "ring_circuit",
    "sphere_poles",
    "sphere_response",
    "tensors",
]

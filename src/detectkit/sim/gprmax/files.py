"""The files gprMax reads besides its commands: the pulse, the positions, the materials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.sim.fdtd import Pulse, Shots

STEPS_PER_PERIOD = 1000
"""Of the pulse's samples, joined by straight lines: wrong by 1.2e-5 of its peak at most."""


def number(value: float) -> str:
    """Return a number as gprMax reads it, to the last bit."""
    return repr(float(value))


def write_pulse(path: Path, pulse: Pulse) -> None:
    """Write the pulse's current (A) as gprMax's excitation file, waveform ``pulse``."""
    interval_s = 1.0 / (STEPS_PER_PERIOD * pulse.centre_hz)
    steps = int(np.ceil(2.0 * pulse.peak_s / interval_s))
    time_s = interval_s * np.arange(steps + 1, dtype=np.float64)
    rows = np.stack([time_s, pulse.at(time_s)], axis=1)
    np.savetxt(path, rows, fmt="%.9e", header="time pulse", comments="")


def write_study(path: Path, shots: Shots, *, origin: tuple[float, float], across_m: float) -> None:
    """Write one case per shot: places of source and receivers in gprMax's own coordinates.

    Parameters
    ----------
    path, shots
        The file to write, and what goes in.
    origin
        Along and up of gprMax's corner, in m.
    across_m
        Third coordinate of all of them.
    """
    lines = ["case_id,object_id,x_m,y_m,z_m"]
    for number in range(len(shots)):
        places = [("hertzian_dipole_1", shots.sources[number])]
        places += [
            (f"rx_{which}", place) for which, place in enumerate(shots.receivers[number], start=1)
        ]
        lines += [
            f"shot_{number + 1},{name},{along - origin[0]:.6f},{up - origin[1]:.6f},{across_m:.6f}"
            for name, (along, up) in places
        ]
    path.write_text("\n".join(lines) + "\n")


def write_materials(
    path: Path, materials: npt.NDArray[np.float64], *, relaxation_s: float, metal: float
) -> list[str]:
    """Write gprMax's table of materials and return their keys, in order, and ``air`` as the last.

    Parameters
    ----------
    path
        Its stem becomes the table's name.
    materials
        Float64 (materials, 3): permittivity at infinite frequency, conductivity in S/m, strength
        of the Debye pole.
    relaxation_s
        Of that pole.
    metal
        From this conductivity on a material is written as a perfect conductor.
    """
    keys: list[str] = []
    entries: dict[str, Any] = {"air": {"model": "builtin", "builtin": "free_space"}}
    for number, (permittivity, conductivity, strength) in enumerate(materials.tolist()):
        if conductivity >= metal:
            keys.append("pec")
            entries["pec"] = {"model": "builtin", "builtin": "pec"}
            continue
        key = f"m{number}"
        keys.append(key)
        entries[key] = _material(permittivity, conductivity, strength, relaxation_s)
    table = {
        "schema": "gprMax-material-database",
        "schema_version": 1,
        "database": {"id": path.stem, "version": "1"},
        "materials": entries,
    }
    path.write_text(json.dumps(table, indent=1) + "\n")
    return [*keys, "air"]


def _material(
    permittivity: float, conductivity: float, strength: float, relaxation_s: float
) -> dict[str, Any]:
    base = {
        "relative_permittivity": permittivity,
        "electric_conductivity_s_per_m": conductivity,
    }
    if strength == 0.0:
        return {"model": "constant", "base": base}
    pole = {"relative_permittivity_difference": strength, "relaxation_time_s": relaxation_s}
    return {"model": "debye", "base": base, "poles": [pole]}

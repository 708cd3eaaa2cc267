"""Scenes in three dimensions: level ground, discs and boxes in it, a short dipole over it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detectkit.core import UsageError
from detectkit.sim.fdtd import Pulse, Responses
from detectkit.sim.gprmax.files import number, write_pulse
from detectkit.sim.gprmax.plane import METAL_S_PER_M
from detectkit.sim.gprmax.program import Program, Progress, read_traces
from detectkit.sim.scene import Material

Place = tuple[float, float, float]
"""Along, up, across in m; across to the right of the lane."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Level ground; up 0 is its surface."""

    material: Material


@dataclass(frozen=True, slots=True)
class Box:
    """A block, its sides along the axes.

    Parameters
    ----------
    lower, upper
        Two opposite corners: along, up, across in m.
    material
        What is inside.
    """

    lower: Place
    upper: Place
    material: Material


@dataclass(frozen=True, slots=True)
class Disc:
    """An upright cylinder.

    Parameters
    ----------
    bottom
        Centre of its lower face: along, up, across in m.
    height_m, radius_m
        Its extent.
    material
        What is inside.
    """

    bottom: Place
    height_m: float
    radius_m: float
    material: Material


@dataclass(frozen=True, slots=True)
class Dipole:
    """A short dipole across the lane, and points where its field across the lane is recorded."""

    source: Place
    receivers: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Solid:
    """A scene in three dimensions.

    Parameters
    ----------
    spacing_m
        Side of a cell.
    lower, upper
        Corners of what is computed: along, up, across in m; the absorbing layer is inside.
    ground
        None: everything is air.
    bodies
        Later ones replace what they overlap.
    dipole
        Antennas, over the ground.
    relaxation_s
        Of every Debye pole.
    absorbing_cells
        Thickness of the absorbing layer.
    """

    spacing_m: float
    lower: Place
    upper: Place
    dipole: Dipole
    ground: Ground | None = None
    bodies: tuple[Box | Disc, ...] = ()
    relaxation_s: float = 1e-10
    absorbing_cells: int = 10

    def __post_init__(self) -> None:
        layer = self.absorbing_cells * self.spacing_m
        sides = list(zip(self.lower, self.upper, strict=True))
        for place in (self.dipole.source, *self.dipole.receivers):
            if any(
                not low + layer < one < high - layer
                for one, (low, high) in zip(place, sides, strict=True)
            ):
                msg = (
                    f"solid: an antenna at {place} is not inside {self.lower} to {self.upper} "
                    f"less {layer:.3f} m of absorbing layer; make the scene larger"
                )
                raise UsageError(msg)


def simulate_solid(
    solid: Solid,
    *,
    pulse: Pulse,
    window_s: float,
    program: Program,
    folder: Path,
    progress: Progress | None = None,
) -> Responses:
    """Compute the field of a dipole of 1 A m at most with gprMax, in three dimensions.

    Parameters
    ----------
    solid
        The scene.
    pulse, window_s
        What drives the dipole, and the length of the record.
    program, folder, progress
        See `detectkit.sim.gprmax.simulate`.

    Returns
    -------
    Responses
        One shot; field float32 (1, receivers, samples) in V/m.
    """
    scene = write_solid(solid, pulse=pulse, window_s=window_s, folder=folder)
    (output,) = program.run(scene, cases=1, progress=progress)
    field, interval_s = read_traces(output, receivers=len(solid.dipole.receivers))
    per_moment = np.float32(1.0 / solid.spacing_m)  # gprMax's dipole is one cell long
    return Responses(field[np.newaxis] * per_moment, interval_s, pulse)


def write_solid(solid: Solid, *, pulse: Pulse, window_s: float, folder: Path) -> Path:
    """Write ``scene.in`` and the pulse into a folder; return its path.

    gprMax's x is along, its y up, its z across.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_pulse(folder / "pulse.txt", pulse)
    names: dict[Material, str] = {}
    shapes = []
    if solid.ground is not None:
        top = (solid.upper[0], 0.0, solid.upper[2])
        shapes.append(_shape(Box(solid.lower, top, solid.ground.material), solid, names))
    shapes += [_shape(one, solid, names) for one in solid.bodies]
    size = [high - low for low, high in zip(solid.lower, solid.upper, strict=True)]
    lines = [
        "#title: detectkit scene",
        "#omp_threads: 1",
        f"#dx_dy_dz: {number(solid.spacing_m)} {number(solid.spacing_m)} {number(solid.spacing_m)}",
        "#domain: " + " ".join(f"{one:.6f}" for one in size),
        f"#pml_cells: {solid.absorbing_cells}",
        f"#time_window: {number(window_s)}",
        "#excitation_file: pulse.txt",
        *_materials(names, solid.relaxation_s),
        *shapes,
        f"#hertzian_dipole: z {_place(solid, solid.dipole.source)} pulse",
        *[f"#rx: {_place(solid, one)}" for one in solid.dipole.receivers],
    ]
    scene = folder / "scene.in"
    scene.write_text("\n".join(lines) + "\n")
    return scene


def _place(solid: Solid, place: Place) -> str:
    return " ".join(f"{one - low:.6f}" for one, low in zip(place, solid.lower, strict=True))


def _shape(body: Box | Disc, solid: Solid, names: dict[Material, str]) -> str:
    material = body.material
    metal = material.conductivity_s_per_m >= METAL_S_PER_M
    name = "pec" if metal else names.setdefault(material, f"m{len(names)}")
    if isinstance(body, Box):
        return f"#box: {_place(solid, body.lower)} {_place(solid, body.upper)} {name}"
    along, up, across = body.bottom
    top = _place(solid, (along, up + body.height_m, across))
    return f"#cylinder: {_place(solid, body.bottom)} {top} {number(body.radius_m)} {name}"


def _materials(names: dict[Material, str], relaxation_s: float) -> list[str]:
    lines = []
    for one, name in names.items():
        lines.append(
            f"#material: {number(one.permittivity)} {number(one.conductivity_s_per_m)} 1 0 {name}"
        )
        if one.debye_strength:
            pole = f"1 {number(one.debye_strength)} {number(relaxation_s)}"
            lines.append(f"#add_dispersion_debye: {pole} {name}")
    return lines

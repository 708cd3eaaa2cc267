"""A section of ours as a 2-D model of gprMax, cell by cell on the same grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.sim.fdtd import Responses, Shots, Solver
from detectkit.sim.gprmax.files import number, write_materials, write_pulse, write_study
from detectkit.sim.gprmax.program import Program, Progress, read_traces
from detectkit.sim.refraction import LIGHT_M_PER_S
from detectkit.sim.scene import Section

METAL_S_PER_M = 1e5
"""From here on gprMax is given a perfect conductor."""

MOST_MATERIALS = 10_000
"""More than these in a section are merged into steps of equal size."""

ON_GRID = 1e-3
"""A place this share of a cell beside a node is on it."""


def simulate(
    section: Section,
    shots: Shots,
    solver: Solver,
    *,
    program: Program,
    folder: Path,
    interval_s: float | None = None,
    progress: Progress | None = None,
) -> Responses:
    """Compute with gprMax what `detectkit.sim.fdtd.simulate` computes.

    All shots share one model, as large as all their windows together.

    Parameters
    ----------
    section, shots, solver
        As for our own solver, but with all antennas on the section's grid (see `on_grid`).
    program
        See `Program.find`.
    folder
        Files are written here and stay.
    interval_s
        Between samples; None: the longest that is stable.
    progress
        Called with the number of shots done.

    Raises
    ------
    UsageError
        Antennas beside the grid, an unstable interval.
    GprMaxError
        The program failed.
    """
    scene = write_plane(section, shots, solver, folder=folder, interval_s=interval_s)
    outputs = program.run(scene, cases=len(shots), progress=progress)
    receivers = shots.receivers.shape[1]
    traces = [read_traces(one, receivers=receivers) for one in outputs]
    return Responses(np.stack([field for field, _ in traces]), traces[0][1], solver.pulse)


def on_grid(section: Section, shots: Shots) -> Shots:
    """Return the shots with every antenna moved to the nearest cell's centre."""
    first = np.array([section.first_along_m, section.first_up_m])
    moved = [
        first + section.spacing_m * np.rint((places - first) / section.spacing_m)
        for places in (shots.sources, shots.receivers)
    ]
    return Shots(*moved)


def write_plane(
    section: Section,
    shots: Shots,
    solver: Solver,
    *,
    folder: Path,
    interval_s: float | None = None,
) -> Path:
    """Write ``scene.in`` and the files it names into a folder; return its path.

    gprMax keeps the field across the plane at its nodes: there lie the centres of our cells, and
    each is given its own cell's material, with no averaging over neighbours.

    Parameters
    ----------
    section, shots, solver, folder, interval_s
        See `simulate`.
    """
    _check_on_grid(section, shots)
    window = _Window.around(section, shots, solver)
    folder.mkdir(parents=True, exist_ok=True)
    write_pulse(folder / "pulse.txt", solver.pulse)
    write_study(folder / "shots.csv", shots, origin=window.corner_m(section), across_m=0.0)
    numbers, materials = merged(window.cut(section))
    keys = write_materials(
        folder / "ground.json",
        materials,
        relaxation_s=section.relaxation_s,
        metal=METAL_S_PER_M,
    )
    _write_geometry(folder / "ground.h5", numbers, keys, spacing_m=section.spacing_m)
    scene = folder / "scene.in"
    scene.write_text(_commands(section.spacing_m, window, shots, solver, interval_s))
    return scene


@dataclass(frozen=True, slots=True)
class _Window:
    """Nodes of gprMax's model as columns and rows of a section, ends included."""

    columns: tuple[int, int]
    rows: tuple[int, int]

    @classmethod
    def around(cls, section: Section, shots: Shots, solver: Solver) -> _Window:
        """Return what holds all shots' windows, with the absorbing layer outside of them."""
        places = np.concatenate([shots.sources[:, np.newaxis], shots.receivers], axis=1)
        ends = places[..., 0].min(axis=1), places[..., 0].max(axis=1)
        middle = 0.5 * (ends[0] + ends[1])
        up = shots.sources[:, 1]
        left = middle.min() - solver.half_width_m - section.first_along_m
        right = middle.max() + solver.half_width_m - section.first_along_m
        top = section.first_up_m - up.max() - solver.above_m
        bottom = section.first_up_m - up.min() + solver.below_m
        layer = solver.absorbing_cells
        nodes = np.rint(np.array([left, right, top, bottom]) / section.spacing_m).astype(int)
        first, last, highest, lowest = nodes.tolist()
        return cls((first - layer, last + layer), (highest - layer, lowest + layer))

    @property
    def size(self) -> tuple[int, int]:
        """Cells along and up."""
        return self.columns[1] - self.columns[0], self.rows[1] - self.rows[0]

    def corner_m(self, section: Section) -> tuple[float, float]:
        """Return along and up of gprMax's origin."""
        return (
            section.first_along_m + section.spacing_m * self.columns[0],
            section.first_up_m - section.spacing_m * self.rows[1],
        )

    def cut(self, section: Section) -> npt.NDArray[np.float64]:
        """Return the materials at the nodes, (along, up, 3), rows turned upwards."""
        shape = section.permittivity.shape
        columns = np.clip(np.arange(self.columns[0], self.columns[1] + 1), 0, shape[0] - 1)
        rows = np.clip(np.arange(self.rows[1], self.rows[0] - 1, -1), 0, shape[1] - 1)
        grids = (section.permittivity, section.conductivity_s_per_m, section.debye_strength)
        return np.stack([one[np.ix_(columns, rows)] for one in grids], axis=-1, dtype=np.float64)


def merged(
    cells: npt.NDArray[np.float64], *, most: int = MOST_MATERIALS
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the number of each cell's material and the materials, `most` of them or fewer.

    Few are kept as they are; many are rounded to steps of their own range, which double until
    they fit.

    Parameters
    ----------
    cells
        Float64 (along, up, 3): permittivity, conductivity in S/m, Debye strength.
    most
        Of materials.
    """
    flat = cells.reshape(-1, 3).copy()
    metal = flat[:, 1] >= METAL_S_PER_M
    flat[metal] = (1.0, METAL_S_PER_M, 0.0)
    values, numbers = np.unique(flat, axis=0, return_inverse=True)
    step = np.ptp(flat[~metal], axis=0, keepdims=True) / 4096.0 if not metal.all() else None
    while len(values) > most and step is not None:
        rounded = flat.copy()
        size = np.where(step > 0.0, step, 1.0)
        rounded[~metal] = np.rint(flat[~metal] / size) * size
        rounded[:, 0] = np.maximum(rounded[:, 0], 1.0)
        values, numbers = np.unique(rounded, axis=0, return_inverse=True)
        step = 2.0 * step
    return numbers.reshape(cells.shape[:2]), values


def _write_geometry(
    path: Path, numbers: npt.NDArray[np.int64], keys: list[str], *, spacing_m: float
) -> None:
    """Write which material each of gprMax's field components is in; magnetic ones are in air.

    Rigid says that it stays as written: else gprMax averages the four cells around an edge.
    """
    import h5py

    along, up = numbers.shape
    components = np.full((6, along, up, 2), keys.index("air"), np.int32)
    components[2] = numbers[..., np.newaxis]
    cells = (along - 1, up - 1, 1)
    with h5py.File(path, "w") as file:
        file.attrs["Title"] = "detectkit section"
        file.attrs["MaterialDatabase"] = path.stem
        file.attrs["dx_dy_dz"] = (spacing_m, spacing_m, spacing_m)
        file["material_keys"] = keys
        arrays = {
            "data": numbers[:-1, :-1, np.newaxis].astype(np.int32),
            "rigidE": np.ones((12, *cells), np.int8),
            "rigidH": np.ones((6, *cells), np.int8),
            "ID": components,
        }
        for name, values in arrays.items():
            file.create_dataset(name, data=values, compression="gzip", compression_opts=1)


def _commands(
    spacing_m: float, window: _Window, shots: Shots, solver: Solver, interval_s: float | None
) -> str:
    wide, high = window.size
    layer = solver.absorbing_cells
    lines = [
        "#title: detectkit section",
        "#domain_mode: TM",
        "#omp_threads: 1",
        f"#dx_dy_dz: {number(spacing_m)} {number(spacing_m)} {number(spacing_m)}",
        f"#domain: {wide * spacing_m:.6f} {high * spacing_m:.6f} inf",
        f"#pml_cells: {layer} {layer} 0 {layer} {layer} 0",
        f"#time_window: {number(solver.window_s)}",
        *_slower(spacing_m, interval_s, dimensions=2),
        "#excitation_file: pulse.txt",
        "#geometry_objects_read: 0 0 0 ground.h5 ground",
        "#hertzian_dipole: z 0 0 0 pulse",
        *["#rx: 0 0 0"] * shots.receivers.shape[1],
        "#study: gpr shots.csv",
    ]
    return "\n".join(lines) + "\n"


def _slower(spacing_m: float, interval_s: float | None, *, dimensions: int) -> list[str]:
    if interval_s is None:
        return []
    longest_s = spacing_m / (LIGHT_M_PER_S * np.sqrt(dimensions))
    if not 0.0 < interval_s <= longest_s * (1.0 + 1e-9):
        msg = f"interval_s = {interval_s}: unstable; give more than 0 and at most {longest_s:.4g}"
        raise UsageError(msg)
    return [f"#time_step_stability_factor: {number(min(interval_s / longest_s, 1.0))}"]


def _check_on_grid(section: Section, shots: Shots) -> None:
    moved = on_grid(section, shots)
    pairs = ((shots.sources, moved.sources), (shots.receivers, moved.receivers))
    beside = max(float(np.abs(one - two).max()) for one, two in pairs)
    if beside > ON_GRID * section.spacing_m:
        msg = (
            f"an antenna lies {1e3 * beside:.2f} mm beside the section's grid; gprMax places "
            "antennas on nodes only: move them with on_grid(section, shots)"
        )
        raise UsageError(msg)

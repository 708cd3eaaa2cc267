"""One point scatterer under a line: what each migration makes of it.

    python benchmarks/diffractor_table.py [--markdown]

Programs of others (ImpDAR) are included where they are installed; see benchmarks/README.md.

The input: a point at 20 ns two-way in ground of 0.1 m/ns below the middle of 400 traces 2 cm apart
(100 for the slow), 512 samples of 0.1 ns, float32, no noise: the zero-phase Ricker wavelet of 1 GHz
at ``t(x) = sqrt(t0^2 + (2 x / v)^2)``, times ``(t0 / t)^1.5``.

The columns:

time error, place error
    Sample and trace of the largest envelope (magnitude of the analytic signal along delay) in the
    whole image, less the true ones (sample 200, the middle trace).
width
    Number of traces whose envelope at the true time is at least half (-6 dB) of the largest there,
    times the spacing. 0.02 m is a single trace: nothing narrower can be told.
energy in the box
    Sum of squares of the samples within 1.2 ns and 10 cm of the true place, both ends included,
    over that of the whole image. The back-projection gives no samples but their envelope: its
    squares are summed. It makes a volume, of which the section below the line is measured; with
    the default radius of 1.5 m that takes a minute or two.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import hilbert

from detectkit.core import Block, Sensor, VoxelGrid, concat
from detectkit.imaging.aperture import Aperture
from detectkit.imaging.backprojection import Antennas, MemoryTiles, TimeAxis
from detectkit.imaging.backprojection.projector import BackProjection, BackProjector, image_of
from detectkit.imaging.backprojection.tiles import Sums
from detectkit.imaging.layers import Layers
from detectkit.imaging.phase_shift import phase_shift
from detectkit.imaging.regular_line import RegularLine
from detectkit.imaging.stolt import stolt
from detectkit.pipeline import Step, run

Traces = npt.NDArray[np.float32]
LINE = RegularLine(samples=512, sample_interval_s=1e-10, first_twt_s=0.0, trace_spacing_m=0.02)
VELOCITY_M_PER_S = 1e8
TRUE_SAMPLE, TWT_S, CENTRE_HZ = 200, 20e-9, 1e9
BOX_SAMPLES, BOX_TRACES = 12, 5
EQUATION = Aperture(obliquity=0.0)


@dataclass(frozen=True)
class Row:
    """What one migration made of the point."""

    name: str
    time_error_s: float
    place_error_m: float
    width_m: float
    energy: float


def diffractor(traces: int = 400) -> Traces:
    """Return the line described in the module's text."""
    time_s = np.arange(LINE.samples) * LINE.sample_interval_s
    along_m = (np.arange(traces) - traces // 2) * LINE.trace_spacing_m
    slant_s = np.hypot(TWT_S, 2.0 * along_m / VELOCITY_M_PER_S)[:, np.newaxis]
    phase = (np.pi * CENTRE_HZ * (time_s - slant_s)) ** 2
    wave = (TWT_S / slant_s) ** 1.5 * (1.0 - 2.0 * phase) * np.exp(-phase)
    return wave.astype(np.float32)


def measured(name: str, image: npt.NDArray[Any], *, is_envelope: bool = False) -> Row:
    """Return the columns for an image on the axes of the input."""
    image = np.nan_to_num(np.asarray(image, np.float64))
    envelope = image if is_envelope else np.abs(hilbert(image, axis=1))
    middle = len(image) // 2
    trace, sample = np.unravel_index(np.argmax(envelope), envelope.shape)
    level = envelope[:, TRUE_SAMPLE]
    box = image[
        middle - BOX_TRACES : middle + BOX_TRACES + 1,
        TRUE_SAMPLE - BOX_SAMPLES : TRUE_SAMPLE + BOX_SAMPLES + 1,
    ]
    return Row(
        name,
        (int(sample) - TRUE_SAMPLE) * LINE.sample_interval_s,
        (int(trace) - middle) * LINE.trace_spacing_m,
        int(np.count_nonzero(level >= 0.5 * level.max())) * LINE.trace_spacing_m,
        float(np.sum(box**2) / np.sum(image**2)),
    )


def ours() -> Iterator[Row]:
    """Yield our rows."""
    from detectkit.pipeline.steps.migration_kirchhoff import KirchhoffMigration

    line, v = diffractor(), VELOCITY_M_PER_S
    ground = Layers((v,))
    yield measured("detectkit Stolt", stolt(line, LINE, velocity_m_per_s=v))
    plain = stolt(line, LINE, velocity_m_per_s=v, aperture=EQUATION)
    yield measured("detectkit Stolt, obliquity = 0", plain)
    yield measured("detectkit phase shift", phase_shift(line, LINE, layers=ground))
    plain = phase_shift(line, LINE, layers=ground, aperture=EQUATION)
    yield measured("detectkit phase shift, obliquity = 0", plain)
    for angle in (45.0, 60.0):
        step = KirchhoffMigration(velocity_m_per_s=v, band_m=(0.0, 2.6), half_angle_deg=angle)
        yield measured(f"detectkit Kirchhoff, {angle:.0f} degrees", through(step, line))
    tiles = back_projected(line, BackProjection(v))
    for coherence in (0.0, 1.0):
        image = np.concatenate([image_of(one, coherence=coherence).amplitude for one in tiles])
        name = f"detectkit back-projection, coherence = {coherence:g}"
        yield measured(name, image[: len(line), 0], is_envelope=True)


def back_projected(line: Traces, settings: BackProjection) -> list[Sums]:
    """Return the sums below the line, depths at the times of the input; antennas on the ground."""
    depth_spacing_m = 0.5 * VELOCITY_M_PER_S * LINE.sample_interval_s
    grid = VoxelGrid(LINE.trace_spacing_m, depth_spacing_m, depths=LINE.samples, tile=8)
    axis = TimeAxis(LINE.first_twt_s, LINE.sample_interval_s, LINE.samples)
    places = np.zeros((len(line), 3))
    places[:, 0] = np.arange(len(line)) * LINE.trace_spacing_m
    tiles = MemoryTiles()
    projector = BackProjector(grid, settings, axis, tiles, most_tiles=1_000)
    projector.push(line, Antennas.level(places, places))
    projector.finish()
    found = (tiles.get((east, 0)) for east in range(-(-len(line) // grid.tile)))
    return [sums[:, :, :1] for sums in found if sums is not None]


def through(step: Step, line: Traces) -> Traces:
    """Return a ground-coupled line after a step; its delay axis must stay as it was."""
    time_s = np.arange(LINE.samples) * LINE.sample_interval_s
    block = Block(
        line,
        coords={"twt_s": ("delay", time_s)},
        sensor=Sensor(antenna_hz=CENTRE_HZ),
        line="diffractor",
        first_trace=0,
        trace_spacing_m=LINE.trace_spacing_m,
    )
    image = concat(list(run([step], [block])))
    first = round(float(image.coord("twt_s")[0]) / LINE.sample_interval_s)
    data = np.zeros_like(line)
    data[:, first : first + image.data.shape[1]] = image.data
    return data


def of_impdar() -> Iterator[Row]:
    """Yield ImpDAR's rows; Kirchhoff with 100 traces, as its time grows with their square."""
    for name, method, traces in (
        ("ImpDAR Stolt", "stolt", 400),
        ("ImpDAR phase shift", "phsh", 400),
        ("ImpDAR Kirchhoff (100 traces)", "kirch", 100),
    ):
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            radargram = impdar_radargram(diffractor(traces))
            radargram.migrate(method, vel=VELOCITY_M_PER_S)
        yield measured(name, radargram.data.T)


def impdar_radargram(line: Traces) -> Any:
    """Return a line as ImpDAR holds it, with equal spacing."""
    from impdar.lib.RadarData import RadarData
    from impdar.lib.RadarFlags import RadarFlags

    radargram = RadarData(None)
    radargram.data = np.ascontiguousarray(line.T, np.float64)
    radargram.snum, radargram.tnum = radargram.data.shape
    radargram.dt = LINE.sample_interval_s
    radargram.travel_time = np.arange(radargram.snum) * LINE.sample_interval_s * 1e6
    radargram.trig = np.zeros(radargram.tnum)
    radargram.trace_num = np.arange(radargram.tnum)
    radargram.dist = np.arange(radargram.tnum) * LINE.trace_spacing_m / 1e3
    radargram.trace_int = np.full(radargram.tnum, LINE.trace_spacing_m)
    radargram.flags = RadarFlags()
    radargram.flags.interp = [True, LINE.trace_spacing_m]
    return radargram


def rows() -> Iterator[Row]:
    """Yield all rows that this environment can make."""
    yield measured("input", diffractor())
    yield from ours()
    with contextlib.suppress(ImportError):
        yield from of_impdar()


def table(made: list[Row], *, markdown: bool) -> str:
    """Return the table as text."""
    head = ("migration", "error in time", "in place", "-6 dB width", "energy in the box")
    cells = [
        (
            one.name,
            f"{one.time_error_s * 1e9:+.1f} ns" if one.time_error_s else "0",
            f"{one.place_error_m:+.2f} m" if one.place_error_m else "0",
            f"{one.width_m:.2f} m",
            f"{one.energy:.3f}",
        )
        for one in made
    ]
    if markdown:
        lines = ["| " + " | ".join(line) + " |" for line in (head, *cells)]
        return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])
    widths = [max(len(line[i]) for line in (head, *cells)) for i in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *cells)
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--markdown", action="store_true", help="print it for a page")
    print(table(list(rows()), markdown=parser.parse_args().markdown))


if __name__ == "__main__":
    main()

"""What a command was given to plan its lines with: the same words in `process` and `image`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from detectkit.core import UsageError
from detectkit.io import Overrides
from detectkit.pipeline import Pipeline

if TYPE_CHECKING:
    from detectkit.batch.job import Job, KnownVelocity

VelocityOption = Annotated[
    float | None,
    typer.Option(
        "--velocity",
        metavar="M_PER_S",
        help="Velocity in the ground, e.g. 1.0e8 (0.1 m/ns), for the fitted pipeline.",
    ),
]
VelocityErrorOption = Annotated[
    float | None,
    typer.Option(
        "--velocity-error",
        metavar="M_PER_S",
        help="One standard deviation of the velocity, e.g. 5e6; it enters every depth's error.",
    ),
]
VelocityFromOption = Annotated[
    Path | None,
    typer.Option(
        "--velocity-from",
        metavar="JSON",
        help="Velocity and error as `detectkit velocity` measured them.",
    ),
]
PipelineOption = Annotated[
    Path | None,
    typer.Option(
        "--pipeline", metavar="TOML", help="Pipeline; without it one is fitted to each line."
    ),
]
MarkSpacingOption = Annotated[
    float | None,
    typer.Option(
        "--mark-spacing",
        metavar="M",
        help="Distance between the operator's marks in m, to tell distance by them.",
    ),
]
CalibrationOption = Annotated[
    str,
    typer.Option(
        "--calibration",
        metavar="RECORD",
        help="A record of `detectkit calibrate`, for the fitted pipeline; `none` for none. "
        "Without it: the one that came with the flight.",
    ),
]


@dataclass(frozen=True, slots=True)
class GivenVelocity:
    """What the user gave of the velocity."""

    m_per_s: float | None = None
    error_m_per_s: float | None = None
    measured: Path | None = None

    def told(self) -> tuple[float | None, KnownVelocity]:
        """Return the velocity, and how well it is known."""
        from detectkit.batch.job import KnownVelocity

        if self.measured is None:
            return self.m_per_s, KnownVelocity(self.error_m_per_s)
        if self.m_per_s is not None or self.error_m_per_s is not None:
            msg = "--velocity-from tells velocity and error; leave the other two out"
            raise UsageError(msg)
        from detectkit.product.velocity_result import read_measured

        velocity, error = read_measured(self.measured)
        return velocity, KnownVelocity(error, "measured")


NOTHING = GivenVelocity()


@dataclass(frozen=True, slots=True)
class Given:
    """What the user gave."""

    files: list[Path]
    pipeline: Path | None = None
    velocity: GivenVelocity = NOTHING
    depth: tuple[float, float] | None = None
    mark_spacing: float | None = None
    settings: list[str] = field(default_factory=list)
    format_name: str | None = None
    calibration: str = ""

    def job(self) -> Job:
        """Return the job, planned."""
        from detectkit.batch.job import plan

        if not self.files:
            msg = "give at least one recorded file"
            raise UsageError(msg)
        if self.pipeline is not None and (self.velocity != NOTHING or self.depth is not None):
            msg = (
                "with --pipeline, velocity and depths stand in its [detect] section; leave them out"
            )
            raise UsageError(msg)
        velocity, known = self.velocity.told()
        planned = plan(
            self.files,
            pipeline=None if self.pipeline is None else Pipeline.from_toml(_text(self.pipeline)),
            velocity_m_per_s=velocity,
            known=known,
            band_m=self.depth,
            mark_spacing_m=self.mark_spacing,
            overrides=Overrides.parse(self.settings),
            format_name=self.format_name,
        )
        return self._calibrated(planned)

    def _calibrated(self, planned: Job) -> Job:
        from detectkit.batch.calibrating import with_calibrations, with_findings
        from detectkit.calibration.library import find
        from detectkit.calibration.record_file import read_record

        if self.pipeline is not None and self.calibration:
            msg = "with --pipeline, the calibration stands in its steps; leave --calibration out"
            raise UsageError(msg)
        if self.pipeline is not None or self.calibration == "none":
            return with_findings(planned)
        record = read_record(find(Path(self.calibration))) if self.calibration else None
        return with_calibrations(planned, record)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"--pipeline {path}: cannot be read ({error})"
        raise UsageError(msg) from error

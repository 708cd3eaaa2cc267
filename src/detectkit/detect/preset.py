"""The default pipeline, fitted to a line's antenna, velocity and trace spacing.

Every length is a share of the wavelength in the ground at the antenna's centre frequency, so
that the same recipe serves 100 MHz on a glacier and 3 GHz on a wall. The answer is an
ordinary pipeline: written out as TOML with every run, to be read and changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import (
    USUAL_VELOCITY_ERRORS,
    BlockSpec,
    FormatError,
    PipelineError,
    UsageError,
)
from detectkit.detect.settings import Detection, DetectSettings
from detectkit.io import Notice, Stream
from detectkit.pipeline import Pipeline, parse_steps
from detectkit.signal.attributes import envelope
from detectkit.signal.baseline import remove_dc
from detectkit.signal.time_zero import first_break

LOOK_TRACES = 256
LOOK_LINES = 16
FIRST_BREAK = 0.2
"""Share of a trace's largest magnitude at which its first break is seen."""
SHALLOWEST_WAVELENGTHS = 0.35
"""Above this depth the direct wave's tail covers everything."""
GROUND_THRESHOLD, AIRBORNE_THRESHOLD = 4.0, 6.0
"""Lowest score of an indication: through the air gap everything stands out more, clutter too."""
DEEPEST_WAVELENGTHS = 4.0
"""How deep a radar is searched: what lies deeper is mostly ringing of what lies above."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of the ground before its data are looked at.

    Parameters
    ----------
    velocity_m_per_s
        Velocity of the wave.
    source
        How it was known: ``"given"``, ``"measured"``, ``"file"`` or ``"assumed"``.
    band_m
        Shallowest and deepest depth to search; None: fitted to the wavelength.
    mark_spacing_m
        Distance between the operator's marks; None: they are not used.
    velocity_error
        Relative, one standard deviation; None: what is usual for the source.
    """

    velocity_m_per_s: float
    source: str
    band_m: tuple[float, float] | None = None
    mark_spacing_m: float | None = None
    velocity_error: float | None = None

    @property
    def relative_error(self) -> float:
        """The velocity's relative standard deviation."""
        told = self.velocity_error
        return USUAL_VELOCITY_ERRORS[self.source] if told is None else told


def default_pipeline(streams: Sequence[Stream], ground: Ground) -> tuple[Pipeline, list[Notice]]:
    """Return the default pipeline for lines of like settings, and what had to be assumed.

    Lines of one sensor, with like axes, are of one survey and share one pipeline; what is
    measured on the traces is measured on up to `LOOK_LINES` of them.

    Raises
    ------
    FormatError
        None of the lines holds a signal to fit anything to.
    UsageError
        Marks are to be used, and a line has fewer than two.
    """
    spread = streams[:: -(-len(streams) // LOOK_LINES)]
    seen = [traces for traces in map(look, spread) if traces is not None]
    if not seen:
        header = streams[0].header
        msg = f"line {header.line!r}, sensor {header.sensor.id!r}: no signal in it"
        raise FormatError(msg)
    _check_marks(streams, ground)
    traces = np.concatenate(seen)
    frequency_hz = streams[0].header.sensor.antenna_hz
    told = frequency_hz is not None
    if frequency_hz is None:
        frequency_hz = spectral_centre_hz(traces, streams[0].header.sample_interval_s)
    spec = streams[0].rows(0, 1).spec
    pulse_s = pulse_length_s(
        traces, period_s=1.0 / frequency_hz, sample_interval_s=spec.sample_interval_s or 1.0
    )
    fitted = _Fitted.to(spec, ground, frequency_hz, pulse_s)
    return fitted.pipeline(ground), _assumptions(
        ground, fitted, told_hz=frequency_hz if told else None
    )


def nominal_pipeline(spec: BlockSpec, ground: Ground) -> Pipeline:
    """Return the default pipeline for traces to come, from what is known before the first.

    The same recipe as `default_pipeline`, with the antenna's nominal frequency; the direct wave
    is taken to rise within half a period.

    Raises
    ------
    PipelineError
        The antenna's frequency is not known, or there is no delay axis.
    """
    frequency_hz = spec.sensor.antenna_hz
    if frequency_hz is None or spec.sample_interval_s is None:
        msg = (
            f"radar {spec.sensor.id!r}: the antenna's centre frequency must be known to fit a "
            "pipeline; give antenna_hz in its settings, or a pipeline in the mission"
        )
        raise PipelineError(msg)
    return _Fitted.to(spec, ground, frequency_hz, 0.5 / frequency_hz).pipeline(ground)


def _check_marks(streams: Sequence[Stream], ground: Ground) -> None:
    for stream in streams if ground.mark_spacing_m is not None else ():
        count = len(stream.header.marks)
        if count < 2:
            msg = f"line {stream.header.line!r} has {count} marks; distance from marks needs two"
            raise UsageError(msg)


def _track_steps(spec: BlockSpec, ground: Ground, wavelength_m: float) -> list[dict[str, Any]]:
    """Return the steps that put traces at equal distances, none where they are or cannot be."""
    resample = {
        "use": "resample-distance",
        "spacing_m": _round(0.1 * wavelength_m),
        "max_gap_m": _round(max(0.5, 2.0 * wavelength_m)),
    }
    if ground.mark_spacing_m is not None:
        marks = {"use": "distance-from-marks", "mark_spacing_m": ground.mark_spacing_m}
        return [marks, resample]
    if spec.trace_spacing_m is not None:
        return []
    if "along_track_m" in spec.coords:
        return [resample]
    if "longitude_deg" not in spec.coords:
        return []
    if not {"time_ns", "horizontal_error_m"} <= spec.coords:
        return [{"use": "distance-from-positions"}, resample]
    straight = [{"use": "straight-rows"}] if "height_m" in spec.coords else []
    return [{"use": "distance-along-course"}, *straight, resample]


def _assumptions(ground: Ground, fitted: _Fitted, *, told_hz: float | None) -> list[Notice]:
    """Return what the file does not say and the pipeline had to take from elsewhere."""
    said: list[str] = []
    if told_hz is None:
        said.append(
            f"the antenna's frequency is not told; {1e-6 / fitted.period_s:.0f} MHz is the centre "
            "of the data's own spectrum; override with --set antenna_hz=..."
        )
    if ground.source == "assumed":
        said.append(
            f"velocity {ground.velocity_m_per_s / 1e9:.3g} m/ns in the ground: every depth "
            "depends on it; give --velocity"
        )
    if fitted.track and ground.mark_spacing_m is None:
        said.append(
            "the traces are not at equal distances: they are interpolated by their positions, and "
            "those without one are left out; override with --set trace_spacing_m=..."
        )
    if fitted.spacing_m is None:
        said.append(
            "the recording has no distance: scores come without focusing along the track, and "
            "results are by trace number; give --mark-spacing or --set trace_spacing_m=..."
        )
    return [Notice("assumed", text) for text in said]


def look(stream: Stream) -> npt.NDArray[np.float32] | None:
    """Return a stretch of traces with signal from the line's start, middle or end.

    Level removed, samples that are not signal left out; None where all three are silent.
    """
    for share in (0.0, 0.5, 1.0):
        start = int(share * max(0, stream.traces - LOOK_TRACES))
        block = stream.rows(start, min(start + LOOK_TRACES, stream.traces))
        data = np.asarray(block.data[:, block.sensor.blank_samples :], np.float32)
        data = np.where(np.isfinite(data), data, np.float32(0.0))
        level = remove_dc(data)
        if np.any(level):
            return level
    return None


def spectral_centre_hz(traces: npt.NDArray[np.float32], sample_interval_s: float) -> float:
    """Return the energy-weighted mean frequency of (trace, delay) samples.

    Examples
    --------
    >>> wave = np.sin(2 * np.pi * 5e8 * 1e-10 * np.arange(200, dtype=np.float32))
    >>> round(spectral_centre_hz(wave[None, :], 1e-10) / 1e8)
    5
    """
    power = (np.abs(np.fft.rfft(traces.astype(np.float64), axis=1)) ** 2).sum(axis=0)
    frequency = np.fft.rfftfreq(traces.shape[1], sample_interval_s)
    return float((power * frequency).sum() / max(float(power.sum()), 1e-300))


def pulse_length_s(
    traces: npt.NDArray[np.float32], *, period_s: float, sample_interval_s: float
) -> float:
    """Return the time from first break to the envelope's maximum of the direct wave, in s.

    The median over the traces, within 1.5 periods of the centre frequency.
    """
    start = first_break(traces, fraction=FIRST_BREAK)
    strength = envelope(traces)
    length = max(2, round(1.5 * period_s / sample_interval_s))
    found = [
        int(strength[row, int(at) : int(at) + length].argmax()) - (at - int(at))
        for row, at in enumerate(start)
        if np.isfinite(at)
    ]
    return max(0.0, float(np.median(found))) * sample_interval_s if found else 0.0


@dataclass(frozen=True, slots=True)
class _Fitted:
    """Lengths in the units of one line."""

    track: list[dict[str, Any]]
    airborne: bool
    pulse_s: float
    period_s: float
    wavelength_m: float
    velocity_m_per_s: float
    spacing_m: float | None
    interval_s: float
    band_m: tuple[float, float]

    @classmethod
    def to(cls, spec: BlockSpec, ground: Ground, frequency_hz: float, pulse_s: float) -> _Fitted:
        interval_s = spec.sample_interval_s or 1.0
        wavelength_m = ground.velocity_m_per_s / frequency_hz
        track = _track_steps(spec, ground, wavelength_m)
        reaches_m = 0.45 * interval_s * spec.samples * ground.velocity_m_per_s
        deepest_m = min(DEEPEST_WAVELENGTHS * wavelength_m, reaches_m)
        shallowest_m = min(SHALLOWEST_WAVELENGTHS * wavelength_m, 0.5 * deepest_m)
        return cls(
            track=track,
            airborne="height_m" in spec.coords,
            pulse_s=pulse_s,
            period_s=1.0 / frequency_hz,
            wavelength_m=wavelength_m,
            velocity_m_per_s=ground.velocity_m_per_s,
            spacing_m=track[-1]["spacing_m"] if track else spec.trace_spacing_m,
            interval_s=interval_s,
            band_m=ground.band_m or (_round(shallowest_m), _round(deepest_m)),
        )

    def pipeline(self, ground: Ground) -> Pipeline:
        """Return the whole recipe."""
        detection = Detection(self.detect(ground), parse_steps(self.score()))
        sections = {"detect": detection.to_table()}
        return Pipeline(parse_steps(self.steps()), "default", sections)

    def traces(self, wavelengths: float, *, otherwise: int) -> int:
        """Return a length along the track in traces; `otherwise` where there is no distance."""
        if self.spacing_m is None:
            return otherwise
        return max(1, round(wavelengths * self.wavelength_m / self.spacing_m))

    def steps(self) -> list[dict[str, Any]]:
        nyquist_hz = 0.5 / self.interval_s
        high_hz = min(2.2 / self.period_s, 0.9 * nyquist_hz)
        background = self.traces(22.0, otherwise=300)
        lead_s = _round(max(self.interval_s, 2.0 * self.period_s))
        ground = self._ground(lead_s) if self.airborne else []
        return [
            *self.track[:-1],
            {"use": "dc"},
            {
                "use": "time-zero-steady" if self.airborne else "time-zero-threshold",
                "fraction": FIRST_BREAK,
                "lead_s": lead_s,
                "pulse_s": _round(self.pulse_s),
            },
            *ground,
            {"use": "dewow", "window_s": _round(3.0 * self.period_s)},
            {
                "use": "bandpass",
                "low_hz": _round(min(0.3 / self.period_s, 0.5 * high_hz)),
                "high_hz": _round(high_hz),
            },
            *self.track[-1:],
            {"use": "sliding-mean-background", "window_traces": background | 1},
        ]

    def _ground(self, lead_s: float) -> list[dict[str, Any]]:
        """Return the steps that level the ground under a flying antenna.

        An altimeter finds it to a centimetre or three where no grass stands in between; the
        reflection itself, looked for within a period of there, to a millimetre or three.
        """
        return [
            {"use": "steady-height"},
            {"use": "remove-height", "lead_s": lead_s},
            {
                "use": "ground-bounce",
                "window_s": [_round(-0.6 * self.period_s), _round(1.2 * self.period_s)],
                "maximum_move_s": _round(0.25 * self.period_s),
            },
            {"use": "align-ground", "lead_s": lead_s, "assumed_twt_s": 0.0},
        ]

    def score(self) -> list[dict[str, Any]]:
        prescreener = {
            "use": "reed-xiaoli",
            "energy_window_s": _round(self.period_s),
            "energy_traces": self.traces(0.6, otherwise=3) | 1,
            "guard_traces": self.traces(1.1, otherwise=10),
            "training_traces": max(32, self.traces(22.0, otherwise=150)),
        }
        if self.spacing_m is None:
            return [prescreener]
        focus = {
            "use": "diffraction-stack",
            "velocity_m_per_s": self.velocity_m_per_s,
            "band_m": list(self.band_m),
            "interval_s": _round(max(self.interval_s, self.period_s / 5.0)),
            "half_angle_deg": 60.0,
            "coherence_window_s": _round(self.period_s),
        }
        return [focus, prescreener]

    def detect(self, ground: Ground) -> DetectSettings:
        return DetectSettings(
            velocity_m_per_s=ground.velocity_m_per_s,
            velocity_error=_round(ground.relative_error),
            velocity_source=ground.source,
            band_m=self.band_m,
            separation_m=_round(max(0.1, 1.5 * self.wavelength_m)),
            cell_m=_round(0.45 * self.wavelength_m),
            cell_s=_round(0.6 * self.period_s),
            threshold=AIRBORNE_THRESHOLD if self.airborne else GROUND_THRESHOLD,
            depth_of="echo" if self.airborne else "score",
        )


def _round(value: float) -> float:
    """Return the value to 4 significant digits: a pipeline is there to be read."""
    return float(f"{value:.4g}")

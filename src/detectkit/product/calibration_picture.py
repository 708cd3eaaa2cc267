"""The fits behind a radar's calibration, in one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.calibration.radar import RadarResult
from detectkit.calibration.record import ID_DIGITS, CalibrationRecord
from detectkit.product.writing import naming
from detectkit.signal.response import deconvolve_response

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
"""Of the colour-blind-safe Okabe-Ito palette."""


def draw_radar_calibration(result: RadarResult, path: Path) -> None:
    """Write the picture as PNG: what was heard, fitted, and what is left beside the fit."""
    figure = Figure(figsize=(12.0, 8.6), dpi=110, layout="constrained")
    places = figure.subplots(3, 2)
    figure.suptitle(title_of(result.record), x=0.01, ha="left", fontsize=11)
    _crosstalk(places[0, 0], result)
    _drift(places[0, 1], result)
    if result.plate is None:
        for one in (*places[1], places[2, 0]):
            _absent(one, "no plate was recorded")
    else:
        _bounces(places[1, 0], result)
        _amplitudes(places[1, 1], result)
        _wavelet(places[2, 0], result)
    if result.pattern is None:
        _absent(places[2, 1], "no target was passed over: no antenna pattern")
    else:
        _pattern(places[2, 1], result)
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def title_of(record: CalibrationRecord) -> str:
    """Return instrument, serial number, days and id; in a second line that it is simulated."""
    simulated = (
        f"\nsimulated: {record.simulated}; no instrument was measured" if record.simulated else ""
    )
    serial = record.serial or "no serial number"
    return (
        f"{record.instrument} · {serial} · made {record.made_utc:%Y-%m-%d %H:%M} UTC, valid until "
        f"{record.expires_utc:%Y-%m-%d} · {record.id[:ID_DIGITS]}{simulated}"
    )


def _crosstalk(axes: Axes, result: RadarResult) -> None:
    air = result.air
    capture = air.capture
    time_ns = 1e9 * (capture.first_twt_s + np.arange(air.mean.size) * capture.sample_interval_s)
    level = air.mean - np.median(air.mean)
    axes.plot(time_ns, np.maximum(np.abs(level), 1e-3 * air.noise), color=BLUE, lw=1.0)
    axes.axhline(air.noise, color=ORANGE, lw=1.0, ls="--")
    axes.annotate(f"noise of one trace: {air.noise:.3g}", (time_ns[-1], air.noise), xytext=(0, 4),
                  textcoords="offset points", ha="right", fontsize=8, color=ORANGE)  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(bottom=max(0.2 * air.mean_error, 1e-9))
    label_axes(axes, f"air shot: mean of {len(capture.data)} traces, magnitude",
            "time on the instrument's axis (ns)", f"magnitude ({capture.sensor.unit})")  # fmt: skip


def _drift(axes: Axes, result: RadarResult) -> None:
    air = result.air
    axes.errorbar(air.time_s, 1e12 * air.lag_s, 1e12 * air.lag_error_s, color=BLUE, fmt=".", ms=4,
                  elinewidth=0.8)  # fmt: skip
    middle = air.time_s - air.time_s.mean()
    axes.plot(air.time_s, 1e12 * air.drift_s_per_s * middle, color=ORANGE, lw=1.2)
    title = (
        f"time zero over the air shot: {6e13 * air.drift_s_per_s:+.2g} ± "
        f"{6e13 * air.drift_error_s_per_s:.1g} ps a minute, wander {1e12 * air.wander_s:.2g} ps"
    )
    label_axes(axes, title, "time (s)", "direct wave is late by (ps)")


def _bounces(axes: Axes, result: RadarResult) -> None:
    plate = result.plate
    assert plate is not None  # noqa: S101 - the caller has looked
    axes.axhline(0.0, color=GREY, lw=0.8)
    axes.errorbar(plate.height_m, 1e12 * plate.residual_s, 1e12 * plate.time_error_s, color=BLUE,
                  fmt="o", ms=5, capsize=3)  # fmt: skip
    title = (
        f"time zero {1e9 * plate.time_zero_s:.4f} ± {1e9 * plate.time_zero_error_s:.4f} ns; "
        f"velocity {plate.velocity_ratio:.4f} ± {plate.velocity_ratio_error:.4f} of light"
    )
    label_axes(axes, title, "height over the plate (m)", "echo is late by (ps)")


def _amplitudes(axes: Axes, result: RadarResult) -> None:
    plate = result.plate
    assert plate is not None  # noqa: S101 - the caller has looked
    path_m = np.linspace(0.8 * plate.path_m.min(), 1.1 * plate.path_m.max(), 100)
    axes.plot(path_m, plate.mirror_amplitude / path_m, color=ORANGE, lw=1.2, label="mirror / path")
    axes.plot(plate.path_m, plate.amplitude, "o", color=BLUE, ms=5, label="measured")
    axes.legend(fontsize=8, frameon=False)
    title = (
        f"perfect mirror after 1 m: {plate.mirror_amplitude:.4g} ± "
        f"{plate.mirror_amplitude_error:.2g} {result.air.capture.sensor.unit}"
    )
    label_axes(axes, title, "path (m)", f"echo ({result.air.capture.sensor.unit})")


def _wavelet(axes: Axes, result: RadarResult) -> None:
    plate = result.plate
    assert plate is not None  # noqa: S101 - the caller has looked
    interval_s = result.air.capture.sample_interval_s
    length = 4 * plate.wavelet.size
    at = round(0.5 * length - plate.origin)
    trace = np.zeros((1, length), np.float32)
    trace[0, at : at + plate.wavelet.size] = plate.wavelet
    sharp = deconvolve_response(
        trace, wavelet=plate.wavelet, origin_sample=plate.origin, sample_interval_s=interval_s,
        band_hz=plate.band_hz,
    )[0]  # fmt: skip
    time_ns = 1e9 * interval_s * (np.arange(length) - at - plate.origin)
    axes.plot(time_ns, trace[0], color=BLUE, lw=1.2, label="echo of the plate")
    axes.plot(time_ns, sharp, color=GREEN, lw=1.2, label="after deconvolve-response")
    axes.set_xlim(1.2 * time_ns[at], 1.2 * time_ns[at + plate.wavelet.size])
    axes.legend(fontsize=8, frameon=False)
    low, high = plate.band_hz
    band = f"band {low / 1e9:.2f}–{high / 1e9:.2f} GHz"
    title = f"wavelet, error {100 * plate.wavelet_error:.2g} %; {band}"
    label_axes(axes, title, "time from its middle (ns)", "amplitude over its largest")


def _pattern(axes: Axes, result: RadarResult) -> None:
    pattern = result.pattern
    assert pattern is not None  # noqa: S101 - the caller has looked
    axes.plot(np.abs(pattern.sample_angle_deg), pattern.sample_db, ".", color="#BBBBBB", ms=2)
    axes.errorbar(pattern.angle_deg, pattern.amplitude_db, pattern.error_db, color=BLUE, fmt="o-",
                  ms=4, lw=1.0, capsize=2)  # fmt: skip
    axes.set_ylim(min(-12.0, float(pattern.amplitude_db.min()) - 2.0), 2.0)
    label_axes(axes, "two-way pattern, from passes over a small target",
            "angle from straight down (degrees)", "amplitude (dB)")  # fmt: skip


def _absent(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY, fontsize=10,
              transform=axes.transAxes)  # fmt: skip
    axes.set_axis_off()


def label_axes(axes: Axes, title: str, across: str, up: str) -> None:
    """Write what an axis shows, in which unit."""
    axes.set_title(title, loc="left", fontsize=9)
    axes.set_xlabel(across, fontsize=9)
    axes.set_ylabel(up, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)

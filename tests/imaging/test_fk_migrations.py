"""Stolt and phase shift: what both owe to a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import hilbert

from detectkit.core.errors import UsageError
from detectkit.imaging.aperture import Aperture
from detectkit.imaging.layers import Layers
from detectkit.imaging.phase_shift import PhaseShift, phase_shift
from detectkit.imaging.regular_line import RegularLine
from detectkit.imaging.stolt import stolt

Floats = npt.NDArray[np.float32]
LINE = RegularLine(samples=384, sample_interval_s=1e-10, first_twt_s=0.0, trace_spacing_m=0.02)
C = 2.998e8
Migration = Callable[..., Floats]


def ricker(time_s: npt.NDArray[np.float64], centre_hz: float = 1e9) -> npt.NDArray[np.float64]:
    phase = (np.pi * centre_hz * time_s) ** 2
    return np.asarray((1.0 - 2.0 * phase) * np.exp(-phase))


def times(line: RegularLine) -> npt.NDArray[np.float64]:
    return line.first_twt_s + np.arange(line.samples) * line.sample_interval_s


def point(
    line: RegularLine,
    *,
    trace: int,
    twt_s: float,
    velocity_m_per_s: float,
    traces: int = 200,
) -> Floats:
    """A scatterer below a trace; waves spread as from a point."""
    along_m = (np.arange(traces) - trace) * line.trace_spacing_m
    slant_s = np.hypot(twt_s, 2.0 * along_m / velocity_m_per_s)[:, np.newaxis]
    return ((twt_s / slant_s) ** 1.5 * ricker(times(line) - slant_s)).astype(np.float32)


def envelope(image: Floats) -> Floats:
    return np.abs(hilbert(image, axis=1)).astype(np.float32)


def peak(image: Floats, line: RegularLine) -> tuple[int, float]:
    """Trace and two-way time of the largest envelope."""
    trace, sample = np.unravel_index(np.argmax(envelope(image)), image.shape)
    return int(trace), float(times(line)[sample])


def by_stolt(data: Floats, line: RegularLine, velocity: float, **options: object) -> Floats:
    return stolt(data, line, velocity_m_per_s=velocity, **options)  # type: ignore[arg-type]


def by_phase_shift(data: Floats, line: RegularLine, velocity: float, **options: object) -> Floats:
    return phase_shift(data, line, layers=Layers((velocity,)), **options)  # type: ignore[arg-type]


both = pytest.mark.parametrize("migrate", [by_stolt, by_phase_shift])


@both
@pytest.mark.parametrize(
    ("velocity", "twt_ns"), [(0.6e8, 8.0), (1e8, 4.0), (1e8, 15.0), (1.4e8, 22.0)]
)
def test_a_point_comes_to_its_place_and_becomes_one_trace_wide(
    migrate: Migration, velocity: float, twt_ns: float
) -> None:
    data = point(LINE, trace=90, twt_s=twt_ns * 1e-9, velocity_m_per_s=velocity)
    image = migrate(data, LINE, velocity)
    trace, twt_s = peak(image, LINE)
    assert trace == 90
    assert abs(twt_s - twt_ns * 1e-9) <= 1e-10
    level = envelope(image).max(axis=1)
    quarter_wave = max(1, round(velocity / 1e9 / 4 / 0.02))
    assert np.count_nonzero(level >= level.max() / 2) <= 2 * quarter_wave + 1


@both
def test_the_energy_gathers_at_the_point(migrate: Migration) -> None:
    data = point(LINE, trace=100, twt_s=15e-9, velocity_m_per_s=1e8)
    box = (slice(95, 106), slice(138, 163))
    before = np.sum(data[box] ** 2) / np.sum(data**2)
    image = migrate(data, LINE, 1e8)
    assert before < 0.2
    assert np.sum(image[box] ** 2) / np.sum(image**2) > 0.97


@both
def test_an_axis_that_begins_before_or_behind_time_zero_changes_nothing(migrate: Migration) -> None:
    whole = point(LINE, trace=100, twt_s=15e-9, velocity_m_per_s=1e8)
    image = migrate(whole, LINE, 1e8)
    late = migrate(whole[:, 60:], replace(LINE, samples=324, first_twt_s=6e-9), 1e8)
    early_line = replace(LINE, samples=404, first_twt_s=-2e-9)
    early = migrate(np.pad(whole, ((0, 0), (20, 0))), early_line, 1e8)
    assert np.abs(late - image[:, 60:])[:, 40:].max() < 2e-3 * image.max()
    assert np.abs(early[:, 20:] - image).max() < 2e-3 * image.max()


@both
def test_a_dipping_reflector_gets_steeper_and_keeps_its_amplitude(migrate: Migration) -> None:
    """Slope sin(dip) in the record, tan(dip) in the image; the wavelet is 1 / cos(dip) longer.

    The reflector spans cos(dip)^2 of the distance: over all, the energy is times cos(dip).
    """
    sine = 0.5
    along_m = np.arange(400)[:, np.newaxis] * LINE.trace_spacing_m
    middle_s = 18e-9
    shown_s = middle_s + 2.0 * sine / 1e8 * (along_m - 4.0)
    data = ricker(times(LINE) - shown_s).astype(np.float32)
    image = migrate(data, LINE, 1e8, aperture=Aperture(obliquity=0.0))
    cosine = np.sqrt(1.0 - sine**2)
    true_s = middle_s / cosine + 2.0 * sine / cosine / 1e8 * (along_m[:, 0] - 4.0)
    for trace in range(165, 200, 7):
        found = times(LINE)[np.argmax(envelope(image)[trace])]
        assert abs(found - true_s[trace]) < 1.5e-10
    seen, had = np.sum(image[180] ** 2), np.sum(data[200] ** 2)
    assert seen / had == pytest.approx(1.0 / cosine, rel=0.01)


@both
def test_it_is_linear(migrate: Migration) -> None:
    rng = np.random.default_rng(0)
    one, other = rng.standard_normal((2, 60, 384)).astype(np.float32)
    together = migrate(2.0 * one - 3.0 * other, LINE, 1e8)
    apart = 2.0 * migrate(one, LINE, 1e8) - 3.0 * migrate(other, LINE, 1e8)
    np.testing.assert_allclose(together, apart, atol=2e-4)


@both
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 100))
def test_it_adds_no_energy(migrate: Migration, seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal((300, 384)).astype(np.float32)
    image = migrate(noise, LINE, 1e8)
    inside = (slice(100, 200), slice(50, 330))
    assert np.sum(image[inside] ** 2) < np.sum(noise[inside] ** 2)


@both
def test_windows_give_what_the_whole_line_gives(migrate: Migration) -> None:
    data = sum(
        point(LINE, trace=at, twt_s=twt, velocity_m_per_s=1e8, traces=900)
        for at, twt in ((120, 9e-9), (255, 20e-9), (410, 4e-9), (640, 30e-9))
    )
    short = migrate(data, LINE, 1e8)
    whole = migrate(data, LINE, 1e8, window_traces=2048)
    assert np.abs(short - whole).max() < 3e-3 * np.abs(whole).max()


def test_stolt_reads_between_bins_as_if_the_padding_were_endless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = point(LINE, trace=100, twt_s=15e-9, velocity_m_per_s=1e8)
    image = by_stolt(data, LINE, 1e8)
    monkeypatch.setattr("detectkit.imaging._delay_spectrum.OVERSAMPLING", 5.0)
    padded = by_stolt(data, LINE, 1e8)
    assert np.linalg.norm(image - padded) < 1e-4 * np.linalg.norm(padded)


def test_both_methods_agree() -> None:
    data = point(LINE, trace=100, twt_s=15e-9, velocity_m_per_s=1e8)
    one, other = by_stolt(data, LINE, 1e8), by_phase_shift(data, LINE, 1e8)
    assert np.linalg.norm(one - other) < 1e-2 * np.linalg.norm(one)
    assert np.abs(one - other).max() < 1e-3 * np.abs(one).max()


@both
def test_a_smaller_aperture_reaches_less_far_and_waits_less(migrate: Migration) -> None:
    method = PhaseShift(LINE, layers=Layers((1e8,)), aperture=Aperture(30.0))
    assert method.windows.reach < 0.55 * PhaseShift(LINE, layers=Layers((1e8,))).windows.reach
    data = point(LINE, trace=100, twt_s=15e-9, velocity_m_per_s=1e8)
    assert peak(migrate(data, LINE, 1e8, aperture=Aperture(30.0)), LINE)[0] == 100


def through_air(height_m: float, depth_m: float, velocity: float, *, trace: int) -> Floats:
    """A point under an air gap; each trace by Fermat's principle, found by search."""
    along_m = (np.arange(400) - trace) * LINE.trace_spacing_m
    enter = np.linspace(0.0, 1.0, 2001)[np.newaxis] * along_m[:, np.newaxis]
    air = np.hypot(height_m, enter) / C
    soil = np.hypot(depth_m, along_m[:, np.newaxis] - enter) / velocity
    slant_s = 2.0 * (air + soil).min(axis=1)[:, np.newaxis]
    return ((slant_s.min() / slant_s) ** 1.5 * ricker(times(LINE) - slant_s)).astype(np.float32)


@pytest.mark.parametrize(("height_m", "depth_m"), [(0.3, 0.2), (0.5, 0.4), (1.0, 0.15)])
def test_under_an_air_gap_a_point_comes_to_its_true_depth(height_m: float, depth_m: float) -> None:
    data = through_air(height_m, depth_m, 0.9e8, trace=200)
    ground = Layers.of_thickness([height_m], velocity_m_per_s=[C, 0.9e8])
    image = phase_shift(data, LINE, layers=ground, aperture=Aperture(75.0))
    trace, twt_s = peak(image, LINE)
    found_m = (twt_s - 2.0 * height_m / C) * 0.9e8 / 2.0
    assert trace == 200
    assert abs(found_m - depth_m) < 0.01
    box = np.sum(image[190:211] ** 2) / np.sum(image**2)
    naive = by_stolt(data, LINE, 0.9e8)
    assert box > 0.9
    assert np.sum(naive[190:211] ** 2) / np.sum(naive**2) < 0.5


def test_layers_of_one_velocity_are_one_layer() -> None:
    data = point(LINE, trace=100, twt_s=15e-9, velocity_m_per_s=1e8)
    split = Layers((1e8, 1e8, 1e8), (6.05e-9, 12.3e-9))
    image = phase_shift(data, LINE, layers=split)
    np.testing.assert_allclose(image, by_phase_shift(data, LINE, 1e8), atol=1e-3 * image.max())


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Layers((1e8,), (1e-9,)),
        lambda: Layers((1e8, -1e8), (1e-9,)),
        lambda: Layers((1e8, 1e8, 1e8), (2e-9, 1e-9)),
        lambda: Aperture(95.0),
        lambda: Aperture(obliquity=-1.0),
        lambda: by_stolt(np.zeros((4, 384), np.float32), LINE, 0.0),
    ],
)
def test_what_is_no_ground_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        wrong()

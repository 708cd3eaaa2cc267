"""From two dimensions to three, against fields in closed form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import ShapeError, UsageError
from detectkit.sim.fdtd import Pulse, Responses, Shots
from detectkit.sim.refraction import LIGHT_M_PER_S, leg
from detectkit.sim.spreading import as_compact, as_dipole
from detectkit.sim.spreading.compact import Outline
from detectkit.sim.spreading.sources import arriving, dipole_field, frequencies, line_field

Values = npt.NDArray[np.float64]

PULSE = Pulse(1e9)
INTERVAL_S = 4e-11
SAMPLES = 300
FREQ_HZ = frequencies(SAMPLES, INTERVAL_S)
APART_M = 0.15


def over(height_m: float) -> Shots:
    """One source, one receiver beside it, over ground at 0."""
    return Shots(np.array([[0.0, height_m]]), np.array([[[APART_M, height_m]]]))


def heard(spectrum: npt.NDArray[np.complex128]) -> Values:
    return arriving(spectrum, PULSE, FREQ_HZ, samples=SAMPLES)


def responses(record: Values) -> Responses:
    return Responses(record[np.newaxis, np.newaxis].astype(np.float32), INTERVAL_S, PULSE)


def apart(one: Values, other: Values) -> float:
    """Return the difference over the size, both root mean square."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


def mirrored(height_m: float) -> tuple[Responses, Values, Values]:
    """Return a line over a mirror, and direct wave and echo of a dipole over it, in closed form."""
    way_m = float(np.hypot(APART_M, 2.0 * height_m))
    line = heard(line_field(APART_M, FREQ_HZ) - line_field(way_m, FREQ_HZ))
    return (
        responses(line),
        heard(dipole_field(APART_M, FREQ_HZ)),
        -heard(dipole_field(way_m, FREQ_HZ)),
    )


@pytest.mark.parametrize(("height_m", "most"), [(0.3, 0.05), (0.5, 0.03), (1.0, 0.015)])
def test_a_mirror_s_echo_is_that_of_a_dipole_s_image(height_m: float, most: float) -> None:
    """The farther the better; index: a mirror is soil of an index beyond all measure."""
    line, direct, echo = mirrored(height_m)
    seen = as_dipole(line, shots=over(height_m), ground_up_m=0.0, index=1e3).field[0, 0]
    assert apart(seen - direct, echo) < most
    assert np.abs(seen - direct).max() == pytest.approx(np.abs(echo).max(), rel=0.02)


def test_the_direct_wave_is_exact_however_near() -> None:
    direct = heard(dipole_field(APART_M, FREQ_HZ))
    alone = responses(heard(line_field(APART_M, FREQ_HZ)))
    seen = as_dipole(alone, shots=over(0.4), ground_up_m=0.0, index=2.0).field[0, 0]
    assert apart(seen, direct) < 1e-5


def test_an_echo_from_depth_spreads_less_in_soil() -> None:
    """After the ground a way counts 1/n² of its delay: ∫ v ds, with c/n both in v and in ds."""
    shots, index = over(0.5), 3.0
    ground_m = float(np.hypot(APART_M, 1.0))
    late_s = 5e-9
    at = np.argmin(np.abs(INTERVAL_S * np.arange(SAMPLES) - PULSE.peak_s - late_s))
    record = np.zeros(SAMPLES)
    record[at - 20 : at + 21] = np.hanning(41) * np.sin(np.arange(-20, 21) * 0.25)
    soil = as_dipole(responses(record), shots=shots, ground_up_m=0.0, index=index).field[0, 0]
    air = as_dipole(responses(record), shots=shots, ground_up_m=0.0, index=1.0).field[0, 0]
    way_m = LIGHT_M_PER_S * late_s
    expected = np.sqrt(way_m / (ground_m + (way_m - ground_m) / index**2))
    near = slice(at - 10, at + 11)
    ratio = np.linalg.norm(soil[near]) / np.linalg.norm(air[near])
    assert ratio == pytest.approx(expected, rel=0.03)


def test_heights_may_be_absolute() -> None:
    line, _, _ = mirrored(0.4)
    here = as_dipole(line, shots=over(0.4), ground_up_m=0.0, index=2.0)
    up = np.array([0.0, 128.0])
    lifted = Shots(over(0.4).sources + up, over(0.4).receivers + up)
    there = as_dipole(line, shots=lifted, ground_up_m=128.0, index=2.0)
    assert apart(there.field, here.field) < 1e-6


def wire(height_m: float, depth_m: float, across_m: float) -> tuple[Responses, Values]:
    """Return a thin wire's echo of a line, and per metre of it that of a dipole, all in air.

    A current runs in it that is the field there; what it is made of drops out. Across the plane
    the dipole's directivity is left out, as `as_compact` leaves it out.
    """
    plane = [np.hypot(x, height_m + depth_m) for x in (0.05, 0.05 + APART_M)]
    slant = [np.hypot(one, across_m) for one in plane]
    line = line_field(plane[0], FREQ_HZ) * line_field(plane[1], FREQ_HZ)
    dipole = dipole_field(slant[0], FREQ_HZ) * dipole_field(slant[1], FREQ_HZ)
    return responses(heard(line)), heard(dipole)


def compact(
    echo: Responses,
    *,
    width_m: float,
    height_m: float = 0.3,
    depth_m: float = 0.1,
    across_m: float = 0.0,
    index: float = 1.0,
    outline: Outline = "square",
) -> Values:
    seen = as_compact(
        echo,
        shots=over(height_m),
        centre=(-0.05, -depth_m),
        ground_up_m=0.0,
        across_m=across_m,
        width_m=width_m,
        index=index,
        outline=outline,
    )
    return np.asarray(seen.field[0, 0], np.float64)


@pytest.mark.parametrize("across_m", [0.0, 0.1, 0.25])
def test_a_short_piece_of_wire_is_a_dipole_of_its_length(across_m: float) -> None:
    """Its amplitude, its delay and its near field: those of the way there and back."""
    line, per_metre = wire(0.3, 0.1, across_m)
    seen = compact(line, width_m=0.02, across_m=across_m)
    assert apart(seen, 0.02 * per_metre) < 0.05


def test_a_wide_body_is_an_endless_cylinder() -> None:
    """Over all its width the slices add up to the spreading of a line's echo: sqrt(jω / 2πσ)."""
    line, _ = wire(1.0, 0.2, 0.0)
    seen = compact(line, width_m=8.0, height_m=1.0, depth_m=0.2)
    both_m = np.hypot(0.05, 1.2) + np.hypot(0.05 + APART_M, 1.2)
    spectrum = np.fft.rfft(line.field[0, 0], 4 * SAMPLES)
    turning = 2j * np.pi * np.fft.rfftfreq(4 * SAMPLES, INTERVAL_S)
    spectrum *= np.sqrt(turning / (2.0 * np.pi * LIGHT_M_PER_S * both_m))
    assert apart(seen, np.fft.irfft(spectrum)[:SAMPLES]) < 0.06


@settings(max_examples=20, deadline=None)
@given(
    height_m=st.floats(0.2, 1.0),
    depth_m=st.floats(0.0, 0.5),
    across_m=st.floats(-0.3, 0.3),
    index=st.floats(1.0, 4.0),
)
def test_the_narrow_law_holds_everywhere(
    height_m: float, depth_m: float, across_m: float, index: float
) -> None:
    """A narrow body is heard as its width, left or right of the lane, and a disc as its area."""
    line, _ = wire(0.4, 0.1, 0.0)
    where = {"height_m": height_m, "depth_m": depth_m, "index": index}
    one = compact(line, width_m=0.005, across_m=across_m, **where)
    two = compact(line, width_m=0.01, across_m=-across_m, **where)
    disc = compact(line, width_m=0.005, across_m=across_m, outline="round", **where)
    np.testing.assert_allclose(two, 2.0 * one, atol=0.02 * np.abs(two).max())
    np.testing.assert_allclose(disc, 0.25 * np.pi * one, atol=0.02 * np.abs(one).max())


def test_beside_the_lane_an_echo_is_late_by_its_refracted_way() -> None:
    height_m, depth_m, across_m, index = 0.4, 0.15, 0.25, 2.5
    line, _ = wire(height_m, depth_m, 0.0)
    where = {"height_m": height_m, "depth_m": depth_m, "index": index, "width_m": 0.01}
    on, beside = compact(line, **where), compact(line, across_m=across_m, **where)
    expected_m = sum(
        leg(float(np.hypot(x, across_m)), height_m, depth_m, index)[0]
        - leg(x, height_m, depth_m, index)[0]
        for x in (0.05, 0.05 + APART_M)
    )
    finer = 40
    fine = np.fft.irfft(
        np.fft.rfft(beside, 2 * SAMPLES) * np.fft.rfft(on, 2 * SAMPLES).conj(),
        2 * SAMPLES * finer,
    )
    late_m = LIGHT_M_PER_S * INTERVAL_S * np.argmax(fine[: SAMPLES * finer]) / finer
    assert late_m == pytest.approx(expected_m, abs=0.003)


def test_source_and_receiver_may_change_places() -> None:
    line, _ = wire(0.4, 0.1, 0.0)
    shots = over(0.4)
    turned = Shots(shots.receivers[:, 0], shots.sources[:, np.newaxis])
    where = {
        "centre": (-0.05, -0.1),
        "ground_up_m": 0.0,
        "across_m": 0.1,
        "width_m": 0.2,
        "index": 2.0,
    }
    one, two = as_compact(line, shots=shots, **where), as_compact(line, shots=turned, **where)
    np.testing.assert_allclose(two.field, one.field, atol=1e-5 * np.abs(one.field).max())


def test_a_trace_is_the_same_alone_and_among_others() -> None:
    """Bit for bit: pieces of a lane may be computed apart."""
    rng = np.random.default_rng(3)
    field = rng.standard_normal((5, 2, SAMPLES)).astype(np.float32)
    sources = np.stack([np.linspace(0.0, 0.4, 5), np.full(5, 0.4)], axis=1)
    receivers = sources[:, np.newaxis] + np.array([[0.1, 0.0], [0.2, 0.0]])

    def some(which: slice) -> tuple[Responses, Shots]:
        part = Responses(field[which], INTERVAL_S, PULSE)
        return part, Shots(sources[which], receivers[which])

    echo, shots = some(slice(None))
    piece, few = some(slice(2, 4))
    whole = as_dipole(echo, shots=shots, ground_up_m=0.0, index=2.0).field
    alone = as_dipole(piece, shots=few, ground_up_m=0.0, index=2.0).field
    np.testing.assert_array_equal(alone, whole[2:4])
    where = {
        "centre": (0.2, -0.1),
        "ground_up_m": 0.0,
        "across_m": 0.1,
        "width_m": 0.2,
        "index": 2.0,
    }
    whole = as_compact(echo, shots=shots, **where).field
    alone = as_compact(piece, shots=few, **where).field
    np.testing.assert_array_equal(alone, whole[2:4])


def test_a_body_that_stands_out_of_the_ground_is_reached_through_air() -> None:
    """No soil on the way: the index does not matter."""
    line, _ = wire(0.4, -0.05, 0.0)
    seen = [compact(line, width_m=0.1, depth_m=-0.05, index=index) for index in (1.0, 3.0)]
    np.testing.assert_allclose(seen[0], seen[1], atol=1e-6 * np.abs(seen[0]).max())


def test_what_does_not_go_together_is_refused() -> None:
    line, _, _ = mirrored(0.4)
    two = Shots(np.zeros((2, 2)), np.ones((2, 1, 2)))
    with pytest.raises(ShapeError, match="give the shots they were computed for"):
        as_dipole(line, shots=two, ground_up_m=-1.0, index=2.0)
    with pytest.raises(UsageError, match="not below all antennas"):
        as_dipole(line, shots=over(0.4), ground_up_m=0.5, index=2.0)
    with pytest.raises(UsageError, match="a refractive index is 1 or more"):
        as_dipole(line, shots=over(0.4), ground_up_m=0.0, index=0.5)
    with pytest.raises(UsageError, match=r"width_m = 0\.0; give"):
        compact(line, width_m=0.0)

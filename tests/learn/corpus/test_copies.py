"""Copies change a radargram as physics would: later, weaker, louder, mixed with real ground."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import Block
from detectkit.io import Stream
from detectkit.io.header import StreamHeader
from detectkit.learn.corpus.backgrounds import real_ground
from detectkit.learn.corpus.copies import Changes, Parts, changed, drawn, seamed
from detectkit.learn.corpus.settings import Copies
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

TRACES, SAMPLES, INTERVAL_S, CENTRE_HZ = 20, 300, 5e-11, 6e8
DIRECT, GROUND = 40.0, 130.0


def ricker(at: float, size: float) -> np.ndarray:
    """Return a pulse around a sample, in each trace."""
    x = (np.pi * CENTRE_HZ * INTERVAL_S * (np.arange(SAMPLES) - at)) ** 2
    return np.tile(size * (1.0 - 2.0 * x) * np.exp(-x), (TRACES, 1))


def parts() -> Parts:
    return Parts(
        ricker(DIRECT, 8000.0), ricker(GROUND, 3000.0), INTERVAL_S, GROUND * INTERVAL_S,
        CENTRE_HZ, 5.0, 32767.0, 0.5,
    )  # fmt: skip


def made(changes: Changes, clutter: np.ndarray | None = None) -> np.ndarray:
    return changed(parts(), changes, clutter, np.random.default_rng(1))


PLAIN = made(Changes())


def test_a_copy_without_changes_is_the_lane() -> None:
    whole = parts().instrument + parts().ground
    assert np.array_equal(PLAIN, np.rint(whole).astype(np.float32))


@given(higher=st.floats(-0.2, 0.2))
@settings(max_examples=20)
def test_a_higher_antenna_hears_the_ground_later_and_weaker(higher: float) -> None:
    counts = made(Changes(higher_m=higher))
    count = counts.shape[1]
    late = 2.0 * higher / SPEED_OF_LIGHT_M_S / INTERVAL_S
    expected = parts().instrument + 0.5 / (0.5 + higher) * ricker(GROUND + late, 3000.0)
    assert np.abs(counts - expected[:, :count]).max() < 3000.0 * 0.002 + 1.0
    assert count == SAMPLES - max(0, int(np.ceil(-late)))


def test_gain_stops_at_full_scale() -> None:
    assert made(Changes(gain=10.0)).max() == 32767.0
    assert made(Changes(gain=0.5)).max() == pytest.approx(0.5 * PLAIN.max(), abs=1.0)


def test_noise_and_wavelet_are_as_large_as_told() -> None:
    noise = made(Changes(noise_counts=50.0)) - PLAIN
    assert float(noise.std()) == pytest.approx(50.0, rel=0.05)
    second = made(Changes(wavelet_echo=-0.3, wavelet_late_s=10 * INTERVAL_S)) - PLAIN
    assert np.allclose(second[:, 10:], -0.3 * PLAIN[:, :-10], atol=1.5)


def test_real_clutter_begins_at_the_ground_in_the_share_told() -> None:
    own = np.random.default_rng(2).normal(0.0, 40.0, (TRACES, SAMPLES))
    own[:, : int(GROUND)] = 0.0
    one = parts()
    one = Parts(
        one.instrument, one.ground + own, INTERVAL_S, one.ground_s, CENTRE_HZ, 5.0, 32767.0, 0.5
    )
    clutter = np.random.default_rng(3).normal(size=(TRACES, SAMPLES)).astype(np.float32)
    rng = np.random.default_rng(1)
    with_it = changed(one, Changes(background_share=0.5), clutter, rng)
    mixed = with_it - changed(one, Changes(), None, rng)
    assert not mixed[:, : int(GROUND)].any()
    assert float(mixed[:, int(GROUND) :].std()) == pytest.approx(20.0, rel=0.05)


def test_as_much_is_drawn_whatever_the_ranges() -> None:
    one, two = np.random.default_rng(7), np.random.default_rng(7)
    drawn(Copies(), parts(), one)
    still = Copies(noise=(0.0, 0.0), height_m=(0.0, 0.0), background_lanes=0.0)
    assert drawn(still, parts(), two).background_share == 0.0
    assert one.random() == two.random()


def test_the_antenna_never_comes_lower_than_a_hand() -> None:
    low = Parts(**{**{n: getattr(parts(), n) for n in Parts.__slots__}, "height_m": 0.12})
    rng = np.random.default_rng(0)
    found = [drawn(Copies(height_m=(-0.3, -0.2)), low, rng).higher_m for _ in range(5)]
    assert found == [pytest.approx(-0.02)] * 5


def test_a_cut_begins_from_nothing() -> None:
    seam = seamed(np.ones((2, 30)))
    assert seam[0, 0] < 0.02
    assert (np.diff(seam[0]) >= 0.0).all()
    assert (seam[:, 12:] == 1.0).all()


class Held:
    """Traces in memory."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows

    def read(self, start: int, stop: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        return self.rows[start:stop], {}


def recorded(rows: np.ndarray, interval_s: float, centre_hz: float) -> Stream:
    sensor = Block(np.zeros((1, 1), np.float32)).sensor
    header = StreamHeader(sensor, "real", len(rows), rows.shape[1], interval_s)
    assert centre_hz > 0.0
    return Stream(header, Held(rows))


def test_real_ground_gets_the_wavelengths_of_the_lane() -> None:
    """A recording at 300 MHz, mixed into a lane at 600 MHz, becomes clutter of 600 MHz."""
    time = np.arange(400) * 1e-10
    rng = np.random.default_rng(4)
    phase = rng.uniform(0.0, 2.0 * np.pi, (60, 1))
    rows = np.sin(2.0 * np.pi * 3e8 * time + phase) * rng.normal(1.0, 0.3, (60, 1))
    rows += 40.0 * np.exp(-(((time - 4e-9) / 1e-9) ** 2)) * np.sin(2.0 * np.pi * 3e8 * time)
    ground = real_ground(recorded(rows.astype(np.float32), 1e-10, 3e8))
    assert ground is not None
    assert ground.centre_hz == pytest.approx(3e8, rel=0.1)
    piece = ground.piece(
        traces=TRACES, spacing_m=0.025, samples=SAMPLES, interval_s=INTERVAL_S,
        centre_hz=2.0 * ground.centre_hz, rng=rng,
    )  # fmt: skip
    spectrum = np.abs(np.fft.rfft(piece, axis=1)).mean(axis=0)
    peak_hz = np.fft.rfftfreq(SAMPLES, INTERVAL_S)[spectrum.argmax()]
    assert peak_hz == pytest.approx(6e8, rel=0.12)
    assert float(np.abs(piece).max()) < 10.0, "the direct wave stays out"


def test_silence_is_no_ground() -> None:
    assert real_ground(recorded(np.zeros((10, 100), np.float32), 1e-10, 3e8)) is None

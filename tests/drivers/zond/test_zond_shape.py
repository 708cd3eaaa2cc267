"""Layout and byte order from the traces alone; all fixtures synthetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.drivers import Frame, Note
from detectkit_drivers.zond.instrument import Zond

UNKNOWN = b"\x00\x7f\x00\x7f\x00"  # the mark before the traces; no model was told


def stream(rows: np.ndarray, layout: str, order: str) -> bytes:
    """Return traces with made-up service samples where the layout has some."""
    count = {"zond": 0, "lite": rows.shape[1] // 16, "cobra": rows.shape[1] // 15}[layout]
    service = np.random.default_rng(9).integers(-32768, 32768, (len(rows), count))
    return np.hstack([rows, service]).astype("<i2" if order == "little" else ">i2").tobytes()


def decoded(items) -> np.ndarray:
    return np.concatenate([one.values for one in items if isinstance(one, Frame)])


@pytest.mark.parametrize(
    ("layout", "order", "samples"),
    [
        *(("zond", "little", samples) for samples in (128, 256, 512, 1024)),
        *(("cobra", order, samples) for order in ("little", "big") for samples in (128, 512, 1024)),
        *(("lite", order, 512) for order in ("little", "big")),
    ],
)
def test_layout_and_order_are_found_and_the_evidence_is_told(radar_rows, layout, order, samples):
    width = samples * 15 // 16 if layout == "cobra" else samples
    rows = radar_rows(6, width)
    items = Zond(samples=samples).decoder().feed(UNKNOWN + stream(rows, layout, order))
    np.testing.assert_array_equal(decoded(items), rows)
    (note,) = [one for one in items if isinstance(one, Note)]
    assert f"trace layout '{layout}', {order}-endian (found)" in note.text
    assert "mean step" in note.text


def test_a_setting_overrules_the_statistics(radar_rows):
    rows = radar_rows(6, 512)
    settings = Zond(layout="zond", byte_order="big")
    items = settings.decoder().feed(UNKNOWN + stream(rows, "zond", "little"))
    np.testing.assert_array_equal(decoded(items), rows.byteswap())
    assert not any(isinstance(one, Note) for one in items)


def test_the_model_decides_where_the_traces_do_not():
    noise = np.random.default_rng(2).integers(-32768, 32768, (6, 512)).astype(np.int16)
    greeting = b"\x00\x7f\x00\x7fTR500_3"
    model, note, *frames = Zond().decoder().feed(greeting + stream(noise, "lite", "little"))
    assert model == Note("Zond model TR500_3")
    assert note.severity == "warning"
    assert "'lite', little-endian (assumed, set layout and byte_order to be sure)" in note.text
    np.testing.assert_array_equal(decoded(frames), noise)


def test_traces_of_nothing_are_read_and_the_guess_is_said():
    silence = np.zeros((5, 256), np.int16)
    note, *frames = Zond(samples=256).decoder().feed(UNKNOWN + stream(silence, "zond", "little"))
    assert note.severity == "warning"
    np.testing.assert_array_equal(decoded(frames), silence)


@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_the_finding_does_not_depend_on_how_the_bytes_come(size: int, seed: int):
    rng = np.random.default_rng(seed)
    rows = np.cumsum(rng.integers(-50, 51, (7, 128)), axis=1)
    data = UNKNOWN + stream(rows, "zond", "little")
    whole, pieces = Zond(samples=128).decoder(), Zond(samples=128).decoder()
    expected = whole.feed(data)
    found = [one for at in range(0, len(data), size) for one in pieces.feed(data[at : at + size])]
    np.testing.assert_array_equal(decoded(found), decoded(expected))
    assert [x for x in found if isinstance(x, Note)] == [x for x in expected if isinstance(x, Note)]
    assert whole.tally == pieces.tally

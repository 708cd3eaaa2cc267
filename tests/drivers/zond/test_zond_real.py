"""Real radargrams of other makers in the Zond's framing: real samples, synthetic stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectkit.drivers import Frame, Note
from detectkit.io import open_recording
from detectkit_drivers.zond.instrument import Zond

MARK = b"\x00\x7f\x00\x7f\x00"
FILES = (
    "gssi/FILE____032.DZT",
    "gssi/testdata.dzt",
    "mala/DAT_0097.rd3",
    "ids/LID10001.dt",
    "ids/LID10002.dt",
    "ids/LID10003.dt",
    "grid3d/FILE____001.DZT",
    "grid3d/FILE____012.DZT",
)
SHAPES = {"zond": (512, "<i2"), "lite": (512, "<i2"), "cobra": (480, ">i2")}


def real_rows(folder: Path, name: str, layout: str) -> np.ndarray:
    (source, *_) = open_recording(folder / name).streams
    data = np.asarray(source.rows(0, min(source.traces, 400)).data, dtype=np.float64)
    largest = np.abs(data).max()
    scaled = data * (32767.0 / largest) if largest > 32767.0 else data
    return np.rint(scaled[:, : SHAPES[layout][0]]).astype(np.int16)


def stream(rows: np.ndarray, layout: str) -> bytes:
    service = np.full((len(rows), 0 if layout == "zond" else 32), 0x2A2A)
    return np.hstack([rows, service]).astype(SHAPES[layout][1]).tobytes()


def decoded(items) -> np.ndarray:
    return np.concatenate([one.values for one in items if isinstance(one, Frame)])


@pytest.mark.parametrize("layout", SHAPES)
@pytest.mark.parametrize("name", FILES)
def test_the_shape_of_real_traces_is_found_and_their_cut_never_moved(
    shared_data: Path, name: str, layout: str
) -> None:
    rows = real_rows(shared_data, name, layout)
    decoder = Zond().decoder()
    items = decoder.feed(MARK + stream(rows, layout))
    found = decoded(items)
    np.testing.assert_array_equal(found, rows[: len(found)])
    assert len(found) > len(rows) - 4, "up to three traces wait for those after them"
    assert decoder.tally.damaged == 0


@pytest.mark.parametrize("layout", SHAPES)
@pytest.mark.parametrize("name", FILES)
def test_odd_losses_in_real_traces_are_noticed_and_cut_within_four_samples(
    shared_data: Path, name: str, layout: str
) -> None:
    """A cut by samples is found as well as traces are alike: usually to the sample."""
    data = stream(real_rows(shared_data, name, layout), layout)
    size = 2 * (544 if layout == "lite" else 512)
    order = "big" if layout == "cobra" else "little"
    rng = np.random.default_rng(1)
    for _ in range(5):
        begin = size * int(rng.integers(0, 300))
        at, lost = 50 * size + int(rng.integers(size)), 2 * int(rng.integers(size // 2)) + 1
        part = data[begin : begin + 90 * size]
        decoder = Zond(layout=layout, byte_order=order).decoder()
        items = decoder.feed(MARK + part[:at] + part[at + lost :])
        assert any(isinstance(one, Note) and "were lost" in one.text for one in items)
        last = decoded(items)[-1].astype(SHAPES[layout][1]).tobytes()
        off = (part.find(last) + size // 2) % size - size // 2
        assert last in part
        assert abs(off) <= 8

"""Radargram pictures: a PNG whatever the data."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import Block, Indication
from detectkit.product.canvas import Canvas
from detectkit.product.radargram import RadargramText, draw_radargram

TEXT = RadargramText("LINE0.DT1 · maker model", "small print")


def canvas_of(data: np.ndarray, *, along_m: np.ndarray | None = None) -> Canvas:
    rows, samples = data.shape
    coords = {
        "twt_s": ("delay", -1e-9 + np.arange(samples) * 1e-10),
        "source_trace": ("trace", np.arange(rows)),
    }
    if along_m is not None:
        coords["along_track_m"] = ("trace", along_m)
    canvas = Canvas(rows)
    canvas.push(Block(data.astype(np.float32), coords=coords))
    return canvas


def noise(rows: int = 60, samples: int = 50) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(rows, samples))


def indication(rank: int, *, along_track_m: float | None = 0.3) -> Indication:
    return Indication(
        "L", 20, 18, 22, along_track_m, None, None, 2e-9, 0.1, 0.02, 1e8, "given", 7.0, rank
    )


def depth_of(twt_s: np.ndarray) -> np.ndarray:
    return np.where(twt_s > 0, twt_s * 1e8 / 2.0, np.nan)


def check_png(path: Path) -> tuple[int, int]:
    """Fail unless the file is a whole PNG; return its size in pixels."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content.endswith(b"IEND\xaeB`\x82")
    assert 5_000 < len(content) < 2_000_000
    return struct.unpack(">II", content[16:24])


@pytest.mark.parametrize("along_m", [None, np.arange(60) * 0.01, -np.arange(60) * 0.01])
@pytest.mark.parametrize("found", [0, 1, 25])
def test_it_is_a_picture_with_and_without_distance(
    tmp_path: Path, along_m: np.ndarray | None, found: int
) -> None:
    draw_radargram(
        canvas_of(noise(), along_m=along_m),
        tmp_path / "a.png",
        text=TEXT,
        depth_of=depth_of,
        searched_m=(0.02, 0.15),
        indications=[indication(n + 1) for n in range(found)],
        evening=0.6,
    )
    width, height = check_png(tmp_path / "a.png")
    assert 1200 < width < 2000
    assert 500 < height < 1000


@pytest.mark.parametrize(
    "data",
    [
        noise(1),
        noise(2),
        noise(60, 2),
        np.zeros((60, 50)),
        np.full((60, 50), 7.0),
        np.full((60, 50), np.nan),
        np.full((60, 50), np.inf),
        np.full((60, 50), 1e-40),
        np.full((60, 50), -32768),
    ],
    ids=["one trace", "two", "two samples", "zero", "constant", "nan", "inf", "tiny", "clipped"],
)
def test_no_data_breaks_it(tmp_path: Path, data: np.ndarray) -> None:
    for name, along_m in (("a", None), ("b", np.zeros(len(data))), ("c", np.arange(len(data)))):
        path = tmp_path / f"{name}.png"
        canvas = canvas_of(data, along_m=along_m)
        draw_radargram(canvas, path, text=TEXT, depth_of=depth_of, evening=0.6)
        check_png(path)


@pytest.mark.parametrize("traces", [0, 5])
def test_a_line_of_which_nothing_came_out_is_an_empty_picture(tmp_path: Path, traces: int) -> None:
    draw_radargram(Canvas(traces), tmp_path / "a.png", text=TEXT, depth_of=depth_of)
    check_png(tmp_path / "a.png")


@pytest.mark.parametrize("depth", [lambda twt: twt * 0.0, lambda twt: twt * np.nan])
def test_a_depth_that_does_not_grow_has_no_axis(tmp_path: Path, depth: object) -> None:
    draw_radargram(canvas_of(noise()), tmp_path / "a.png", text=TEXT, depth_of=depth)  # type: ignore[arg-type]
    check_png(tmp_path / "a.png")


@pytest.mark.parametrize("title", ["a$x^{$.dt1", "[/bold] 100 % \\frac", "лінія №7", ""])
def test_any_file_name_can_stand_in_the_title(tmp_path: Path, title: str) -> None:
    text = RadargramText(title, f"{title}\n{title}")
    draw_radargram(canvas_of(noise()), tmp_path / "a.png", text=text)
    check_png(tmp_path / "a.png")


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        canvas = canvas_of(noise(), along_m=np.arange(60) * 0.01)
        draw_radargram(canvas, tmp_path / name, text=TEXT, indications=[indication(1)])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_an_alarm_without_a_depth_is_marked_at_the_top(tmp_path: Path) -> None:
    """A metal detector tells no travel time; its alarm must be in the picture all the same."""
    alarm = replace(indication(1), twt_s=float("nan"), sensors="metal_detector")
    draw_radargram(canvas_of(noise()), tmp_path / "bare.png", text=TEXT)
    draw_radargram(canvas_of(noise()), tmp_path / "alarm.png", text=TEXT, indications=[alarm])
    draw_radargram(
        canvas_of(noise()), tmp_path / "top.png", text=TEXT, indications=[alarm], marked="top"
    )
    bare, drawn, top = (
        (tmp_path / f"{name}.png").read_bytes() for name in ("bare", "alarm", "top")
    )
    assert bare != drawn == top


def test_an_indication_changes_the_picture(tmp_path: Path) -> None:
    draw_radargram(canvas_of(noise()), tmp_path / "a.png", text=TEXT)
    without_place = [indication(1, along_track_m=None)]
    draw_radargram(canvas_of(noise()), tmp_path / "b.png", text=TEXT, indications=without_place)
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("name", ["picture", "picture.xyz"])
def test_it_is_a_png_whatever_the_suffix(tmp_path: Path, name: str) -> None:
    draw_radargram(canvas_of(noise()), tmp_path / name, text=TEXT)
    check_png(tmp_path / name)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        draw_radargram(canvas_of(noise()), tmp_path / "none" / "a.png", text=TEXT)
    assert str(caught.value.filename).endswith("a.png")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_with_the_name_of_the_file() -> None:
    with pytest.raises(OSError, match="No space") as caught:
        draw_radargram(canvas_of(noise()), Path("/dev/full"), text=TEXT)
    assert caught.value.filename == "/dev/full"

"""gprMax output: merged and single models, steps and antennas, damage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pytest

from detectkit.core import DetectkitError, FormatError
from detectkit.io import Certainty, Overrides, Probe, Recording, open_as
from detectkit.io.gprmax.output import GprMax
from detectkit.testing import FormatSuite, SampleFile

from .conftest import SHARED_DATA


def field(*shape: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def write_output(
    path: Path,
    data: npt.NDArray[np.float32],
    *,
    components: Sequence[str] = ("Ez",),
    receivers: int = 1,
    steps: Sequence[float] | None = (1, 0, 0),
    source_steps: Sequence[float] | None = None,
) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs.update({"gprMax": "3.1.7", "Title": "mine", "Iterations": data.shape[0]})
        file.attrs["dt"] = 4.7e-12
        file.attrs["dx_dy_dz"] = (0.004, 0.002, 0.002)
        if steps is not None:
            file.attrs["rxsteps"] = steps
            file.attrs["srcsteps"] = steps if source_steps is None else source_steps
        file.create_group("srcs/src1").attrs["Position"] = (0.10, 0.1, 0.1)
        for number in range(1, receivers + 1):
            group = file.create_group(f"rxs/rx{number}")
            group.attrs["Position"] = (0.10 + 0.04 * number, 0.1, 0.1)
            for name in components:
                group[name] = data
    return path


def opened(path: Path, **given: str) -> Recording:
    return open_as(GprMax(), path, Overrides(given))


def real(*names: str) -> list[Path]:
    return [path for name in names if (path := SHARED_DATA / name).is_file()]


class TestGprMaxLaws(FormatSuite):
    format = GprMax
    paths = real("gprmax/rectangle_gprMax_Bscan.h5")

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        merged = write_output(
            folder / "merged.h5", field(60, 11), components=("Ey", "Ez"), receivers=2
        )
        single = write_output(folder / "single.out", field(60))
        return [SampleFile(merged, (11,) * 4, 60), SampleFile(single, (1,), 60)]


def test_real_b_scan_opens_with_every_component_and_says_it_is_simulated(shared_data: Path) -> None:
    path = shared_data / "gprmax" / "rectangle_gprMax_Bscan.h5"
    recording = opened(path)
    ids = [one.header.sensor.id for one in recording.streams]
    assert ids == ["rx1-Ez", "rx1-Ey", "rx1-Ex", "rx1-Hz", "rx1-Hy", "rx1-Hx"]
    stream = recording.streams[0]
    assert (stream.traces, stream.header.samples) == (85, 1697)
    assert stream.header.sample_interval_s == pytest.approx(1.1793271683748419e-09)
    assert stream.header.trace_spacing_m is None
    assert stream.header.sensor.instrument == "gprMax 3.1.4 (simulated)"
    assert any("SIMULATED" in one.text for one in recording.notices)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(stream.rows(0, 85).data, file["rxs/rx1/Ez"][:].T)


def test_steps_in_cells_give_the_spacing_and_positions_the_separation(tmp_path: Path) -> None:
    recording = opened(write_output(tmp_path / "a.h5", field(50, 7), steps=(2, 0, 0), receivers=2))
    heads = [one.header for one in recording.streams]
    assert [head.sensor.id for head in heads] == ["rx1-Ez", "rx2-Ez"]
    assert heads[0].trace_spacing_m == pytest.approx(0.008)
    assert [head.sensor.antenna_separation_m for head in heads] == pytest.approx([0.04, 0.08])
    assert heads[0].sensor.unit == "V m-1"


def test_steps_in_metres_are_taken_as_they_are(tmp_path: Path) -> None:
    recording = opened(write_output(tmp_path / "a.h5", field(50, 7), steps=(0.05, 0.0, 0.0)))
    assert recording.streams[0].header.trace_spacing_m == pytest.approx(0.05)


def test_receivers_that_move_alone_are_no_line(tmp_path: Path) -> None:
    path = write_output(tmp_path / "a.h5", field(50, 7), source_steps=(0, 0, 0))
    assert opened(path).streams[0].header.trace_spacing_m is None


def test_single_model_is_one_trace(tmp_path: Path) -> None:
    data = field(50)
    block = opened(write_output(tmp_path / "a.out", data)).streams[0].rows(0, 1)
    np.testing.assert_array_equal(block.data, data[np.newaxis])


def test_other_hdf5_files_are_not_claimed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "flight.h5", "w") as file:
        file.attrs["format"] = "detectkit-flight"
        file["lines/L1/data"] = field(5, 5)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["rxs"] = field(5)
        file.attrs["dt"] = 1.0
    for name in ("flight.h5", "other.h5"):
        assert GprMax().recognise(Probe.of(tmp_path / name)) == Certainty.NO


def test_data_set_that_claims_more_than_the_file_is_left_out_and_said(tmp_path: Path) -> None:
    path = write_output(tmp_path / "a.h5", field(50, 7))
    with h5py.File(path, "a") as file:
        file.create_dataset("rxs/rx1/Ey", (2**31, 2**10), "f4", chunks=(64, 64))
        file["rxs/rx1/Ex"] = np.arange(4)
    recording = opened(path)
    assert [one.header.sensor.id for one in recording.streams] == ["rx1-Ez"]
    assert sum("not given" in one.text for one in recording.notices) == 2


def test_file_without_receivers_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_group("rxs/rx1")
    with pytest.raises(FormatError, match="rxs/rx1/Ez"):
        opened(tmp_path / "a.h5")


@pytest.mark.parametrize("keep", [9, 100, 0.5, 0.99])
def test_cut_file_is_refused_with_its_name(tmp_path: Path, keep: float) -> None:
    path = write_output(tmp_path / "a.h5", field(50, 70))
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if keep > 1 else keep * len(content))])
    with pytest.raises(DetectkitError, match=r"a\.h5"):
        opened(path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (b"GCOL", {24: b"\x00", 40: b"\x00"}),  # object sizes: the library walks for ever
        (b"GCOL", {8: b"\xff\xff\xff"}),  # the heap's own size
    ],
)
def test_damaged_heap_of_texts_is_refused(
    tmp_path: Path, place: bytes, value: dict[int, bytes]
) -> None:
    path = write_output(tmp_path / "a.h5", field(50, 7))
    content = bytearray(path.read_bytes())
    start = content.index(place)
    for offset, patch in value.items():
        content[start + offset : start + offset + len(patch)] = patch
    path.write_bytes(content)
    with pytest.raises(FormatError, match="global heap"):
        opened(path)


def test_text_that_claims_gigabytes_or_another_type_is_left_unread(tmp_path: Path) -> None:
    path = write_output(tmp_path / "a.h5", field(50, 7))
    content = path.read_bytes()
    heap = content.index(b"GCOL").to_bytes(8, "little")
    reference = content.index(heap + b"\x01\0\0\0")
    path.write_bytes(content[: reference - 1] + b"\xff" + content[reference:])
    assert opened(path).streams[0].header.sensor.instrument == "gprMax (simulated)"
    title = content.index(b"Title\0\0\0\x19") + 9
    path.write_bytes(content[:title] + b"\xff" + content[title + 1 :])
    stream = opened(path).streams[0]
    assert stream.header.sensor.instrument == "gprMax 3.1.7 (simulated)"
    assert "Title" not in stream.header.raw

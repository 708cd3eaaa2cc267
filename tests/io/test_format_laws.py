"""The laws of FormatSuite, over the GSSI and MALA readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.io import Certainty, Notice, Overrides, Probe, Recording
from detectkit.io.gssi.dzt import GssiDzt
from detectkit.io.gssi.header import TAGS, DztHeader
from detectkit.io.mala.rd3 import Mala
from detectkit.testing import FormatSuite, SampleFile

from .conftest import SHARED_DATA
from .writers import gga, write_channels, write_dzt, write_mala


def noise(traces: int, samples: int, amplitude: int) -> npt.NDArray[np.int64]:
    rng = np.random.default_rng(traces)
    return rng.integers(-amplitude, amplitude, (traces, samples))


def real(*names: str) -> list[Path]:
    return [path for name in names if (path := SHARED_DATA / name).is_file()]


class TestGssiLaws(FormatSuite):
    format = GssiDzt
    paths = real(
        "gssi/FILE____032.DZT",
        "gssi/testdata.dzt",
        "gssi/test_gssi.DZT",
        "gssi/DAT_0097.dzt",
        "grid3d/FILE____001.DZT",
    )
    foreign = real("mala/DAT_0097.rd3", "mala/DAT_0097.rad", "gssi/testdata.mrk")

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        old = write_dzt(
            folder / "old.dzt",
            noise(40, 24, 100),
            bits=8,
            marks=[3, 17],
            tag=0x00FF,
            scans_per_m=0.0,
            antenna=b"400D",
            system=10 << 3,
        )
        sir3000 = write_dzt(folder / "sir3000.DZT", noise(50, 32, 30_000), marks=[1, 50])
        dzg = [f"$GSSIS,{scan},-1\n{_place(scan)}\n\n" for scan in (0, 20, 49, 60)]
        (folder / "sir3000.DZG").write_text("".join(dzg))
        wide = write_dzt(
            folder / "wide.dzt",
            noise(30, 20, 2_000_000),
            bits=32,
            tag=0x07FF,
            data_field=2,
            system=8 << 3,
        )
        (folder / "wide.DZX").write_text(
            '<DZX xmlns="www.geophysical.com/DZX/1.02"><GlobalProperties>'
            "<horizontalUnit>m</horizontalUnit><unitsPerScan>0.02</unitsPerScan>"
            "</GlobalProperties><File><scanRange>0,29</scanRange>"
            "<Profile><WayPt><scan>4</scan><mark>User</mark></WayPt></Profile></File></DZX>"
        )
        pair = write_channels(
            folder / "pair.dzt",
            [noise(25, 16, 9000), noise(25, 16, 5000)],
            [{}, {"antenna": b"900MHz", "range_ns": 24.0}],
            marks=[5],
        )
        return [
            SampleFile(old, (40,), 24),
            SampleFile(sir3000, (50,), 32),
            SampleFile(wide, (30,), 20),
            SampleFile(pair, (25, 25), 16),
        ]


class TestMalaLaws(FormatSuite):
    format = Mala
    paths = real("mala/DAT_0097.rd3", "mala/DAT_0097.rad")
    foreign = real("gssi/DAT_0097.dzt", "gssi/testdata.mrk", "sensoft/LINE0.HD")

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        cor = [
            f"{trace}\t2021-05-04\t10:00:00:000\t50.1{trace:02d}\tN\t14.3\tE\t251.5\tM\t1.2"
            for trace in (1, 20, 45, 90)
        ]
        short = write_mala(folder / "short.rd3", noise(45, 32, 30_000), cor=cor)
        wide = write_mala(
            folder / "wide.RD7", noise(20, 16, 2_000_000), mrk=["2 first", "19 last"], newline="\n"
        )
        return [
            SampleFile(short, (45,), 32),
            SampleFile(wide, (20,), 16),
            SampleFile(folder / "short.rad", (45,), 32),
        ]


def _place(scan: int) -> str:
    return gga(latitude=50.1 + 1e-6 * scan, longitude=-14.3, height_m=250.0, quality=4)


class Careless(GssiDzt):
    """Changes what the real reader answers; each law must catch its kind of fault."""

    def __init__(self, change: Callable[[Recording], Recording]) -> None:
        self.change = change

    def open(self, path: Path, overrides: Overrides) -> Recording:
        return self.change(super().open(path, overrides))


class Greedy(GssiDzt):
    def recognise(self, probe: Probe) -> Certainty:  # noqa: ARG002
        return Certainty.PLAUSIBLE


class Fragile(GssiDzt):
    def open(self, path: Path, overrides: Overrides) -> Recording:
        if DztHeader.parse(path.read_bytes()[:1024].ljust(1024)).tag not in TAGS:
            raise KeyError(path)
        return super().open(path, overrides)


class Hungry(GssiDzt):
    def open(self, path: Path, overrides: Overrides) -> Recording:
        bytearray(DztHeader.parse(path.read_bytes()[:1024].ljust(1024)).samples * 10_000)
        return super().open(path, overrides)


def headers(recording: Recording, **changes: Any) -> Recording:
    streams = [replace(one, header=replace(one.header, **changes)) for one in recording.streams]
    return replace(recording, streams=tuple(streams))


def without_last_trace(recording: Recording) -> Recording:
    return headers(recording, traces=recording.streams[0].traces - 1)


def without_warnings(recording: Recording) -> Recording:
    return replace(recording, notices=())


def without_remedy(recording: Recording) -> Recording:
    return replace(recording, notices=(Notice("assumed", "some number"),))


def with_flat_time(recording: Recording) -> Recording:
    return headers(recording, sample_interval_s=0.0)


def with_wrong_marks(recording: Recording) -> Recording:
    return headers(recording, marks=(2,))


def with_bytes_in_the_header(recording: Recording) -> Recording:
    return headers(recording, raw={"range": float("nan")})


class TestTheLawsThemselves:
    """A law that no reader can break is worthless."""

    @pytest.mark.parametrize(
        ("law", "reader"),
        [
            ("test_leaves_foreign_files_alone", Greedy()),
            ("test_every_trace_arrives", Careless(without_last_trace)),
            ("test_a_cut_file_gives_its_whole_traces", Careless(without_warnings)),
            ("test_notices_and_header_are_data", Careless(without_remedy)),
            ("test_notices_and_header_are_data", Careless(with_bytes_in_the_header)),
            ("test_time_axis_rises_and_fits", Careless(with_flat_time)),
            ("test_marks_and_fixes_agree_with_the_traces", Careless(with_wrong_marks)),
            ("test_damaged_bytes_never_break_the_reader", Fragile()),
            ("test_each_leading_byte_may_be_damaged", Fragile()),
            ("test_each_leading_byte_may_be_damaged", Hungry()),
        ],
    )
    def test_a_faulty_reader_is_caught(self, law: str, reader: GssiDzt, tmp_path: Path) -> None:
        class Faulty(TestGssiLaws):
            format = staticmethod(lambda: reader)
            paths = ()

        folder = tmp_path / "samples"
        folder.mkdir()
        suite = Faulty()
        fixtures = {"files": suite.sample_files(folder), "tmp_path": tmp_path}
        fixtures["small"] = fixtures["files"]
        method = getattr(suite, law)
        needed = [name for name in fixtures if name in signature(getattr(Faulty, law)).parameters]
        with pytest.raises((AssertionError, KeyError, ValueError)):
            method(**{name: fixtures[name] for name in needed})

"""Flights: what goes in comes out, to the bit, or an error says why not."""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import (
    VOCABULARY,
    Applied,
    Block,
    DetectkitError,
    Evidence,
    FormatError,
    Indication,
    Sensor,
    ShapeError,
    UsageError,
)
from detectkit.io import (
    Certainty,
    Fixes,
    Notice,
    Overrides,
    Probe,
    Recording,
    Stream,
    StreamHeader,
    open_as,
    open_recording,
)
from detectkit.io.flight import (
    LAYOUT_VERSION,
    Flight,
    FlightWriteError,
    FlightWriter,
    read_indications,
    write_recording,
)
from detectkit.io.flight.layout import as_json, chunk_rows
from detectkit.testing import FormatSuite, SampleFile

LAYOUT_1 = Path(__file__).resolve().parents[1] / "data" / "flight-layout-1.h5"
TWT_S = -1.25e-9 + 7.3e-11 * np.arange(24)


def a_block(
    traces: int,
    *,
    first_trace: int = 0,
    line: str = "L1",
    dtype: npt.DTypeLike = np.int16,
    seed: int = 0,
) -> Block:
    rng = np.random.default_rng([seed, 10**6 + first_trace])
    data = rng.integers(-128, 128, (traces, 24)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        data = data / np.asarray(7.0, dtype)
    coords = {
        "twt_s": ("delay", TWT_S),
        "mark": ("trace", (rng.random(traces) < 0.1).astype(np.uint8)),
        "time_ns": ("trace", np.int64(2**62) + rng.integers(0, 10**9, traces)),
        "longitude_deg": ("trace", np.where(rng.random(traces) < 0.2, np.nan, 46.9)),
    }
    return Block(data, coords=coords, line=line, first_trace=first_trace, trace_spacing_m=0.02)


def opened(path: Path, **settings_: str) -> Recording:
    return open_as(Flight(), path, Overrides(settings_))


def write(path: Path, *blocks: Block, **options: Any) -> Path:
    with FlightWriter(path) as flight:
        stream = flight.stream("gpr", **options)
        for block in blocks:
            stream.append(block)
    return path


def assert_same_block(one: Block, other: Block) -> None:
    assert one.data.dtype == other.data.dtype
    assert one.data.tobytes() == other.data.tobytes()
    assert (one.dims, one.line, one.first_trace) == (other.dims, other.line, other.first_trace)
    assert one.sensor == other.sensor
    assert (one.quantity, one.history) == (other.quantity, other.history)
    assert one.trace_spacing_m == other.trace_spacing_m
    assert one.coords.keys() == other.coords.keys()
    for name, (along, values) in one.coords.items():
        assert other.coords[name][0] == along
        assert values.dtype == other.coord(name).dtype, name
        assert values.tobytes() == other.coord(name).tobytes(), name


def assert_same_recording(one: Recording, other: Recording) -> None:
    """Everything but the name of the format and of the file."""
    assert len(one.streams) == len(other.streams)
    for left, right in zip(one.streams, other.streams, strict=True):
        a, b = left.header, right.header
        assert (a.line, a.traces, a.samples, a.sensor) == (b.line, b.traces, b.samples, b.sensor)
        assert (a.sample_interval_s, a.first_twt_s) == (b.sample_interval_s, b.first_twt_s)
        assert (a.trace_spacing_m, a.permittivity) == (b.trace_spacing_m, b.permittivity)
        assert tuple(a.marks) == tuple(b.marks)
        assert as_json(a.raw) == as_json(b.raw)
        for name in ("row", "longitude_deg", "latitude_deg", "up_m", "quality"):
            assert getattr(a.fixes, name).tobytes() == getattr(b.fixes, name).tobytes(), name
        for mine, copied in zip(left.blocks(300), right.blocks(300), strict=True):
            assert_same_block(mine, copied)
    assert one.notices == other.notices


class TestFlightLaws(FormatSuite):
    format = Flight
    damaged_bytes = 10**9  # anywhere, not in the header only

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        plain = folder / "plain.h5"
        with FlightWriter(plain) as flight:
            stream = flight.stream("gpr")
            for block in (a_block(50), a_block(30, first_trace=61), a_block(9, line="L2")):
                stream.append(without(block, "longitude_deg"))
        floats = folder / "floats.h5"
        with FlightWriter(floats) as flight:
            stream = flight.stream("gpr", compression="none")
            stream.append(a_block(40, dtype=np.float32))
            stream.fixes("L1", Fixes.of([(0.0, 46.9, 40.0, 10.0, 4), (30.0, 46.9, 40.0, 9.0, 4)]))
            flight.notices([Notice("note", "nothing to say")])
        return [
            SampleFile(plain, (80, 9), 24),
            SampleFile(floats, (40,), 24),
            SampleFile(LAYOUT_1_RADAR(folder), (7, 2), 16),
        ]


def LAYOUT_1_RADAR(folder: Path) -> Path:
    """The old file without its detector stream, which has no delay axis to check."""
    path = folder / "old.h5"
    path.write_bytes(LAYOUT_1.read_bytes())
    with h5py.File(path, "r+") as file:
        del file["streams/md"]
    return path


def without(block: Block, name: str) -> Block:
    return replace(block, coords={key: one for key, one in block.coords.items() if key != name})


# what goes in comes out


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "f4", "f8"])
def test_every_number_type_is_kept(tmp_path: Path, dtype: str) -> None:
    block = a_block(300, dtype=dtype)
    stream = opened(write(tmp_path / "f.h5", block)).streams[0]
    assert stream.rows(0, 300).data.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(stream.rows(0, 300).data, block.data)


def test_a_foreign_byte_order_becomes_the_native_one(tmp_path: Path) -> None:
    block = a_block(10, dtype=">i2")
    found = opened(write(tmp_path / "f.h5", block)).streams[0].rows(0, 10).data
    assert found.dtype == np.dtype("=i2")
    np.testing.assert_array_equal(found, block.data)


@settings(max_examples=15)
@given(
    lengths=st.lists(st.integers(0, 700), min_size=1, max_size=8),
    gaps=st.lists(st.integers(-3, 40), min_size=8, max_size=8),
    lines=st.lists(st.booleans(), min_size=8, max_size=8),
    size=st.integers(1, 900),
)
def test_blocks_of_any_length_gaps_and_lines_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    lengths: list[int],
    gaps: list[int],
    lines: list[bool],
    size: int,
) -> None:
    written, line, counter = [], 0, 0
    for length, gap, new_line in zip(lengths, gaps, lines, strict=False):
        line, counter = (line + 1, 0) if new_line else (line, counter + gap)
        written.append(a_block(length, first_trace=counter, line=f"L{line}"))
        counter += length
    path = write(tmp_path_factory.mktemp("flight") / "f.h5", *written)
    found = [one for stream in opened(path).streams for one in stream.blocks(size)]
    assert rows_of(found) == rows_of(written)


def rows_of(blocks: Sequence[Block]) -> list[tuple[str, int, bytes, bytes, bytes]]:
    """Every trace with its line, its number, its samples and some of its coordinates."""
    return [
        (
            block.line,
            block.first_trace + row,
            block.data[row].tobytes(),
            block.coord("time_ns")[row].tobytes(),
            block.coord("mark")[row].tobytes(),
        )
        for block in blocks
        for row in range(len(block))
    ]


def test_sensor_quantity_history_and_axis_come_back(tmp_path: Path) -> None:
    sensor = Sensor(id="gpr-2", instrument="Größe 5", antenna_hz=1e9, full_scale=(-5.0, 6.0))
    block = replace(
        a_block(5, dtype=np.float32),
        sensor=sensor,
        quantity="score",
        history=(Applied("dewow", "12ab"), Applied("score", "ff")),
    )
    found = opened(write(tmp_path / "f.h5", block)).streams[0].rows(0, 5)
    assert (found.sensor, found.quantity, found.history) == (sensor, "score", block.history)
    np.testing.assert_array_equal(found.coord("twt_s"), TWT_S)


def test_a_detector_has_channels_and_no_delay(tmp_path: Path) -> None:
    block = Block(
        np.arange(6, dtype=np.float32).reshape(2, 3),
        dims=("trace", "channel"),
        coords={"gain": ("channel", np.array([1.0, 2.0, 4.0]))},
        sensor=Sensor(id="md", kind="metal_detector"),
    )
    found = opened(write(tmp_path / "f.h5", block)).streams[0].rows(0, 2)
    assert found.dims == ("trace", "channel")
    assert set(found.coords) == {"gain", "source_trace", "mark"}
    np.testing.assert_array_equal(found.coord("gain"), block.coord("gain"))


def test_two_streams_of_one_name_are_both_there(tmp_path: Path) -> None:
    with FlightWriter(tmp_path / "f.h5") as flight:
        for number in range(3):
            flight.stream("gpr").append(a_block(number + 1, line=f"L{number}"))
        flight.stream("never used")
    assert [one.traces for one in opened(tmp_path / "f.h5").streams] == [1, 2, 3]


def test_a_line_without_traces_is_kept(tmp_path: Path) -> None:
    (stream,) = opened(write(tmp_path / "f.h5", a_block(0))).streams
    assert (stream.traces, stream.header.line, list(stream.blocks())) == (0, "L1", [])


def test_texts_notices_and_indications_come_back(tmp_path: Path) -> None:
    texts = {
        "calibration/radar.toml": "time_zero_s = 1e-9  # Größe\n",
        "pipeline/toml": "[[step]]\n",
        "pipeline/fingerprint": "ab" * 32,
        "remark": "x" * 200_000,
    }
    notices = (Notice("note", "größer"), Notice("warning", "cut", "a.dzt", 0, "samples"))
    first = Indication("L", 3, 1, 9, None, 46.9, None, 1e-9, 0.05, 0.01, 1e8, "file", 6.5, 1)
    second = replace(first, rank=2, evidence=(Evidence("width", 0.25, "m"),), recording="a.dzt")
    with FlightWriter(tmp_path / "f.h5") as flight:
        for name, text in texts.items():
            flight.attach(name, text)
        flight.notices(notices)
        flight.indications([first, second])
    recording = opened(tmp_path / "f.h5")
    assert recording.attachments == texts
    assert recording.notices == notices
    assert read_indications(tmp_path / "f.h5") == (first, second)


def test_a_flight_without_indications_has_none(tmp_path: Path) -> None:
    assert read_indications(write(tmp_path / "f.h5", a_block(3))) == ()
    with FlightWriter(tmp_path / "g.h5") as flight:
        flight.indications([])
    assert read_indications(tmp_path / "g.h5") == ()


def test_the_users_spacing_wins_over_the_stored_distance(tmp_path: Path) -> None:
    distance = np.arange(4) * 0.02
    block = a_block(4)
    block = block.with_data(block.data, coords={"along_track_m": ("trace", distance)})
    path = write(tmp_path / "f.h5", block)
    stored = opened(path).streams[0].rows(0, 4)
    given_ = opened(path, trace_spacing_m="0.5").streams[0].rows(0, 4)
    np.testing.assert_array_equal(stored.coord("along_track_m"), distance)
    np.testing.assert_array_equal(given_.coord("along_track_m"), [0.0, 0.5, 1.0, 1.5])


def test_streams_can_be_sent_to_another_process(tmp_path: Path) -> None:
    (stream,) = opened(write(tmp_path / "f.h5", a_block(9))).streams
    assert_same_block(pickle.loads(pickle.dumps(stream)).rows(2, 7), stream.rows(2, 7))


# any recording becomes a flight


def a_recording(folder: Path) -> Recording:
    """A recording as a vendor's reader gives it: counter, fixes, marks, remarks."""

    class Source:
        def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], dict[str, Any]]:
            row = np.arange(start, stop)
            data = (row[:, None] * 3 + np.arange(16)).astype(np.int32)
            return data, {"trace_counter": ((row + 5 * (row >= 400)) % 256).astype(np.uint16)}

    fixes = Fixes.of(
        [(0.0, 46.9, 40.0, 1.0, 4), (650.5, 46.91, 40.0, np.nan, 1), (9e9, 0, 0, 0, 0)]
    )
    header = StreamHeader(
        Sensor(instrument="Vendor"),
        "LINE7",
        traces=700,
        samples=16,
        sample_interval_s=1.0 / 3.0e10,
        first_twt_s=-1.0 / 7.0e9,
        trace_spacing_m=1.0 / 30.0,
        marks=(1, 350, 700),
        fixes=fixes,
        permittivity=6.25,
        counter_modulus=256,
        raw={"rh_tag": b"\x00\xff", "gains": (1.0, 2.0), "n": np.int16(3)},
    )
    path = folder / "LINE7.DZT"
    path.write_bytes(b"raw bytes")
    empty = replace(header, line="EMPTY", traces=0, marks=())
    return Recording(
        path,
        "vendor",
        (Stream(header, Source()), Stream(empty, Source())),
        (Notice("assumed", "spacing; --set trace_spacing_m", "LINE7.DZT", 12, "trace_spacing_m"),),
        {"permittivity": "6.25"},
    )


def test_a_converted_recording_is_the_same_to_the_bit(tmp_path: Path) -> None:
    recording = a_recording(tmp_path)
    calls: list[tuple[int, int]] = []
    write_recording(
        recording, tmp_path / "f.h5", progress=lambda done, total: calls.append((done, total))
    )
    flight = opened(tmp_path / "f.h5")
    assert_same_recording(recording, flight)
    assert [one.first_trace for one in flight.streams[0].blocks(1000)] == [0, 405]
    assert calls[-1] == (700, 700)
    assert flight.attachments["source/name"] == "LINE7.DZT"
    assert flight.attachments["source/sha256"] == hashlib.sha256(b"raw bytes").hexdigest()
    assert flight.attachments["source/overrides"] == '{"permittivity":"6.25"}'


def test_a_copy_of_a_flight_still_names_the_first_source(tmp_path: Path) -> None:
    write_recording(a_recording(tmp_path), tmp_path / "f.h5")
    write_recording(opened(tmp_path / "f.h5", antenna_hz="5e8"), tmp_path / "g.h5")
    copy = opened(tmp_path / "g.h5")
    assert copy.attachments["source/name"] == "LINE7.DZT"
    assert copy.attachments["source/overrides"] == '{"antenna_hz":"5e8","permittivity":"6.25"}'
    assert copy.streams[0].header.sensor.antenna_hz == 5e8


REAL = (
    "gssi/FILE____032.DZT",
    "gssi/test_gssi.DZT",
    "gssi/DAT_0097.dzt",
    "mala/DAT_0097.rd3",
    "sensoft/LINE0.DT1",
    "ids/*.dt",
    "gprmax/**/*.out",
)


def real_files() -> Iterator[Path]:
    folder = Path(__file__).resolve().parents[3] / "shared" / "data"
    for pattern in REAL:
        yield from [one for one in sorted(folder.glob(pattern)) if one.stat().st_size < 2e7][:2]


@pytest.mark.parametrize("path", list(real_files()), ids=lambda path: path.name)
def test_real_recordings_come_back_to_the_bit(path: Path, tmp_path: Path) -> None:
    recording = open_recording(path)
    write_recording(recording, tmp_path / "f.h5")
    assert_same_recording(recording, opened(tmp_path / "f.h5"))


# all or nothing


def leftovers(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_nothing_is_visible_before_the_end(tmp_path: Path) -> None:
    with FlightWriter(tmp_path / "f.h5") as flight:
        flight.stream("gpr").append(a_block(600))
        (part,) = leftovers(tmp_path)
        assert part.startswith(".f.h5.")
        assert part.endswith(".part")
    assert leftovers(tmp_path) == ["f.h5"]


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    blocks = [a_block(600), replace(a_block(9), sensor=Sensor(id="other"))]
    with pytest.raises(ShapeError):
        write(tmp_path / "f.h5", *blocks)
    assert leftovers(tmp_path) == []


def test_an_error_at_the_end_leaves_nothing_behind(tmp_path: Path) -> None:
    flight = FlightWriter(tmp_path / "f.h5")
    stream = flight.__enter__().stream("gpr")
    stream.append(a_block(6))
    stream.fixes("L9", Fixes.of([(0.0, 1.0, 2.0, 3.0, 4)]))
    with pytest.raises(UsageError, match="'L9'"):
        flight.__exit__(None, None, None)
    assert leftovers(tmp_path) == []


def test_a_flight_is_not_overwritten_unless_told(tmp_path: Path) -> None:
    path = write(tmp_path / "f.h5", a_block(3))
    with pytest.raises(UsageError, match=r"f\.h5: exists already"):
        FlightWriter(path)
    with FlightWriter(path, existing="replace") as flight:
        flight.stream("gpr").append(a_block(5))
    assert opened(path).streams[0].traces == 5


def test_a_failed_replacement_leaves_the_old_flight(tmp_path: Path) -> None:
    path = write(tmp_path / "f.h5", a_block(3))
    flight = FlightWriter(path, existing="replace")
    flight.__enter__().stream("gpr").append(a_block(5))
    error = ZeroDivisionError()
    flight.__exit__(type(error), error, None)
    assert leftovers(tmp_path) == ["f.h5"]
    assert opened(path).streams[0].traces == 3


def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FlightWriteError, match="No such file or directory"):
        FlightWriter(tmp_path / "nowhere" / "f.h5").__enter__()


FULL_DISK = """
import resource, sys
import numpy as np
from detectkit.core import Block
from detectkit.io.flight import FlightWriteError, FlightWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    with FlightWriter(sys.argv[1]) as flight:
        stream = flight.stream("gpr")
        for first in range(0, 2560, 256):
            data = np.ones((256, 512), np.float32)
            stream.append(Block(data, coords={"twt_s": ("delay", np.arange(512) * 1e-10)},
                                first_trace=first))
except FlightWriteError as error:
    print("refused:", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("limit", [100, 5000, 1_000_000, 5_242_900])
def test_a_full_disk_is_a_clear_error_and_no_half_file(tmp_path: Path, limit: int) -> None:
    """A limit on the file's size stands for the disk; in the data, and in the last tables."""
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "f.h5"), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "could not be written (File too large)" in done.stdout
    assert leftovers(tmp_path) == []


KILLED = """
import sys
import numpy as np
from detectkit.core import Block
from detectkit.io.flight import FlightWriter
with FlightWriter(sys.argv[1]) as flight:
    stream = flight.stream("gpr")
    for first in range(0, 10**9, 256):
        stream.append(Block(np.ones((256, 64), np.float32), first_trace=first,
                            coords={"twt_s": ("delay", np.arange(64) * 1e-10)}))
        print("x", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_writer_leaves_no_flight(tmp_path: Path) -> None:
    """What is left under the hidden name is not taken for a flight, and says why."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "f.h5")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    (part,) = leftovers(tmp_path)
    assert part.endswith(".part")
    with pytest.raises(FormatError, match=r"stopped before the end|damaged"):
        opened(tmp_path / part)


def test_memory_stays_bounded_while_writing_and_reading(tmp_path: Path) -> None:
    block = Block(np.ones((512, 512), np.float32), coords={"twt_s": ("delay", np.arange(512.0))})
    path = tmp_path / "f.h5"
    tracemalloc.start()
    with FlightWriter(path) as flight:
        stream = flight.stream("gpr")
        for number in range(40):  # 42 MB
            stream.append(replace(block, first_trace=512 * number))
    for _ in opened(path).streams[0].blocks(512):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000_000


def test_writing_is_not_slow(tmp_path: Path) -> None:
    """Far below the 700 MB/s of the benchmark: catches a write of row by row, not a busy box."""
    block = Block(np.ones((1000, 512), np.float32), coords={"twt_s": ("delay", np.arange(512.0))})
    began = time.perf_counter()
    with FlightWriter(tmp_path / "f.h5") as flight:
        stream = flight.stream("gpr")
        for number in range(30):
            stream.append(replace(block, first_trace=1000 * number))
    assert 30 * block.data.nbytes / (time.perf_counter() - began) > 20e6


# what is refused


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"sensor": Sensor(id="other")}, "sensor"),
        ({"trace_spacing_m": 0.5}, "trace spacing"),
        ({"quantity": "score"}, "quantity and history"),
        ({"data": np.zeros((10, 24), np.float32)}, "number type"),
        ({"coords": {}}, "coordinates"),
        ({"data": np.zeros((10, 9), np.int16), "coords": {}}, "shape"),
    ],
)
def test_a_stream_keeps_to_its_first_block(
    tmp_path: Path, changed: dict[str, Any], word: str
) -> None:
    with FlightWriter(tmp_path / "f.h5") as flight:
        stream = flight.stream("gpr")
        stream.append(a_block(10))
        with pytest.raises(ShapeError, match=f"{word} was .* open another stream"):
            stream.append(replace(a_block(10, first_trace=10), **changed))


def test_a_finished_stream_takes_no_more(tmp_path: Path) -> None:
    with FlightWriter(tmp_path / "f.h5") as flight:
        stream = flight.stream("gpr")
        stream.append(a_block(10))
        stream.finish()
        with pytest.raises(UsageError, match="finished"):
            stream.append(a_block(10, first_trace=10))
    assert opened(tmp_path / "f.h5").streams[0].traces == 10


@pytest.mark.parametrize("name", ["data", "lines", "a/b", ".x"])
def test_a_coordinate_cannot_take_a_name_of_the_layout(tmp_path: Path, name: str) -> None:
    block = a_block(3)
    block = block.with_data(block.data, coords={name: ("trace", np.zeros(3))})
    with pytest.raises(UsageError, match="cannot be called"):
        write(tmp_path / "f.h5", block)
    assert leftovers(tmp_path) == []


def test_a_bent_delay_axis_is_refused(tmp_path: Path) -> None:
    block = a_block(3)
    bent = block.with_data(block.data, coords={"twt_s": ("delay", TWT_S**2)})
    with pytest.raises(ShapeError, match="not uniform"):
        write(tmp_path / "f.h5", bent)


def test_complex_samples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="real numbers"):
        write(tmp_path / "f.h5", Block(np.zeros((3, 4), np.complex64)))


@pytest.mark.parametrize("name", ["", "calibration/", "a/b", "calibration/a/b", "entry"])
def test_an_attachment_needs_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="attachment"), FlightWriter(tmp_path / "f.h5") as flight:
        flight.attach(name, "text")


def test_an_attachment_is_not_replaced(tmp_path: Path) -> None:
    with FlightWriter(tmp_path / "f.h5") as flight:
        flight.attach("remark", "first")
        with pytest.raises(UsageError, match="there already"):
            flight.attach("attachments/remark", "second")
    assert opened(tmp_path / "f.h5").attachments == {"remark": "first"}


def test_a_writer_must_be_entered(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="with FlightWriter"):
        FlightWriter(tmp_path / "f.h5").stream("gpr")


# the layout


def test_the_old_layout_opens_forever() -> None:
    """Values as the program beside the file wrote them, by hand, not by that program."""
    recording = opened(LAYOUT_1)
    line_a, line_b, detector = recording.streams
    assert (line_a.header.line, line_b.header.line, detector.header.line) == ("A", "B", "A")
    assert line_a.header.sensor.instrument == "Radár 7"
    assert line_a.header.permittivity == 6.5
    assert line_a.header.segments == ((0, 0), (4, 9))
    assert tuple(line_a.header.marks) == (3,)
    assert line_a.header.fixes.quality.tolist() == [4, 0]
    assert line_a.header.raw == {"rhf_epsr": 6.5}
    block = line_a.rows(0, 7)
    assert block.data.dtype == np.int16
    assert block.data[:, 1].tolist() == [-1, 99, 199, 299, 899, 999, 1099]
    assert block.coord("time_ns")[4] == 1_747_207_800_180_000_000
    assert block.coord("twt_s")[[0, 10]].tolist() == pytest.approx([-1e-9, 0.0], abs=1e-20)
    assert [one.first_trace for one in line_a.blocks()] == [0, 9]
    assert line_b.rows(1, 2).data[0, 0] == 100
    assert detector.rows(0, 4).dims == ("trace", "channel")
    assert detector.rows(0, 4).data[3].tolist() == [1.125, 1.25, 1.375]
    assert detector.rows(0, 1).history == (Applied("detector-baseline", "00ff"),)
    assert recording.notices[0].offset == 1234
    assert recording.attachments == {
        "calibration/radar.toml": "time_zero_s = 1e-9 # gemessen\n",
        "pipeline/toml": 'name = "demo"\n',
        "pipeline/fingerprint": "ab" * 32,
        "source/name": "LINE7.DZT",
    }
    first, second = read_indications(LAYOUT_1)
    assert (first.along_track_m, first.longitude_deg, first.score) == (None, 46.93, 7.5)
    assert second.longitude_deg is None
    assert second.evidence[1] == Evidence("width", 0.25, "m")


def test_a_later_layout_names_both_versions(tmp_path: Path) -> None:
    path = write(tmp_path / "f.h5", a_block(3))
    with h5py.File(path, "r+") as file:
        file.attrs["layout_version"] = 99
    with pytest.raises(FormatError, match=rf"layout 99, .* up to {LAYOUT_VERSION}"):
        opened(path)


def test_an_incomplete_flight_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "f.h5", a_block(3))
    with h5py.File(path, "r+") as file:
        file.attrs["complete"] = 0
    with pytest.raises(FormatError, match="stopped before the end"):
        opened(path)


def test_other_hdf5_files_are_not_claimed(tmp_path: Path) -> None:
    for name, value in (("other", None), ("theirs", "NeXus"), ("odd", [1.0, 2.0])):
        with h5py.File(tmp_path / name, "w") as file:
            file["note"] = "detectkit-flight"
            if value is not None:
                file.attrs["format"] = value
        assert Flight().recognise(Probe.of(tmp_path / name)) == Certainty.NO


def test_a_cut_flight_is_recognised_and_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "f.h5", a_block(3000))
    path.write_bytes(path.read_bytes()[:-5000])
    assert Flight().recognise(Probe.of(path)) == Certainty.CERTAIN
    with pytest.raises(FormatError, match=r"f\.h5: damaged or cut off"):
        open_recording(path)


def test_no_flipped_bit_gives_wrong_data(tmp_path: Path) -> None:
    """Every chunk and all metadata carry a checksum: an error, or the very same content."""
    path, copy = LAYOUT_1, tmp_path / "copy.h5"
    content, whole = path.read_bytes(), everything(LAYOUT_1)
    refused = 0
    for place in range(0, len(content), 307):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        copy.write_bytes(damaged)
        try:
            assert everything(copy) == whole, place
        except DetectkitError:
            refused += 1
    assert refused > 10


def everything(path: Path) -> list[object]:
    recording = opened(path)
    streams = [
        (
            as_json(stream.header.raw),
            stream.header.sensor,
            stream.header.segments,
            tuple(stream.header.marks),
            stream.header.fixes.longitude_deg.tobytes(),
            block.data.tobytes(),
            sorted((name, values.tobytes()) for name, (_, values) in block.coords.items()),
        )
        for stream in recording.streams
        for block in stream.blocks()
    ]
    return [streams, recording.notices, recording.attachments, read_indications(path)]


def test_it_can_be_read_as_netcdf(tmp_path: Path) -> None:
    """Every array hangs on dimension scales; coordinates carry units and a long name."""
    seen = []

    def check(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not item.is_scale:
            assert all(len(dim) == 1 for dim in item.dims), name
            seen.append(name)

    with h5py.File(LAYOUT_1) as file:
        file.visititems(check)
        group = file["streams/gpr"]
        assert [dim[0].name.split("/")[-1] for dim in group["data"].dims] == ["trace", "delay"]
        assert group["trace"].shape == (9,)
        assert group["trace"].id.get_storage_size() == 0
        assert group["twt_s"].attrs["units"] == b"s"
        assert group["twt_s"].attrs["long_name"].decode() == VOCABULARY["twt_s"].meaning
        assert group["time_ns"].attrs["units"].startswith(b"nanoseconds since 1970-01-01")
        assert group["data"].fletcher32
        assert group["data"].chunks[1] == 16
    assert len(seen) > 20


def test_xarray_opens_it(tmp_path: Path) -> None:
    pytest.importorskip("h5netcdf")
    xr = pytest.importorskip("xarray")
    with xr.open_dataset(LAYOUT_1, engine="h5netcdf", group="streams/gpr") as found:
        assert found["data"].dims == ("trace", "delay")
        assert found["time_ns"].values[0] == np.datetime64(1_747_207_800_000_000_000, "ns")


def test_floats_are_stored_plain_and_integers_packed(tmp_path: Path) -> None:
    for dtype, packed in ((np.float32, None), (np.int16, "gzip")):
        path = write(tmp_path / f"{np.dtype(dtype)}.h5", a_block(9, dtype=dtype))
        with h5py.File(path) as file:
            data = file["streams/gpr/data"]
            assert data.compression == packed
            assert data.fletcher32
            assert file["streams/gpr/longitude_deg"].compression == "gzip"
    path = write(tmp_path / "asked.h5", a_block(9, dtype=np.float32), compression="gzip")
    with h5py.File(path) as file:
        assert file["streams/gpr/data"].compression == "gzip"


@pytest.mark.parametrize("row_bytes", [1, 8, 64, 65, 1024, 4096, 4097, 2**20, 2**24])
def test_chunks_are_about_256_traces_and_bounded(row_bytes: int) -> None:
    rows = chunk_rows(row_bytes)
    assert rows >= 1
    assert rows * row_bytes <= max(2**20, row_bytes)
    if 64 < row_bytes <= 4096:
        assert rows == 256


def test_opening_reads_no_traces(tmp_path: Path) -> None:
    """A flight of which only the samples are damaged opens; reading them is the error."""
    path = write(tmp_path / "f.h5", a_block(3000, dtype=np.float32))
    with h5py.File(path) as file:
        place = file["streams/gpr/data"].id.get_chunk_info(2).byte_offset
    content = bytearray(path.read_bytes())
    content[place + 100] ^= 0xFF
    path.write_bytes(content)
    (stream,) = opened(path).streams
    assert len(stream.rows(0, 512)) == 512
    with pytest.raises(FormatError, match="damaged"):
        stream.rows(0, 3000)


def test_importing_the_format_does_not_import_h5py() -> None:
    code = "import sys, detectkit.io.flight.reader; print('h5py' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

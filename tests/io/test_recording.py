"""Streams: rows and blocks with their coordinates, cut where traces are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import FormatError, Sensor, UnknownFormatError, UsageError, concat
from detectkit.io import (
    Certainty,
    Fixes,
    Format,
    LazyMarks,
    Notice,
    Overrides,
    Probe,
    RecordFile,
    Recording,
    Stream,
    StreamHeader,
    open_recording,
    sibling,
)
from detectkit.io import format as format_module
from detectkit.io.gssi.dzt import GssiDzt
from detectkit.io.mala.rd3 import Mala

from .writers import write_dzt, write_mala


@dataclass(frozen=True)
class Given:
    """A source of numbers made up front."""

    data: npt.NDArray[Any]
    columns: Mapping[str, npt.NDArray[Any]]

    def read(
        self, start: int, stop: int
    ) -> tuple[npt.NDArray[Any], Mapping[str, npt.NDArray[Any]]]:
        return self.data[start:stop], {
            name: values[start:stop] for name, values in self.columns.items()
        }


def stream(traces: int = 10, **changes: Any) -> Stream:
    columns = changes.pop("columns", {})
    header = StreamHeader(Sensor(), "L1", traces, 4, 1e-10, **changes)
    data = np.arange(traces * 4, dtype=np.int16).reshape(traces, 4)
    return Stream(header, Given(data, columns))


def counted(counts: list[int], modulus: int) -> Stream:
    columns = {"trace_counter": np.array(counts)}
    return stream(len(counts), counter_modulus=modulus, columns=columns)


def pieces(one: Stream, size: int) -> list[tuple[int, int]]:
    return [(block.first_trace, len(block)) for block in one.blocks(size)]


class TestCoordinates:
    def test_rows_carry_axis_number_distance_and_marks(self) -> None:
        block = stream(trace_spacing_m=0.5, first_twt_s=-2e-10, marks=(4, 5)).rows(2, 6)
        np.testing.assert_allclose(block.coord("twt_s"), [-2e-10, -1e-10, 0.0, 1e-10], atol=1e-25)
        assert block.coord("source_trace").tolist() == [2, 3, 4, 5]
        assert block.coord("along_track_m").tolist() == [1.0, 1.5, 2.0, 2.5]
        assert block.coord("mark").tolist() == [0, 1, 1, 0]
        assert block.first_trace == 2

    def test_without_distance_and_fix_there_is_no_such_coordinate(self) -> None:
        unfixed = Fixes.of([(1.0, 14.0, 50.0, 0.0, 0)])
        names = set(stream(fixes=unfixed).rows(0, 10).coords)
        assert names == {"twt_s", "source_trace", "mark"}

    def test_positions_come_from_valid_fixes_only(self) -> None:
        fixes = Fixes.of(
            [(2.0, 14.0, 50.0, 1.0, 4), (3.0, 99.0, 9.0, 1.0, 0), (4.0, 16.0, 52.0, 3.0, 4)]
        )
        block = stream(fixes=fixes).rows(0, 10)
        assert block.coord("longitude_deg")[2:5].tolist() == [14.0, 15.0, 16.0]
        assert np.isfinite(block.coord("latitude_deg")).sum() == 3

    def test_source_that_knows_its_marks_is_believed_and_no_scan_is_made(self) -> None:
        def never() -> list[int]:
            raise AssertionError

        flags = np.array([0, 1, 0], np.uint8)
        one = stream(3, marks=LazyMarks(never), columns={"mark": flags})
        assert one.rows(0, 3).coord("mark").tolist() == [0, 1, 0]


class TestBlocks:
    def test_block_size_must_be_positive(self) -> None:
        with pytest.raises(UsageError, match="at least 1"):
            list(stream().blocks(0))

    def test_no_gap_no_cut(self) -> None:
        assert pieces(stream(), 4) == [(0, 4), (4, 4), (8, 2)]
        joined = concat(list(stream().blocks(3)))
        np.testing.assert_array_equal(joined.data, stream().rows(0, 10).data)

    def test_empty_stream_has_no_blocks(self) -> None:
        assert pieces(stream(0), 4) == []

    def test_missing_counts_cut_and_are_numbered(self) -> None:
        assert pieces(counted([5, 6, 7, 10, 11, 12], 256), 10) == [(0, 3), (5, 3)]

    def test_gap_at_the_seam_of_two_blocks_is_seen(self) -> None:
        assert pieces(counted([0, 1, 2, 6, 7, 8], 256), 3) == [(0, 3), (6, 3)]

    def test_counter_may_wrap(self) -> None:
        assert pieces(counted([254, 255, 0, 1], 256), 2) == [(0, 2), (2, 2)]
        assert pieces(counted([254, 255, 2, 3], 256), 4) == [(0, 2), (4, 2)]

    def test_counter_that_stays_or_falls_back_is_no_gap(self) -> None:
        assert pieces(counted([5, 5, 6, 3, 4], 256), 10) == [(0, 5)]

    def test_stored_segments_cut_as_counts_do(self) -> None:
        one = stream(6, segments=((0, 0), (2, 5), (4, 9)))
        assert pieces(one, 10) == [(0, 2), (5, 2), (9, 2)]

    @settings(max_examples=80, deadline=None)
    @given(
        st.lists(st.integers(1, 4), min_size=1, max_size=40),
        st.integers(1, 50),
        st.sampled_from([16, 256, 65536]),
    )
    def test_any_size_gives_the_same_numbers(
        self, steps: list[int], size: int, modulus: int
    ) -> None:
        truth = np.cumsum(steps) - steps[0]
        one = counted(((truth + 250) % modulus).tolist(), modulus)
        numbers = [
            number for first, length in pieces(one, size) for number in range(first, first + length)
        ]
        assert numbers == truth.tolist()
        header = replace(
            one.header, counter_modulus=None, segments=tuple(enumerate(truth.tolist()))
        )
        again = Stream(header, one.source)
        assert [first for first, _ in pieces(again, 1)] == truth.tolist()


class TestLazyMarks:
    def test_looks_once_and_only_when_asked(self) -> None:
        calls: list[int] = []

        def find() -> list[int]:
            calls.append(1)
            return [9, 3, 3]

        marks = LazyMarks(find)
        assert "not yet" in repr(marks)
        assert calls == []
        assert tuple(marks) == (3, 9)
        assert (len(marks), marks[0], marks[-1:], 9 in marks) == (2, 3, (9,), True)
        assert calls == [1]

    def test_equals_the_tuple_that_it_becomes(self) -> None:
        assert LazyMarks(lambda: [1, 2]) == (1, 2)
        assert LazyMarks(lambda: [1]) != (1, 2)
        assert LazyMarks(lambda: [1]) != "1"
        assert hash(LazyMarks(lambda: [1])) == hash((1,))
        assert repr(LazyMarks(lambda: [1])) != repr((1,))


class TestRecordFile:
    @pytest.fixture
    def file(self, tmp_path: Path) -> RecordFile:
        path = tmp_path / "a.bin"
        path.write_bytes(b"hdr" + np.arange(7, dtype="<u2").tobytes() + b"x")
        return RecordFile(path, 3, np.dtype([("n", "<u2")]))

    def test_counts_whole_records_and_the_rest(self, file: RecordFile) -> None:
        assert (file.records, file.tail_bytes, file.tail_offset) == (7, 1, 17)

    def test_reads_any_rows(self, file: RecordFile) -> None:
        assert file.read(2, 5)["n"].tolist() == [2, 3, 4]
        assert file.read(7, 7)["n"].tolist() == []

    @pytest.mark.parametrize(("phase", "expected"), [(0, [0, 3, 6]), (1, [1, 4]), (2, [2, 5])])
    def test_every_third_record(self, file: RecordFile, phase: int, expected: list[int]) -> None:
        channel = replace(file, stride=3, phase=phase)
        assert channel.read(0, len(expected))["n"].tolist() == expected
        assert channel.read(1, len(expected))["n"].tolist() == expected[1:]

    def test_rows_beyond_the_end_are_an_error_with_the_place(self, file: RecordFile) -> None:
        with pytest.raises(FormatError, match=r"a\.bin at byte 17: expected 3 records, found 1"):
            file.read(6, 9)


class TestOpening:
    @pytest.fixture(autouse=True)
    def only_two_formats(self, monkeypatch: pytest.MonkeyPatch) -> None:
        installed: tuple[Format, ...] = (GssiDzt(), Mala())
        monkeypatch.setattr(format_module, "formats", lambda: installed)

    @pytest.fixture
    def data(self) -> npt.NDArray[np.int64]:
        return np.arange(60).reshape(5, 12)

    def test_content_decides(self, tmp_path: Path, data: npt.NDArray[np.int64]) -> None:
        assert open_recording(write_dzt(tmp_path / "a.rd3", data)).format == "gssi-dzt"
        assert open_recording(write_mala(tmp_path / "b.rd3", data)).format == "mala"
        assert open_recording(str(tmp_path / "b.rad")).format == "mala"

    def test_unknown_content_lists_the_formats(self, tmp_path: Path) -> None:
        path = tmp_path / "a.dzt"
        path.write_bytes(b"nothing known")
        with pytest.raises(UnknownFormatError, match=r"6e 6f 74 68.*gssi-dzt, mala"):
            open_recording(path)

    def test_a_format_can_be_forced_by_name(
        self, tmp_path: Path, data: npt.NDArray[np.int64]
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", data, tag=0x4242, range_ns=-1.0)
        with pytest.raises(UnknownFormatError):
            open_recording(path)
        given_settings = {"sample_interval_s": "1e-10"}
        recording = open_recording(path, format_name="gssi-dzt", overrides=given_settings)
        assert recording.streams[0].traces == 5
        with pytest.raises(UsageError, match="use one of gssi-dzt, mala"):
            open_recording(path, format_name="nope")

    def test_two_equal_claims_are_not_guessed_between(
        self, tmp_path: Path, data: npt.NDArray[np.int64], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", data)
        twins: tuple[Format, ...] = (GssiDzt(), GssiDzt())
        monkeypatch.setattr(format_module, "formats", lambda: twins)
        with pytest.raises(UnknownFormatError, match="fit equally well"):
            open_recording(path)

    def test_missing_file_and_folder_say_so(self, tmp_path: Path) -> None:
        with pytest.raises(FormatError, match="does not exist"):
            open_recording(tmp_path / "none.dzt")
        with pytest.raises(FormatError, match="is a folder"):
            open_recording(tmp_path, format_name="gssi-dzt")

    def test_settings_are_kept_in_the_answer(
        self, tmp_path: Path, data: npt.NDArray[np.int64]
    ) -> None:
        path = write_dzt(tmp_path / "a.dzt", data)
        recording = open_recording(path, overrides=Overrides.parse(["permittivity=9"]))
        assert dict(recording.overrides) == {"permittivity": "9"}
        assert recording.streams[0].header.permittivity == 9.0

    def test_sibling_ignores_the_letter_case(self, tmp_path: Path) -> None:
        for name in ("Line.DZT", "LINE.dzg", "Line2.dzg"):
            (tmp_path / name).write_bytes(b"")
        assert sibling(tmp_path / "Line.DZT", ".DZG") == tmp_path / "LINE.dzg"
        assert sibling(tmp_path / "Line.DZT", ".dzt") is None
        assert sibling(tmp_path / "no" / "Line.DZT", ".dzg") is None


class TestNotice:
    def test_text_names_file_and_byte(self) -> None:
        assert str(Notice("warning", "is cut", "a.dzt", 131_072)) == "a.dzt at byte 131,072: is cut"
        assert str(Notice("note", "fine", "a.dzt")) == "a.dzt: fine"
        assert str(Notice("note", "fine")) == "fine"


class TestContract:
    def test_the_readers_are_formats(self, tmp_path: Path) -> None:
        for reader in (GssiDzt(), Mala()):
            one: Format = reader
            probe = Probe(tmp_path / "a", 0, b"")
            assert one.recognise(probe) == Certainty.NO

    def test_recording_is_a_value(self, tmp_path: Path) -> None:
        recording = Recording(tmp_path, "x", ())
        with pytest.raises(AttributeError):
            recording.format = "y"  # type: ignore[misc]

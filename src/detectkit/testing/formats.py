"""FormatSuite: the laws that every file format obeys, for plug-in authors to inherit.

Needs ``pip install detectkit[test]``.
"""

from __future__ import annotations

import json
import shutil
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from detectkit.core import DetectkitError, UsageError
from detectkit.io import Certainty, Format, Overrides, Probe, Recording, Stream, open_as
from detectkit.io.overrides import COMMON
from detectkit.testing.sample_files import (
    SampleFile,
    assert_equal,
    check_notice,
    check_prefix,
    check_time_axis,
    copied,
    cut_sizes,
    fingerprint,
    numbered_rows,
    overwrite,
    shapes_of,
)

Damage = Sequence[tuple[float, float, int]]
"""(which file of the recording, where in it, new byte); the first two from 0 to 1."""

_damages = st.lists(
    st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(0, 255)),
    min_size=1,
    max_size=8,
)
_examples = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
    ],
)


class FormatSuite:
    """Laws of a file format. Inherit, set `format`, and write files or name real ones.

    Attributes
    ----------
    format
        Makes the format: its class.
    paths
        Real files to try as well; those above `small_bytes` are not cut or damaged.
    foreign
        Files of other formats, which must not be recognised.
    damaged_bytes
        Leading bytes of each file that are damaged at random: the header and some traces.
    leading_bytes
        Leading bytes of the file that are damaged one by one.
    any_suffix
        Whether the file is recognised under another suffix, side files beside it.

    Notes
    -----
    In a plug-in's tests::

        class TestMyFormat(FormatSuite):
            format = MyFormat

            def sample_files(self, folder):
                path = write_my_file(folder / "a.my")
                return [SampleFile(path, traces=(5,), samples=32)]
    """

    format: ClassVar[Callable[[], Format]]
    paths: ClassVar[Sequence[Path]] = ()
    foreign: ClassVar[Sequence[Path]] = ()
    damaged_bytes: ClassVar[int] = 1200
    small_bytes: ClassVar[int] = 300_000
    leading_bytes: ClassVar[int] = 128
    any_suffix: ClassVar[bool] = True

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:  # noqa: ARG002
        """Write small recordings into `folder`; every kind that the format has."""
        return ()

    @pytest.fixture
    def files(self, tmp_path: Path) -> Sequence[SampleFile]:
        """All recordings of the suite; at least one."""
        written = tmp_path / "samples"
        written.mkdir()
        found = [*self.sample_files(written), *(SampleFile(path) for path in self.paths)]
        assert found, "give sample_files() or paths"
        return found

    @pytest.fixture
    def small(self, files: Sequence[SampleFile]) -> Sequence[SampleFile]:
        """The recordings that may be copied, cut and damaged."""
        found = [one for one in files if one.path.stat().st_size <= self.small_bytes]
        if not found:
            pytest.skip(f"no file of at most {self.small_bytes:,} bytes")
        return found

    def reader(self) -> Format:
        """Return a fresh format."""
        return type(self).format()

    def open(self, path: Path, overrides: Mapping[str, str] | None = None) -> Recording:
        """Open a file as this format, as `open_recording` does."""
        return open_as(self.reader(), path, Overrides(overrides))

    def test_has_a_name_and_explains_its_settings(self) -> None:
        """Name is lower case; own settings have meanings and do not shadow the common ones."""
        reader = self.reader()
        assert reader.name == reader.name.lower()
        assert reader.name.strip()
        for name, meaning in reader.structural.items():
            assert name.isidentifier()
            assert meaning.strip()
            assert name not in COMMON

    def test_recognises_its_files(self, files: Sequence[SampleFile]) -> None:
        """Every sample is recognised."""
        for sample in files:
            assert self.reader().recognise(Probe.of(sample.path)) > Certainty.NO, sample.path

    def test_recognises_its_files_under_another_suffix(
        self, small: Sequence[SampleFile], tmp_path: Path
    ) -> None:
        """The content decides, not the suffix."""
        if not self.any_suffix:
            pytest.skip("the format says that it needs its suffix")
        for index, sample in enumerate(small):
            copy = copied(sample, tmp_path / f"renamed{index}")
            renamed = copy.path.rename(copy.path.with_suffix(".bin"))
            assert self.reader().recognise(Probe.of(renamed)) > Certainty.NO, sample.path
            assert shapes_of(self.open(renamed)) == shapes_of(self.open(sample.path))

    def test_leaves_foreign_files_alone(self, tmp_path: Path) -> None:
        """Random bytes, plain patterns and other formats' files are not claimed."""
        rng = np.random.default_rng(20240229)
        for index, content in enumerate([b"", b"\0" * 9000, b"\xff" * 9000, b"a,b\n1,2\n" * 900]):
            self._refuses(tmp_path / f"plain{index}.bin", content)
        for size in (1, 100, 1024, 5000, 20_000) * 4:
            self._refuses(tmp_path / f"random{size}.bin", rng.bytes(size))
        for path in self.foreign:
            assert self.reader().recognise(Probe.of(path)) == Certainty.NO, path

    def test_every_trace_arrives(self, files: Sequence[SampleFile]) -> None:
        """Nothing is dropped: traces and samples are those of the file."""
        for sample in files:
            recording = self.open(sample.path)
            assert recording.streams
            assert recording.format == self.reader().name
            shapes = shapes_of(recording)
            if sample.traces is not None:
                assert tuple(traces for traces, _ in shapes) == sample.traces
            if sample.samples is not None:
                assert {samples for _, samples in shapes} == {sample.samples}
            ids = [stream.header.sensor.id for stream in recording.streams]
            lines = [stream.header.line for stream in recording.streams]
            assert len(set(zip(ids, lines, strict=True))) == len(ids)
            for stream in recording.streams:
                whole = stream.rows(0, stream.traces)
                assert whole.data.shape == (stream.header.traces, stream.header.samples)

    def test_any_rows_are_those_of_the_whole(self, files: Sequence[SampleFile]) -> None:
        """rows(a, b) equals rows(0, n)[a:b], samples and coordinates."""
        rng = np.random.default_rng(7)
        for stream in self._streams(files):
            whole = stream.rows(0, stream.traces)
            cuts = rng.integers(0, stream.traces + 1, (6, 2))
            for start, stop in [*np.sort(cuts).tolist(), [0, 0], [stream.traces] * 2]:
                assert_equal(stream.rows(start, stop), whole.traces(start, stop))

    def test_rows_outside_are_refused(self, files: Sequence[SampleFile]) -> None:
        """Rows that the file does not have are a UsageError."""
        for stream in self._streams(files):
            for start, stop in ((-1, 0), (0, stream.traces + 1), (1, 0)):
                with pytest.raises(UsageError):
                    stream.rows(start, stop)

    def test_blocks_of_any_size_make_the_whole(self, files: Sequence[SampleFile]) -> None:
        """Blocks of any size join to the same rows under the same trace counters."""
        for stream in self._streams(files):
            whole = numbered_rows(stream, max(1, stream.traces))
            for size in (7, 64, 1000):
                for name, values in numbered_rows(stream, size).items():
                    np.testing.assert_array_equal(values, whole[name], strict=True)

    def test_blocks_cannot_be_written_to(self, files: Sequence[SampleFile]) -> None:
        """Samples and coordinates are write-protected."""
        for stream in self._streams(files):
            block = stream.rows(0, min(3, stream.traces))
            assert not block.data.flags.writeable
            for name in block.coords:
                assert not block.coord(name).flags.writeable, name

    def test_time_axis_rises_and_fits(self, files: Sequence[SampleFile]) -> None:
        """The time axis is finite, strictly rising and as long as a trace."""
        for stream in self._streams(files):
            check_time_axis(stream)

    def test_marks_and_fixes_agree_with_the_traces(self, files: Sequence[SampleFile]) -> None:
        """Marks are rising trace numbers; without a valid fix there is no position."""
        for stream in self._streams(files):
            marks = tuple(stream.header.marks)
            assert marks == tuple(sorted(set(marks)))
            assert all(1 <= mark <= stream.traces for mark in marks)
            block = stream.rows(0, stream.traces)
            assert tuple(np.flatnonzero(block.coord("mark")) + 1) == marks
            if not stream.header.fixes.valid.any():
                assert "longitude_deg" not in block.coords

    def test_notices_and_header_are_data(self, files: Sequence[SampleFile]) -> None:
        """Notices are well formed, and the raw header can be written as JSON."""
        for sample in files:
            recording = self.open(sample.path)
            for notice in recording.notices:
                check_notice(notice)
            for stream in recording.streams:
                json.dumps(dict(stream.header.raw), default=str, allow_nan=False)

    def test_common_settings_replace_the_file(self, files: Sequence[SampleFile]) -> None:
        """The user's settings are used, and what they settle is no longer assumed."""
        given = {
            "sample_interval_s": "1.5e-10",
            "first_twt_s": "-2e-9",
            "trace_spacing_m": "0.125",
            "antenna_hz": "7.5e8",
            "antenna_separation_m": "0.25",
            "permittivity": "4.5",
            "instrument": "Prototype 7",
        }
        for sample in files:
            recording = self.open(sample.path, given)
            assert dict(recording.overrides) == given
            assert not [
                n for n in recording.notices if n.severity == "assumed" and n.setting in given
            ]
            for stream in recording.streams:
                head, sensor = stream.header, stream.header.sensor
                assert (head.sample_interval_s, head.first_twt_s) == (1.5e-10, -2e-9)
                assert (head.trace_spacing_m, head.permittivity) == (0.125, 4.5)
                assert (sensor.antenna_hz, sensor.antenna_separation_m) == (7.5e8, 0.25)
                assert sensor.instrument == "Prototype 7"
                assert stream.rows(0, 0).trace_spacing_m == 0.125

    def test_unknown_settings_are_refused_with_the_list(self, files: Sequence[SampleFile]) -> None:
        """An unknown setting is refused with the list of those there are."""
        names = [*COMMON, *self.reader().structural]
        for sample in files:
            with pytest.raises(UsageError) as caught:
                self.open(sample.path, {"no_such_setting": "1"})
            assert all(name in str(caught.value) for name in names)

    def test_a_cut_file_gives_its_whole_traces(
        self, small: Sequence[SampleFile], tmp_path: Path
    ) -> None:
        """A file cut anywhere gives its whole traces and a warning with the place, or an error."""
        for index, sample in enumerate(small):
            content, whole = sample.path.read_bytes(), self.open(sample.path)
            copy = copied(sample, tmp_path / f"cut{index}")
            for size in cut_sizes(len(content)):
                copy.path.write_bytes(content[:size])
                found = self._opened(copy.path)
                if found is None:
                    continue
                check_prefix(found, whole)
                copy.path.write_bytes(content[: max(0, size - 1)])
                before = self._opened(copy.path)
                at_trace_end = before is None or shapes_of(before) != shapes_of(found)
                if not at_trace_end and shapes_of(found) != shapes_of(whole):
                    places = [n.offset for n in found.notices if n.severity == "warning"]
                    assert any(place is not None for place in places), (sample.path, size)

    def test_cut_side_files_do_no_harm(self, small: Sequence[SampleFile], tmp_path: Path) -> None:
        """A cut side file breaks nothing."""
        for index, sample in enumerate(small):
            copy = copied(sample, tmp_path / f"side{index}")
            for side in copy.files[1:]:
                content = side.read_bytes()
                for size in cut_sizes(len(content)):
                    side.write_bytes(content[:size])
                    self._read_all(copy.path)
                side.write_bytes(content)

    @_examples
    @given(damage=_damages)
    def test_damaged_bytes_never_break_the_reader(
        self, damage: Damage, small: Sequence[SampleFile], tmp_path: Path
    ) -> None:
        """Damaged bytes give data or a DetectkitError: no crash, no hang, no flood of memory."""
        for index, sample in enumerate(small):
            folder = tmp_path / f"damaged{index}"
            shutil.rmtree(folder, ignore_errors=True)
            copy = copied(sample, folder)
            for which, place, value in damage:
                overwrite(copy.files, which, place, value, reach=self.damaged_bytes)
            self._read_all(copy.path)

    def test_each_leading_byte_may_be_damaged(
        self, small: Sequence[SampleFile], tmp_path: Path
    ) -> None:
        """Each of the first bytes at its extremes breaks nothing: there the figures are."""
        for index, sample in enumerate(small):
            content = sample.path.read_bytes()
            copy = copied(sample, tmp_path / f"leading{index}")
            for place in range(min(len(content), self.leading_bytes)):
                for value in {0x00, 0xFF} - {content[place]}:
                    copy.path.write_bytes(content[:place] + bytes([value]) + content[place + 1 :])
                    self._read_all(copy.path)

    def test_does_not_touch_its_files(self, files: Sequence[SampleFile]) -> None:
        """Reading changes no byte and no date of the files."""
        for sample in files:
            before = {path: fingerprint(path) for path in sample.files}
            for stream in self.open(sample.path).streams:
                list(stream.blocks(500))
            assert {path: fingerprint(path) for path in sample.files} == before

    def _streams(self, files: Sequence[SampleFile]) -> Iterator[Stream]:
        for sample in files:
            yield from self.open(sample.path).streams

    def _refuses(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        assert self.reader().recognise(Probe.of(path)) == Certainty.NO, content[:16]

    def _opened(self, path: Path) -> Recording | None:
        """Return the recording, or None where the reader refuses it as it may."""
        try:
            return self.open(path)
        except DetectkitError as error:
            refusal = str(error)
        assert len(refusal) > 20, "an error must say what is wrong and what to do"
        return None

    def _read_all(self, path: Path) -> None:
        """Open and read everything; fail on a foreign error, a hang or a flood of memory."""
        allowed = 16 * sum(one.stat().st_size for one in path.parent.iterdir()) + 16_000_000
        began = time.monotonic()
        tracemalloc.start()
        try:
            self._read_quietly(path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < allowed, f"{peak:,} bytes of memory for a file of {path.stat().st_size:,}"
        assert time.monotonic() - began < 10.0

    def _read_quietly(self, path: Path) -> None:
        self.reader().recognise(Probe.of(path))
        recording = self._opened(path)
        if recording is None:
            return
        for notice in recording.notices:
            check_notice(notice)
        for stream in recording.streams:
            check_time_axis(stream)
            try:
                tuple(stream.header.marks)
                for block in stream.blocks(200):
                    assert block.data.shape[1] == stream.header.samples
            except DetectkitError:
                continue

"""FormatSuite for streams of channels, which have no delay axis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detectkit.core import DetectkitError
from detectkit.io import Probe
from detectkit.testing import FormatSuite, SampleFile
from detectkit.testing.sample_files import check_notice


class ChannelSuite(FormatSuite):
    """The laws of every format, with those about the delay axis turned round."""

    leading_bytes = 48
    damaged_bytes = 4000

    def test_time_axis_rises_and_fits(self, files: Sequence[SampleFile]) -> None:
        """There is none: no travel times, and channels as the second dimension."""
        for stream in self._streams(files):
            assert not np.isfinite(stream.twt_s).any()
            block = stream.rows(0, stream.traces)
            assert block.dims == ("trace", "channel")
            assert "twt_s" not in block.coords
            assert len(stream.header.raw["channels"]) == stream.header.samples

    def _read_quietly(self, path: Path) -> None:
        self.reader().recognise(Probe.of(path))
        recording = self._opened(path)
        if recording is None:
            return
        for notice in recording.notices:
            check_notice(notice)
        for stream in recording.streams:
            try:
                for block in stream.blocks(200):
                    assert block.data.shape[1] == stream.header.samples
            except DetectkitError:
                continue

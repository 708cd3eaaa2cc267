"""What the author of a driver tells `DriverSuite`, and what its laws share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt
from hypothesis import HealthCheck, Phase, settings

from detectkit.drivers import Decoder, Instrument, Item, Measured, Twin
from detectkit.testing.driver_rows import Tolerance, assert_values, by_stream

examples = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)


class DriverFacts:
    """The facts of one driver; `DriverSuite` says what each means."""

    instrument: ClassVar[Instrument]
    sample: ClassVar[bytes]
    rows: ClassVar[Mapping[str, npt.ArrayLike]]
    checksummed: ClassVar[bool] = True
    tolerance: ClassVar[Mapping[str, Tolerance]] = {}
    stamp_tolerance_s: ClassVar[float] = 1.1e-3
    resync_messages: ClassVar[int] = 1
    serve: ClassVar[str] = ""
    patience_s: ClassVar[float] = 30.0

    def measured(self) -> Measured:
        """Return a few rows, four at least, that the twin's instrument might measure."""
        raise NotImplementedError

    def decoded(self, measured: Measured) -> Mapping[str, npt.ArrayLike]:
        """Return what the decoder makes of rows that the twin spoke; by default the same values."""
        return dict.fromkeys(self.rows, measured.values)

    def decoder(self) -> Decoder:
        """Return a new decoder; override to tell it what it must know before the sample."""
        return type(self).instrument.decoder()

    def twin(self) -> Twin:
        """Return a new twin; override to bring it into the state in which it streams."""
        return type(self).instrument.twin()

    def held_bytes(self, decoder: Any) -> int:
        """Return how many bytes a decoder holds; override for one that is no StreamDecoder."""
        return int(decoder.held_bytes)

    def longest(self, decoder: Any) -> int:
        """Return the length of the longest message."""
        return int(decoder.longest)

    def check_rows(self, items: Sequence[Item], rows: Mapping[str, npt.ArrayLike]) -> None:
        """Check that these streams came, and their values."""
        found = by_stream(items)
        assert set(found) == set(rows), f"streams {sorted(found)} instead of {sorted(rows)}"
        for name, expected in rows.items():
            assert_values(found[name].values, expected, self.tolerance_of(name), name)

    def tolerance_of(self, name: str) -> Tolerance:
        """Return the largest difference of the values of a stream."""
        return type(self).tolerance.get(name, 0.0)


def part_of(measured: Measured, start: int, stop: int) -> Measured:
    """Return some of the rows."""
    part = slice(start, stop)
    return Measured(measured.device_ns[part], measured.values[part], measured.utc_ns[part])

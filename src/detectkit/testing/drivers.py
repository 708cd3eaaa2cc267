"""DriverSuite: the laws that every driver obeys, for plug-in authors to inherit.

Needs ``pip install detectkit[test]``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.drivers import Measured
from detectkit.drivers.bench import serve_for
from detectkit.drivers.bench.sources import START_UTC_NS
from detectkit.testing.decoder_laws import DecoderLaws
from detectkit.testing.twin_laws import TwinLaws
from detectkit.testing.wire_laws import WireLaws

__all__ = ["DriverSuite", "evenly"]


class DriverSuite(DecoderLaws, TwinLaws, WireLaws):
    """Laws of a driver: decoder, session and twin. Inherit and fill in.

    Attributes
    ----------
    instrument
        The instrument with settings that suit a test: a fast rate.
    sample
        Bytes as the instrument sends them: at least three whole messages and nothing else.
    rows
        What they decode to: rows by name of the stream, shape (rows, columns).
    checksummed
        Whether a turned bit is always noticed.
    tolerance
        Largest difference of a value, by name of the stream: a number, or one for each column;
        0 for streams that are not named.
    stamp_tolerance_s
        Largest difference between the stamps of the twin's rows and the decoded ones.
    resync_messages
        Messages that may be lost after garbage; more than 1 where several messages make a row.
    serve
        What the bench serves; empty: the other end of the instrument's default address.
    patience_s
        How long to wait for rows over a wire before giving up.

    Notes
    -----
    In a plug-in's tests::

        class TestSonar(DriverSuite):
            instrument = Sonar(rate_hz=100.0)
            sample = bytes.fromhex("...")
            rows: ClassVar = {"altitude": [[1.25], [1.26], [1.27]]}

            def measured(self):
                return evenly([[1.0], [2.5], [10.0], [9.0]], rate_hz=100.0)
    """

    def test_is_described(self) -> None:
        """Name, title, kind and default address are given, and a page can be made of them."""
        kind = type(type(self).instrument)
        assert kind.name == kind.name.lower()
        assert kind.name.strip()
        assert kind.title.strip()
        assert kind.kind != "unknown"
        assert kind.__doc__
        assert serve_for(kind.address)
        assert kind() == kind(), "every setting needs a default"


def evenly(values: npt.ArrayLike, *, rate_hz: float, start_s: float = 1.0) -> Measured:
    """Return rows measured one after the other, the first at `start_s` after switching on."""
    table = np.asarray(values)
    times_ns = np.rint((start_s + np.arange(len(table)) / rate_hz) * 1e9).astype(np.int64)
    return Measured(times_ns, table, START_UTC_NS + times_ns)

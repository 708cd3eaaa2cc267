"""The laws of every driver, on legacy Zond streams; synthetic, built from two public readers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectkit.drivers import Decoder, Measured, Tally
from detectkit.testing.drivers import DriverSuite, evenly
from detectkit_drivers.zond.instrument import Zond

DELAY = np.arange(128) / 128.0
WAVE = 20000.0 * np.exp(-(((DELAY - 0.15) / 0.06) ** 2)) * np.sin(60.0 * DELAY)
ROWS = np.rint(WAVE + np.random.default_rng(1).normal(0.0, 20.0, (12, 128))).astype(np.int16)
GREETING = b"\x00\x7f\x00\x7fZOND-12E\x00\x7f\x00\x7f\x00"


class TestZond(DriverSuite):
    instrument = Zond(samples=128, rate_hz=200.0)
    sample = ROWS.astype("<i2").tobytes()
    rows: ClassVar = {"traces": ROWS}
    checksummed = False
    resync_messages = 3

    def decoder(self) -> Decoder:
        """Return a decoder that has seen traces: it tells by them where others begin."""
        decoder = self.instrument.decoder()
        assert decoder.feed(GREETING + self.sample)
        assert decoder.held_bytes == 0
        decoder.tally = Tally()
        return decoder

    def measured(self) -> Measured:
        return evenly(ROWS, rate_hz=200.0)

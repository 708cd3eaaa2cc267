"""The contract of instruments, the wires they hang on, and the benches that stand in for them.

detectkit imports no concrete driver: they register under the entry-point group
``detectkit.drivers``, those that ship with it exactly as a third party's.
"""

from __future__ import annotations

from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.drivers.decoder import (
    WAIT,
    Decoder,
    StreamDecoder,
    Taken,
    Tally,
    damaged,
    good,
    skip,
)
from detectkit.drivers.errors import InstrumentError, LinkError, LinkTimeoutError
from detectkit.drivers.frame import Frame, Item, Layout, Note
from detectkit.drivers.instrument import Announcement, Instrument, Session
from detectkit.drivers.link import Link
from detectkit.drivers.registry import build_instrument, driver_names, instrument_class
from detectkit.drivers.transport import Transport
from detectkit.drivers.twin import ControlledTwin, Measured, Source, Twin

__all__ = [
    "PLATFORM_COLUMNS",
    "WAIT",
    "Announcement",
    "ControlledTwin",
    "Decoder",
    "Frame",
    "Instrument",
    "InstrumentError",
    "Item",
    "Layout",
    "Link",
    "LinkError",
    "LinkTimeoutError",
    "Measured",
    "Note",
    "Session",
    "Source",
    "StreamDecoder",
    "Taken",
    "Tally",
    "Transport",
    "Twin",
    "build_instrument",
    "damaged",
    "driver_names",
    "good",
    "instrument_class",
    "skip",
]

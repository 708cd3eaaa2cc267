"""detectkit's own recording: one HDF5 file per flight, written by streaming, read lazily.

The layout is documented in ``docs/flight-format.md``. h5py is imported on first use only.
"""

from __future__ import annotations

from detectkit.io.flight.convert import Progress, write_recording
from detectkit.io.flight.indications import read_indications
from detectkit.io.flight.layout import LAYOUT_VERSION, FlightWriteError
from detectkit.io.flight.reader import Flight
from detectkit.io.flight.stream_writer import StreamWriter
from detectkit.io.flight.writer import FlightWriter

__all__ = [
    "LAYOUT_VERSION",
    "Flight",
    "FlightWriteError",
    "FlightWriter",
    "Progress",
    "StreamWriter",
    "read_indications",
    "write_recording",
]

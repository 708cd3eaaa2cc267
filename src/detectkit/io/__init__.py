"""Recorded files: one function opens anything by content, lazily, and streams Blocks."""

from __future__ import annotations

from detectkit.io.fixes import NO_FIXES, Fixes
from detectkit.io.format import Certainty, Format, Probe, formats, open_as, open_recording, sibling
from detectkit.io.header import StreamHeader
from detectkit.io.marks import LazyMarks
from detectkit.io.notice import Notice
from detectkit.io.overrides import Overrides
from detectkit.io.recording import Recording, Stream
from detectkit.io.records import RecordFile, TraceSource

__all__ = [
    "NO_FIXES",
    "Certainty",
    "Fixes",
    "Format",
    "LazyMarks",
    "Notice",
    "Overrides",
    "Probe",
    "RecordFile",
    "Recording",
    "Stream",
    "StreamHeader",
    "TraceSource",
    "formats",
    "open_as",
    "open_recording",
    "sibling",
]

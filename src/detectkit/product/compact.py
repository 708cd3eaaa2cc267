"""An indication in at most 128 bytes, for a radio link: what fits into one MAVLink TUNNEL.

Version 1, little-endian; the table stands byte by byte in docs/drivers/mavlink.md. A receiver
refuses a version that it does not know. Numbers that are not known are NaN, and a position that is
not known is the least int64.
"""

from __future__ import annotations

import math
import struct
from typing import Any, Final

from detectkit.core import Evidence, FormatError, Indication, UsageError

VERSION = 1
MOST_BYTES = 128
HEAD: Final = struct.Struct("<BBHIIIqqfffffff8sB")
PER_DEGREE = 1e9
UNKNOWN = -(1 << 63)
NAME_BYTES = 28
POSITION_ERROR = "horizontal_error_m"
SOURCES: Final = ("given", "file", "assumed", "measured")
OTHER_SOURCE = 255
UNVERIFIED = "unverified"
MOST_RANK = 65535
HEXADECIMAL_DIGITS = 16


def encode(indication: Indication) -> bytes:
    """Return an indication as bytes, at most 128.

    Kept: position to 1e-9 degree (0.1 mm), its error where an evidence ``horizontal_error_m``
    tells it, depth with its error, travel time, velocity, score, rank, trace range, the first 8
    bytes of the pipeline's fingerprint, and the first 28 bytes of the line's and the recording's
    name. Not kept: other evidence.

    Raises
    ------
    UsageError
        A number does not fit, such as a trace number above 2**32.

    Examples
    --------
    >>> one = Indication(line="7", trace=120, first_trace=110, last_trace=130, along_track_m=None,
    ...     longitude_deg=14.3, latitude_deg=50.1, twt_s=3e-9, depth_m=0.12, depth_error_m=0.03,
    ...     velocity_m_per_s=1e8, velocity_source="given", score=7.5, rank=1)
    >>> len(encode(one)), decode(encode(one)).latitude_deg
    (72, 50.1)
    """
    fingerprint = indication.pipeline_sha256[:HEXADECIMAL_DIGITS]
    try:
        head = HEAD.pack(
            VERSION,
            _source(indication.velocity_source),
            min(indication.rank, MOST_RANK),
            indication.trace,
            indication.first_trace,
            indication.last_trace,
            _angle(indication.longitude_deg),
            _angle(indication.latitude_deg),
            _position_error(indication),
            math.nan if indication.along_track_m is None else indication.along_track_m,
            indication.depth_m,
            indication.depth_error_m,
            indication.twt_s,
            indication.velocity_m_per_s,
            indication.score,
            bytes.fromhex(fingerprint).ljust(8, b"\0"),
            int(indication.status != UNVERIFIED),
        )
    except (struct.error, OverflowError, ValueError) as error:
        msg = f"an indication does not fit into the compact form ({error}): {indication}"
        raise UsageError(msg) from error
    return head + _name(indication.line) + _name(indication.recording)


def decode(data: bytes) -> Indication:
    """Return the indication that `encode` made into bytes.

    Raises
    ------
    FormatError
        Another version, or not the bytes of an indication.
    """
    if len(data) > MOST_BYTES or not data or data[0] != VERSION:
        version = data[0] if data else None
        msg = (
            f"no compact indication: {len(data)} bytes of version {version}; "
            f"version {VERSION} has at most {MOST_BYTES}"
        )
        raise FormatError(msg)
    try:
        fields = HEAD.unpack_from(data)
        line, end = _read_name(data, HEAD.size)
        recording, end = _read_name(data, end)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        msg = f"a compact indication of {len(data)} bytes is cut short or damaged: {error}"
        raise FormatError(msg) from error
    return _indication(fields, line, recording)


def _indication(fields: tuple[Any, ...], line: str, recording: str) -> Indication:
    _, source, rank, trace, first, last, longitude, latitude, *numbers = fields
    error, along, depth, depth_error, twt, velocity, score, fingerprint, status = numbers
    evidence = () if math.isnan(error) else (Evidence(POSITION_ERROR, error, "m"),)
    return Indication(
        line=line,
        trace=trace,
        first_trace=first,
        last_trace=last,
        along_track_m=None if math.isnan(along) else along,
        longitude_deg=_degrees(longitude),
        latitude_deg=_degrees(latitude),
        twt_s=twt,
        depth_m=depth,
        depth_error_m=depth_error,
        velocity_m_per_s=velocity,
        velocity_source=SOURCES[source] if source < len(SOURCES) else "other",
        score=score,
        rank=rank,
        evidence=evidence,
        recording=recording,
        pipeline_sha256=fingerprint.hex() if any(fingerprint) else "",
        status="other" if status else UNVERIFIED,
    )


def _source(name: str) -> int:
    return SOURCES.index(name) if name in SOURCES else OTHER_SOURCE


def _angle(degrees: float | None) -> int:
    is_known = degrees is not None and math.isfinite(degrees)
    return round(degrees * PER_DEGREE) if is_known and degrees is not None else UNKNOWN


def _degrees(units: int) -> float | None:
    return None if units == UNKNOWN else units / PER_DEGREE


def _position_error(indication: Indication) -> float:
    known = (one.value for one in indication.evidence if one.name == POSITION_ERROR)
    return next(known, math.nan)


def _name(text: str) -> bytes:
    """Return a length byte and the text, cut between characters."""
    data = text.encode("utf-8", "replace")[:NAME_BYTES]
    whole = data.decode("utf-8", "ignore").encode("utf-8")
    return bytes([len(whole)]) + whole


def _read_name(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    if end > len(data):
        msg = f"a name of {data[at]} bytes at byte {at}"
        raise IndexError(msg)
    return data[at + 1 : end].decode("utf-8"), end

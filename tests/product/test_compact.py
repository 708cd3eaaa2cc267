"""An indication in 128 bytes: what comes back, and what is refused."""

from __future__ import annotations

import contextlib
import math
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import Evidence, FormatError, Indication, UsageError
from detectkit.product.compact import HEAD, MOST_BYTES, VERSION, decode, encode

FULL = Indication(
    line="lane 04",
    trace=1240,
    first_trace=1180,
    last_trace=1310,
    along_track_m=12.3456789,
    longitude_deg=14.300000077,
    latitude_deg=-50.100001713,
    twt_s=4.56789e-9,
    depth_m=0.1225,
    depth_error_m=0.0211,
    velocity_m_per_s=1.0e8,
    velocity_source="given",
    score=7.65432,
    rank=3,
    evidence=(Evidence("horizontal_error_m", 0.031, "m"), Evidence("width_m", 0.14, "m")),
    recording="flight-0007.h5",
    pipeline_sha256="ab12" * 16,
)
UNKNOWN = replace(
    FULL,
    along_track_m=None,
    longitude_deg=None,
    latitude_deg=None,
    depth_m=math.nan,
    evidence=(),
    pipeline_sha256="",
    recording="",
)

floats = st.floats(-1e6, 1e6, width=32)
indications = st.builds(
    Indication,
    line=st.text(max_size=40),
    trace=st.integers(0, 2**32 - 1),
    first_trace=st.integers(0, 2**32 - 1),
    last_trace=st.integers(0, 2**32 - 1),
    along_track_m=st.none() | floats,
    longitude_deg=st.none() | st.floats(-180, 180),
    latitude_deg=st.none() | st.floats(-90, 90),
    twt_s=floats,
    depth_m=floats,
    depth_error_m=floats,
    velocity_m_per_s=floats,
    velocity_source=st.sampled_from(["given", "file", "assumed", "fitted"]),
    score=floats,
    rank=st.integers(0, 100_000),
    recording=st.text(max_size=40),
    pipeline_sha256=st.sampled_from(["", "0f" * 32]),
)


class TestRoundTrip:
    def test_everything_that_is_carried_comes_back(self) -> None:
        data = encode(FULL)
        assert len(data) <= MOST_BYTES
        found = decode(data)
        assert (found.line, found.recording) == (FULL.line, FULL.recording)
        assert (found.trace, found.first_trace, found.last_trace) == (1240, 1180, 1310)
        assert (found.rank, found.velocity_source, found.status) == (3, "given", "unverified")
        assert found.pipeline_sha256 == FULL.pipeline_sha256[:16]
        assert found.longitude_deg == pytest.approx(FULL.longitude_deg, abs=1e-9)
        assert found.latitude_deg == pytest.approx(FULL.latitude_deg, abs=1e-9)
        for name in ("depth_m", "depth_error_m", "twt_s", "velocity_m_per_s", "score"):
            assert getattr(found, name) == pytest.approx(getattr(FULL, name), rel=1e-6)
        (error,) = found.evidence
        assert (error.name, error.unit) == ("horizontal_error_m", "m")
        assert error.value == pytest.approx(0.031)

    def test_what_is_not_known_stays_unknown(self) -> None:
        found = decode(encode(UNKNOWN))
        assert found.longitude_deg is found.latitude_deg is found.along_track_m is None
        assert math.isnan(found.depth_m)
        assert (found.evidence, found.pipeline_sha256, found.recording) == ((), "", "")

    @given(one=indications)
    def test_any_indication_fits_and_packing_again_changes_nothing(self, one: Indication) -> None:
        data = encode(one)
        assert len(data) <= MOST_BYTES
        assert encode(decode(data)) == data

    def test_names_are_cut_between_characters(self) -> None:
        found = decode(encode(replace(FULL, line="ä" * 40)))
        assert found.line == "ä" * 14

    def test_a_status_other_than_unverified_is_not_lost(self) -> None:
        assert decode(encode(replace(FULL, status="confirmed"))).status == "other"

    def test_the_layout_is_the_documented_one(self) -> None:
        data = encode(FULL)
        assert HEAD.size == 69
        assert data[0] == VERSION == 1
        assert struct.unpack_from("<H", data, 2) == (3,)
        assert struct.unpack_from("<III", data, 4) == (1240, 1180, 1310)
        assert struct.unpack_from("<qq", data, 16) == (14_300_000_077, -50_100_001_713)
        assert struct.unpack_from("<f", data, 40)[0] == pytest.approx(0.1225)
        assert data[60:68] == bytes.fromhex("ab12ab12ab12ab12")
        assert data[68] == 0
        assert data[69:77] == b"\x07lane 04"


class TestRefusals:
    def test_a_number_that_does_not_fit(self) -> None:
        with pytest.raises(UsageError, match="does not fit into the compact form"):
            encode(replace(FULL, trace=2**32))

    @pytest.mark.parametrize("data", [b"", b"\x02" + bytes(100), b"\x01" + bytes(128)])
    def test_another_version_or_length(self, data: bytes) -> None:
        with pytest.raises(FormatError, match="no compact indication"):
            decode(data)

    def test_every_cut(self) -> None:
        data = encode(FULL)
        for length in range(1, len(data)):
            with pytest.raises(FormatError, match="cut short or damaged"):
                decode(data[:length])

    @given(data=st.binary(max_size=140))
    def test_any_bytes_give_an_indication_or_a_format_error(self, data: bytes) -> None:
        for candidate in (data, b"\x01" + data):
            with contextlib.suppress(FormatError):
                assert len(encode(decode(candidate))) <= MOST_BYTES

"""MAVLink decoder on recorded flights (captured)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import Frame, Item
from detectkit_drivers.mavlink.decoder import MavlinkDecoder

from .writers import Peer, column, frames, notes, tlog_frames


def decoded(path: Path, *, piece: int = 1 << 16) -> tuple[MavlinkDecoder, list[Item]]:
    data = b"".join(tlog_frames(path))
    decoder = MavlinkDecoder()
    items = [
        one for at in range(0, len(data), piece) for one in decoder.feed(data[at : at + piece])
    ]
    return decoder, items


@pytest.fixture(scope="module")
def survey(shared_data: Path) -> tuple[MavlinkDecoder, list[Item]]:
    return decoded(shared_data / "mavlink" / "sitl_survey" / "survey_1m_payload_serial1.tlog")


@pytest.fixture(scope="module")
def old_flight(shared_data: Path) -> tuple[MavlinkDecoder, list[Item]]:
    return decoded(shared_data / "mavlink" / "flight.tlog", piece=997)


class TestOldFlight:
    def test_every_message_and_every_damaged_one_is_counted(
        self, old_flight: tuple[MavlinkDecoder, list[Item]]
    ) -> None:
        decoder, items = old_flight
        assert decoder.tally.messages + decoder.tally.damaged == 76_791
        assert decoder.tally.damaged == 1_314
        assert decoder.vehicle == 1
        assert len(decoder.losses.senders) == 3
        assert len(frames(items, "gps")) > 2800

    def test_positions_of_zero_and_those_without_a_fix_do_not_come_through(
        self, old_flight: tuple[MavlinkDecoder, list[Item]]
    ) -> None:
        _, items = old_flight
        latitudes = np.array(column(items, "position", "latitude_deg"))
        assert len(latitudes) == 2684
        assert np.ptp(latitudes) < 0.01
        fixed = np.array(column(items, "gps", "fix_quality")) > 0
        known = np.isfinite(column(items, "gps", "latitude_deg"))
        np.testing.assert_array_equal(known, fixed)
        assert (~fixed).sum() > 0


class TestSurvey:
    def test_every_frame_of_the_vehicle_is_read(
        self, survey: tuple[MavlinkDecoder, list[Item]]
    ) -> None:
        decoder, _ = survey
        window = decoder.losses.senders[1, 1]
        assert (window.received, window.lost, window.repeated) == (43_446, 0, 0)
        assert (decoder.tally.damaged, decoder.tally.dropped_bytes) == (0, 0)

    def test_rates_are_those_that_were_asked_for(
        self, survey: tuple[MavlinkDecoder, list[Item]]
    ) -> None:
        _, items = survey
        for stream, rate_hz in (("attitude", 50.0), ("position", 20.0), ("gps", 5.0)):
            stamps = [
                int(one.device_ns[0]) for one in frames(items, stream) if one.device_ns is not None
            ]
            steps_s = np.diff(stamps) / 1e9
            assert np.median(steps_s) == pytest.approx(1.0 / rate_hz, abs=2e-3), stream
            assert steps_s.min() >= 0.0

    def test_the_lanes_are_flown_one_metre_over_the_ground(
        self, survey: tuple[MavlinkDecoder, list[Item]]
    ) -> None:
        _, items = survey
        heights = np.array(column(items, "rangefinder", "distance_m"))
        cut = np.array(column(items, "range", "distance_m"))
        flown = np.abs(heights - 1.0) < 0.1
        assert flown.sum() > 1500
        assert np.nanmedian(heights[flown]) == pytest.approx(1.0, abs=0.02)
        assert len(cut) == len(heights)
        assert 0.0 < np.nanmedian(heights - cut) < 0.01

    def test_utc_and_the_origin_come_late(self, survey: tuple[MavlinkDecoder, list[Item]]) -> None:
        _, items = survey
        known = ["time_ns" in one.coords for one in frames(items, "clock")]
        assert known.count(False) == 9
        assert known == sorted(known)
        assert len(frames(items, "position")) == 5177 - 99

    def test_the_fix_is_told_as_rtk_fixed(self, survey: tuple[MavlinkDecoder, list[Item]]) -> None:
        _, items = survey
        assert column(items, "gps", "fix_quality")[-1] == 4.0
        assert column(items, "gps", "up_m")[-1] == pytest.approx(250.1, abs=0.5)
        assert column(items, "mission", "waypoint")[0] == 0.0
        assert column(items, "reached", "waypoint_reached") == list(range(2, 20))

    def test_answers_to_requests_that_nobody_saw_us_send_are_foreign(
        self, survey: tuple[MavlinkDecoder, list[Item]]
    ) -> None:
        decoder, items = survey
        assert frames(items, "timesync") == []
        assert decoder.foreign_timesync == 258

    def test_answers_are_matched_when_the_requests_were_seen(self, shared_data: Path) -> None:
        folder = shared_data / "mavlink" / "sitl_survey"
        table = np.loadtxt(
            folder / "survey_1m_timesync.csv",
            delimiter=",",
            skiprows=1,
            usecols=(1, 2),
            dtype=np.int64,
        )
        decoder, own = MavlinkDecoder(), Peer(1, 191)
        waiting = list(table[:, 0])
        found: list[Item] = []
        for frame in tlog_frames(folder / "survey_1m_payload_serial1.tlog"):
            while waiting and len(found) + 200 > len(table) - len(waiting):
                decoder.sent(own.pack(dialect.MAVLink_timesync_message(0, int(waiting.pop(0)))))
            found += frames(decoder.feed(frame), "timesync")
        pairs = [
            (int(one.coords["host_ns"][0]), int(one.coords["device_ns"][0]))
            for one in found
            if isinstance(one, Frame)
        ]
        assert pairs == [tuple(row) for row in table.tolist()]

    def test_what_the_autopilot_says_is_told(
        self, survey: tuple[MavlinkDecoder, list[Item]]
    ) -> None:
        _, items = survey
        texts = [one.text for one in notes(items)]
        assert len(texts) == 59
        assert "Reached command #19" in texts
        assert "EKF3 IMU0 MAG0 in-flight yaw alignment complete" in texts


class TestTornFiles:
    def test_a_recording_cut_at_any_byte_of_its_last_message_is_read(
        self, shared_data: Path
    ) -> None:
        path = shared_data / "mavlink" / "sitl_survey" / "survey_1m_payload_serial1.tlog"
        some = [one for _, one in zip(range(300), tlog_frames(path), strict=False)]
        whole = b"".join(some)
        for missing in range(1, len(some[-1]) + 1):
            decoder = MavlinkDecoder(vehicle=1)
            decoder.feed(whole[:-missing])
            assert decoder.tally.messages == 299
            assert decoder.held_bytes == len(some[-1]) - missing

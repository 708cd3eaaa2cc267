"""The recorded survey (captured): clocks against each other, poses against the finer message.

The autopilot sends its estimate twice in the same moment: as GLOBAL_POSITION_INT, in steps of
1.1 cm by 0.7 cm, and as LOCAL_POSITION_NED, in floats. Poses are made from the first and compared
with the second, which is the truth here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.geo import ArrivalClock, LocalFrame, PeerClock, PoseJoin, PoseTrack

from .conftest import Survey

Values = npt.NDArray[np.float64]
MS, SECOND = 1_000_000, 1_000_000_000
ORIGIN = LocalFrame(14.3, 50.0999999, 250.1)


def one(value: float) -> Values:
    return np.array([value])


def stamp(value: int) -> npt.NDArray[np.int64]:
    return np.array([value], np.int64)


class Clocks:
    """Time of a message from the pairs so far, or from its own arrivals."""

    def __init__(self, survey: Survey, way: str) -> None:
        self.pairs = survey.pairs.tolist()
        self.way = way
        self.peer = PeerClock()
        self.own: dict[str, ArrivalClock] = {}

    def host(self, arrival: int, message: object, boot_ms: int) -> npt.NDArray[np.int64] | None:
        while self.pairs and self.pairs[0][2] <= arrival:
            self.peer.push(*self.pairs.pop(0))
        if self.way == "arrival":
            clock = self.own.setdefault(type(message).__name__, ArrivalClock())
            return clock.push(stamp(boot_ms * MS), stamp(arrival))[0]
        return self.peer.to_host(stamp(boot_ms * MS))[0] if self.peer.ready else None


def joined(survey: Survey, way: str, *, every: int) -> dict[str, Values]:
    """Play the survey; pose each LOCAL_POSITION_NED from every so many GLOBAL_POSITION_INT."""
    clocks, track = Clocks(survey, way), PoseTrack()
    join = PoseJoin(track)
    latest, truth, naive, found, number = (np.nan, np.nan), [], [], [], 0
    for arrival, message in survey.messages:
        kind = message.get_type()
        boot = getattr(message, "time_boot_ms", None)
        host = None if boot is None else clocks.host(arrival, message, boot)
        if host is None:
            continue
        if kind == "GLOBAL_POSITION_INT" and message.lat:
            number += 1
            if number % every == 0:
                latest = (message.lon / 1e7, message.lat / 1e7)
                track.push_positions(host, *(one(x) for x in latest), one(message.alt / 1e3))
        elif kind == "ATTITUDE":
            track.push_attitudes(host, one(message.roll), one(message.pitch), one(message.yaw))
        elif kind == "DISTANCE_SENSOR":
            track.push_heights(host, one(message.current_distance / 100.0))
        elif kind == "LOCAL_POSITION_NED":
            join.push(host)
            truth.append((message.y, message.x, np.hypot(message.vx, message.vy)))
            naive.append(latest)
        found.append(join.ready(arrival).coords)
    found.append(join.finish().coords)
    coords = {name: np.concatenate([c[name] for c in found]) for name in found[0]}
    return coords | {"truth": np.array(truth), "naive": np.array(naive)}


def errors_m(place: tuple[Values, Values], truth: Values) -> Values:
    """Return horizontal distances from the truth while flying, without the constant offset."""
    east, north, _ = ORIGIN.to_local(*place)
    flying = (truth[:, 2] > 0.5) & np.isfinite(east)
    apart = np.stack([east, north])[:, flying] - truth[flying, :2].T
    return np.hypot(*(apart - np.median(apart, axis=1)[:, np.newaxis]))


def rms(values: Values) -> float:
    return float(np.sqrt(np.mean(values**2)))


@pytest.mark.parametrize(("every", "ratio"), [(2, 4.5), (4, 11.0)])
@pytest.mark.parametrize("way", ["pairs", "arrival"])
def test_poses_between_thinned_fixes_are_as_good_as_the_fixes(
    survey: Survey, way: str, every: int, ratio: float
) -> None:
    """10 and 5 Hz at 1 m/s: 0.8 cm rms, the step of the message; the latest value 3.8 and 9.4."""
    found = joined(survey, way, every=every)
    error = errors_m((found["longitude_deg"], found["latitude_deg"]), found["truth"])
    latest = errors_m((found["naive"][:, 0], found["naive"][:, 1]), found["truth"])
    assert error.size > 1600
    assert rms(error) < 0.0085
    assert error.max() < 0.02
    assert rms(latest) > ratio * rms(error)


def test_the_lanes_are_where_the_pilot_put_them(survey: Survey) -> None:
    """Eight lanes of 10 m, 0.5 m apart, each straight to 2 cm, at 1 m over the ground."""
    found = joined(survey, "pairs", every=2)
    east, north, _ = ORIGIN.to_local(found["longitude_deg"], found["latitude_deg"])
    truth = found["truth"]
    along, across = (east, north) if np.ptp(truth[:, 0]) > np.ptp(truth[:, 1]) else (north, east)
    steps = np.diff(along, prepend=along[0]) * 20.0
    flying = (truth[:, 2] > 0.8) & (np.abs(steps) > 0.5)
    runs = np.split(np.flatnonzero(flying), np.flatnonzero(np.diff(np.flatnonzero(flying)) > 5) + 1)
    lanes = [run for run in runs if np.ptp(along[run]) > 7.0]
    assert len(lanes) == 8
    middle = np.array([np.median(across[lane]) for lane in lanes])
    np.testing.assert_allclose(np.abs(np.diff(middle)), 0.5, atol=0.03)
    for lane in lanes:
        line = np.polyval(np.polyfit(along[lane], across[lane], 1), along[lane])
        assert rms(across[lane] - line) < 0.02
        assert abs(np.median(found["height_m"][lane]) - 1.0) < 0.02
        assert np.std(found["ground_up_m"][lane]) < 0.02


def test_the_peers_clock_is_followed_better_than_by_a_straight_line(survey: Survey) -> None:
    """Causal: each pair is predicted from those before it. A line through all pairs: 1.9 ms."""
    clock, away = PeerClock(), []
    for device, sent, received in survey.pairs.tolist():
        host = clock.to_host(stamp(device))[0][0] if clock.ready else np.nan
        away.append(host - (sent + received) / 2.0)
        clock.push(device, sent, received)
    device, sent, received = survey.pairs.T.astype(np.float64)
    away, short = np.array(away), received - sent <= np.quantile(received - sent, 0.25)
    middle = (sent + received) / 2.0
    line = np.polyval(np.polyfit(device, middle - device, 1), device) - (middle - device)
    after = np.arange(away.size) > 10
    assert np.std(line[short]) == pytest.approx(1.95 * MS, rel=0.05)
    assert np.std(away[short & after]) < 1.6 * MS
    assert np.abs(away[short & after]).max() < 4.6 * MS
    assert clock.resets == 0


@pytest.mark.parametrize("kind", ["ATTITUDE", "GLOBAL_POSITION_INT"])
def test_arrivals_alone_tell_the_same_time_but_for_a_constant(survey: Survey, kind: str) -> None:
    """The lower envelope of 50 and 20 Hz against the pairs: 1 ms, where arrivals scatter by 3."""
    clock, clocks, ours, pairs, raw = ArrivalClock(), Clocks(survey, "pairs"), [], [], []
    for arrival, message in survey.of(kind):
        peer = clocks.host(arrival, message, message.time_boot_ms)
        host = clock.push(stamp(message.time_boot_ms * MS), stamp(arrival))[0]
        if peer is not None:
            ours.append(host[0])
            pairs.append(peer[0])
            raw.append(arrival)
    apart = (np.array(ours) - np.array(pairs))[500:] / MS
    scatter = (np.array(raw) - np.array(pairs))[500:] / MS
    assert np.std(apart) < 1.4
    assert np.std(scatter) > 2.5
    assert -5.0 < np.mean(apart) < -2.0, "the simulator answers requests late: not seen by either"
    assert np.std(np.diff(ours)) < 0.15 * np.std(np.diff(raw))
    assert clock.resets == 0

"""Fusion: every find of every sensor is in one place, whatever a model makes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import Block, Indication, Sensor
from detectkit.core.indication import UNKNOWN
from detectkit.detect.assess import Assessment
from detectkit.detect.evidence import EvidencePatch
from detectkit.detect.found import Found
from detectkit.detect.fusion import Branch, Place, fuse, ranked
from detectkit.detect.metal import DetectorTrack, MetalBranch, MetalSettings
from detectkit.detect.radar_track import RadarTrack
from detectkit.detect.settings import DetectSettings
from detectkit.pipeline import Pipeline

from . import tracks


@dataclass(frozen=True)
class Says:
    """An assessor that says the same of everything."""

    probability: float
    category: str = "none"
    high: float = 0.0
    label: str = "a test"
    prior: float = 0.1

    def with_prior(self, prior: float) -> Says:
        return replace(self, prior=prior)

    def check(self, pipeline: Pipeline) -> None:
        del pipeline

    def assess(self, patches: Sequence[EvidencePatch]) -> list[Assessment]:
        one = Assessment(self.probability, 0.0, self.high, self.category, 0.5)
        return [one for _ in patches]


def find(sensor: str, along_m: float, score: float = 8.0, *, stream: str = "") -> Found:
    nan = float("nan")
    depth = 0.1 if sensor == "gpr" else nan
    one = Indication(
        line="L1",
        trace=round(along_m / tracks.SPACING_M) + 1,
        first_trace=1,
        last_trace=2,
        along_track_m=along_m,
        longitude_deg=tracks.LONGITUDE_DEG,
        latitude_deg=tracks.LATITUDE_DEG + along_m / tracks.METRES_PER_DEGREE,
        twt_s=depth,
        depth_m=depth,
        depth_error_m=depth,
        velocity_m_per_s=1e8,
        velocity_source="given",
        score=score,
        rank=0,
        sensors=sensor,
        detector_snr=None if sensor == "gpr" else score,
    )
    return Found(sensor, stream or sensor, one, "L1", round(along_m / tracks.SPACING_M))


def radar(*along_m: float) -> Branch:
    track = tracks.track_of([tracks.line()])
    return Branch(track, [find("gpr", one) for one in along_m])


def metal(*along_m: float, score: float = 9.0) -> Branch:
    return Branch(DetectorTrack(), [find("metal_detector", one, score) for one in along_m])


PLACES_M = st.lists(st.floats(0.7, 3.3).map(lambda one: round(one, 2)), max_size=6, unique=True)


@settings(max_examples=40, deadline=None)
@given(PLACES_M, PLACES_M)
def test_no_find_is_lost_when_a_model_thinks_nothing_of_it(
    by_radar: list[float], by_metal: list[float]
) -> None:
    places = fuse([radar(*by_radar), metal(*by_metal)], Says(0.0))
    counted = [{e.name: e.value for e in one.indication.evidence} for one in places]
    assert sum(one["finds"] for one in counted) == len(by_radar) + len(by_metal)
    heard = [one for one in places if "metal_detector" in one.indication.sensors]
    for alarm in by_metal:
        near = [one.indication.along_track_m or 0.0 for one in heard]
        assert min(abs(alarm - one) for one in near) <= 0.26
    assert all(one.indication.detector_snr == 9.0 for one in heard)


def test_an_alarm_alone_is_a_place_with_what_the_radar_recorded_there() -> None:
    [place] = fuse([radar(), metal(2.0)], Says(0.01))
    assert place.indication.sensors == "metal_detector"
    assert math.isnan(place.indication.depth_m)
    assert place.patch.radar_known.all()
    assert np.abs(place.patch.radar[0, :, 20:28]).max() > 5.0
    assert place.patch.scalar("detector_snr") == 9.0
    assert math.isnan(place.patch.scalar("gpr_score"))


def test_a_sensor_that_was_not_there_is_masked() -> None:
    [place] = fuse([radar(2.0)], None)
    assert place.indication.sensors == "gpr"
    assert place.indication.detector_snr is None
    assert not place.patch.detector_known.any()
    [alone] = fuse([metal(2.0)], None)
    assert alone.indication.gpr_score is None
    assert not alone.patch.radar_known.any()


def test_what_stands_together_is_one_place_with_both_sensors() -> None:
    [place] = fuse([radar(2.0), metal(2.1)], None)
    one = place.indication
    assert one.sensors == "gpr+metal_detector"
    assert (one.gpr_score, one.detector_snr) == (8.0, 9.0)
    names = {each.name for each in one.evidence}
    assert {"detector_longitude_deg", "detector_latitude_deg"} <= names


def test_the_order_of_the_branches_changes_nothing() -> None:
    branches = [radar(1.0, 2.0), metal(1.1, 3.0)]
    said = [
        [one.indication for one in fuse(order, Says(0.4))] for order in (branches, branches[::-1])
    ]
    assert said[0] == said[1]


def place_of(chance: float, category: str, high: float) -> Place:
    [place] = fuse([radar(2.0)], Says(chance, category, high))
    return place


def test_the_unknown_is_looked_at_as_an_alarm() -> None:
    likely, unlikely, strange = (
        place_of(0.6, "ap_mine", 0.7), place_of(0.1, "none", 0.2), place_of(0.1, UNKNOWN, 0.9)
    )  # fmt: skip
    order = [one.indication.category for one in ranked([unlikely, likely, strange])]
    assert order == [UNKNOWN, "ap_mine", "none"]


def test_a_detector_hears_beside_the_radar_on_one_track() -> None:
    along = np.arange(0.0, 12.0, 0.05)
    rows = np.random.default_rng(1).normal(0.0, 5.0, (along.size, 3))
    rows[:, 1:] += 400.0 / (1.0 + ((along - 6.0) / 0.2) ** 2)[:, None] ** 3
    place = {
        "along_track_m": ("trace", along),
        "longitude_deg": ("trace", np.full(along.size, tracks.LONGITUDE_DEG)),
        "latitude_deg": ("trace", tracks.LATITUDE_DEG + along / tracks.METRES_PER_DEGREE),
    }
    coil = MetalBranch(MetalSettings())
    block = Block(rows, ("trace", "channel"), place, Sensor(id="coil", kind="metal_detector"))
    heard = Branch(coil.track, [*coil.push(block), *coil.finish()])
    seen = tracks.track_of([tracks.line(rows=600, at_m=6.0)])
    both = fuse([Branch(seen, [find("gpr", 6.0)]), heard], None)
    assert [one.indication.sensors for one in both] == ["gpr+metal_detector"]
    assert both[0].patch.detector_known.all()
    assert both[0].patch.detector[0, 20:28].max() > 10.0


def test_nothing_found_is_no_place() -> None:
    assert fuse([Branch(RadarTrack(DetectSettings()))], Says(0.5)) == []

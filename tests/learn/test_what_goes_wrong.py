"""What usually goes wrong with learned detectors, a test for each.

From the project's facts on detection quality, "What usually goes wrong, and the test for it". Every
test shows the fault itself as well, so that it is seen to be caught.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.detect.evidence import GRID, SCALARS
from detectkit.detect.rule import FEATURES, load_rule
from detectkit.detect.scoring.calibration import calibration
from detectkit.detect.scoring.curve import Curve
from detectkit.detect.scoring.fields import Alarm, Field, Raster, Rectangle, Target
from detectkit.detect.scoring.intervals import AreaRate, Share
from detectkit.detect.scoring.matching import Scored, score
from detectkit.learn.ablations import (
    by_height,
    can_fall,
    no_veto,
    seen_plastic,
    with_silent_detector,
    without_middle,
)
from detectkit.learn.baselines.features import picture_statistics
from detectkit.learn.baselines.held_out import (
    false_at,
    folds_by_group,
    folds_shuffled,
    held_out,
    separability,
)
from detectkit.learn.baselines.scores import by_index_folds, fitted_scores
from detectkit.learn.corpus import Corpus
from detectkit.learn.corpus.leakage import LeakageError, check_alike, check_grounds
from detectkit.learn.decided import decided, missed_by_site, per_candidate
from detectkit.learn.deciding import DecisionSettings, decide, threshold_by_site
from detectkit.learn.examples import Examples
from detectkit.learn.finish import decided_on, finish, judge_and_pack
from detectkit.learn.hiding import without_detector
from detectkit.learn.judging import Judge, judged
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.files import load_model
from detectkit.learn.model.manifest import Facts, Manifest
from detectkit.learn.model.model import Model
from detectkit.learn.ranking import area_by_groups, area_under_curve
from detectkit.learn.report import Said, said_of
from detectkit.learn.summary import sources_of, summary
from detectkit.learn.training.experiment import Trained
from detectkit.learn.training.recipe import TrainingRecipe

from .drawn_lanes import DrawnLanes, drawn_examples, drawn_lanes, hyperbola

LANES = drawn_lanes()
HALO_M = 0.25
HALF = np.arange(80) % 2 == 0


def judge(lanes: DrawnLanes = LANES, split: Any = "test") -> Judge:
    return Judge(cast("Corpus", lanes), split)


def sure(one: Judge, *, seed: int = 0) -> np.ndarray:
    """Return probabilities that know a target from the rest most of the time."""
    target = one.corpus.table["category"][one.rows] == 0
    odds = np.random.default_rng(seed).normal(np.where(target, 1.5, -1.5), 1.0)
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


class TestNeighboursInBothSets:
    def test_ground_in_two_splits_fails_the_build(self) -> None:
        with pytest.raises(LeakageError, match="site 1 is in train and in test"):
            check_grounds([("site 1", 0), ("site 2", 1), ("site 1", 2)])

    def test_what_a_shuffled_split_flatters_is_told(self) -> None:
        """Relatives of a site look alike and are mostly of a kind: a patch knows its neighbours."""
        rng = np.random.default_rng(0)
        site = np.repeat(np.arange(30), 12)
        target = rng.uniform(size=360) < rng.uniform(0.05, 0.95, 30)[site]
        looks = rng.normal(size=(30, 20))[site] + 0.3 * rng.normal(size=(360, 20))
        shuffled = held_out(looks, target, folds_shuffled(360))
        by_site = held_out(looks, target, folds_by_group(site))
        gap = cast("float", false_at(by_site, target, 0.95)) - cast(
            "float", false_at(shuffled, target, 0.95)
        )
        assert gap > 0.05
        assert area_under_curve(shuffled, target) > area_under_curve(by_site, target) + 0.05


def test_duplicates_in_two_sets_fail_the_build() -> None:
    radar = drawn_examples(np.ones(4, np.bool_), seed=0).radar
    split = np.array([0, 0, 2, 2], np.int8)
    check_alike(radar, split, alike=0.99)
    radar[3] = 1.7 * radar[0] + 0.2
    with pytest.raises(LeakageError, match="are the same patch"):
        check_alike(radar, split, alike=0.99)


def test_a_place_in_the_file_knows_nothing_where_sites_are_held_out() -> None:
    """Ten targets in a row: the index finds them where neighbours stay, not where a site leaves."""
    site = np.repeat(np.arange(12), 20)
    target = np.random.default_rng(1).permutation(12)[site] < 6
    target &= np.arange(240) % 20 < 10
    place = np.arange(240.0)
    leak, honest = (
        area_by_groups(by_index_folds(place, target, fold % 2), target, site)
        for fold in (folds_shuffled(240), folds_by_group(site))
    )
    assert leak.low > 0.8, "this is how a leak shows"
    assert honest.low < 0.5


class TestSceneInsteadOfTarget:
    TRAIN, TEST = drawn_examples(HALF, seed=1), drawn_examples(HALF, seed=2)

    def test_air_and_surface_alone_stay_near_chance_and_the_middle_matters(self) -> None:
        cropped = without_middle(self.TEST)
        found = fitted_scores(self.TRAIN, {"test": self.TEST, "cropped": cropped})
        for part in ("air only", "surface only"):
            assert 0.3 < area_under_curve(found[part]["test"], HALF) < 0.7
        assert area_under_curve(found["gradients"]["test"], HALF) > 0.9
        assert area_under_curve(found["gradients"]["cropped"], HALF) < 0.7

    def test_a_machine_that_knows_the_scene_is_caught_by_the_crop(self) -> None:
        """Holes are dug here beside the targets only, half a metre from the middle."""
        train, test = (self.with_edges(one) for one in (self.TRAIN, self.TEST))
        found = fitted_scores(train, {"cropped": without_middle(test)})
        assert area_under_curve(found["gradients"]["cropped"], HALF) > 0.9

    @staticmethod
    def with_edges(examples: Examples) -> Examples:
        edge = (np.abs(GRID.along_m) > 0.45) * hyperbola(0.3).max(axis=1, keepdims=True)
        return replace(
            examples,
            radar=(examples.radar + 9.0 * HALF[:, None, None, None] * edge).astype(np.float32),
        )

    def test_nothing_of_the_middle_is_left(self) -> None:
        cropped, middle = without_middle(self.TEST), np.abs(GRID.along_m) <= 0.15
        assert not cropped.radar[..., middle].any()
        assert not cropped.detector[..., middle].any()
        assert not cropped.radar_known[:, middle].any()
        assert np.array_equal(cropped.radar[..., ~middle], self.TEST.radar[..., ~middle])
        for name in ("gpr_score", "detector_snr"):
            assert np.isnan(cropped.scalars[:, SCALARS.index(name)]).all()


def test_saying_always_the_same_is_told_beside_every_accuracy() -> None:
    """72 of 100 right without looking, as published for one set of features."""
    target = np.arange(100) < 72
    told = per_candidate(np.ones(100, np.bool_), target)
    assert told["accuracy"] == told["constant"]["accuracy"] == 0.72
    assert told["balanced_accuracy"] == told["constant"]["balanced_accuracy"] == 0.5
    better = per_candidate(
        np.where(target, np.arange(100) % 10 > 0, np.arange(100) % 2 > 0), target
    )
    assert better["balanced_accuracy"] == pytest.approx(0.5 * (0.9 + 0.5), abs=0.02)


def test_a_detected_share_is_one_of_ground_with_halo_area_and_interval() -> None:
    here = judge()
    told = judged(here, {"network": sure(here)}, draws=20)
    for name, system in told["systems"].items():
        for halo, one in system.items():
            assert halo.startswith("halo "), name
            assert one["targets"] == 24
            assert one["area_less_halos_m2"] < 12 * 8.0 * 0.6
            for point in (one["all candidates"], *one["at_far"].values()):
                assert point["pd_numbers"]["n"] == 24
                assert point["far_numbers"]["area_m2"] == pytest.approx(
                    one["area_less_halos_m2"], abs=0.01
                )
                assert "interval" in point["pd"]
                assert "interval" in point["far"]
    shares = set(told["systems"]["network"]["halo 0.25 m"])
    assert not {"accuracy", "area_under_curve"} & shares, "those are figures of patches"


def test_being_right_about_a_lane_is_no_detection() -> None:
    """Every lane with a target rings, none without: perfect by lane, yet a metre beside it."""
    ground = Rectangle(0.0, -0.3, 8.0, 0.3)
    target = Target(2.0, 0.0, 0.06, "ap_mine")
    rings = Field("rings", [Alarm(3.0, 0.0, 0.9)], [target], ground)
    quiet = Field("quiet", [Alarm(5.0, 0.0, 0.1)], [], ground)
    by_lane = area_under_curve(np.array([0.9, 0.1]), np.array([True, False]))
    found = Curve.of(score([rings, quiet], halo_m=HALO_M)).at_threshold(0.0)
    assert by_lane == 1.0
    assert (found.pd.hits, found.far.count) == (0, 2)


class TestSimulatedIsNotReal:
    GROUP = np.repeat(np.arange(10), 16)

    def statistics(self, seed: int, *, width_m: float = 0.03) -> np.ndarray:
        """Return pictures' statistics of ten sites, each with a gain of its own."""
        target = np.arange(160) % 2 == 0
        drawn = drawn_examples(target, seed=seed, width_m=width_m)
        gain = np.random.default_rng(seed).uniform(0.8, 1.2, 10)[self.GROUP]
        return picture_statistics(
            replace(drawn, radar=(drawn.radar * gain[:, None, None, None]).astype(np.float32))
        )

    def test_another_wavelet_is_told_apart_and_the_same_simulator_is_not(self) -> None:
        ours, groups = self.statistics(1), (self.GROUP, self.GROUP)
        other = separability(ours, self.statistics(2, width_m=0.06), groups=groups, permutations=19)
        same = separability(ours, self.statistics(3), groups=groups, permutations=19)
        assert other.area.low > 0.75
        assert other.chance <= 0.05
        assert same.area.low < 0.5 < same.area.high
        assert same.chance > 0.05

    def test_sites_are_held_out_not_examples(self) -> None:
        with pytest.raises(UsageError, match="at least two of each"):
            separability(np.ones((4, 2)), np.ones((4, 2)), groups=(np.zeros(4), np.arange(4)))


class TestHeight:
    def test_the_detected_share_falls_with_the_height_or_it_is_said(self) -> None:
        here = judge()
        height = here.corpus.lanes["height_m"][here.corpus.table["lane"][here.rows]]
        target = here.corpus.table["category"][here.rows] == 0
        fades = np.where(target & (height > 0.4), 0.1, 0.9)
        grows = np.where(target & (height < 0.4), 0.1, 0.9)
        down, up = (
            by_height(here.scored(one, halo_m=HALO_M), threshold=0.5) for one in (fades, grows)
        )
        assert [one["height"] for one in down["heights"]] == ["0.3 m", "0.5 m", "0.7 m"]
        assert [one["pd_numbers"]["hits"] for one in down["heights"]] == [8, 0, 0]
        assert down["falls"]
        assert not up["falls"]

    def test_chance_alone_is_no_rise(self) -> None:
        few = [Share(3, 5).interval(), Share(4, 5).interval()]
        many = [Share(300, 500).interval(), Share(400, 500).interval()]
        assert can_fall(few)
        assert not can_fall(many)

    def test_beyond_the_heights_it_learned_nothing_is_low(self, model: Model) -> None:
        drawn = drawn_examples(np.ones(1, np.bool_), seed=0)
        scalars = drawn.scalars.copy()
        scalars[:, SCALARS.index("height_m")] = 3.0
        said = said_of_all(model, replace(drawn, scalars=scalars))
        assert said.unknown.all()
        assert said.alarm.tolist() == [1.0], "what is unknown counts as an alarm"


def said_of_all(model: Model, examples: Examples) -> Said:
    return said_of(NetworkAssessor(model), examples)


class TestReadError(Exception):
    """The evidence of a test lane is being read."""

    __test__ = False


@dataclass(frozen=True)
class Watched(DrawnLanes):
    """Lanes that let nobody read the evidence of a test lane before the threshold is written."""

    report: Path = Path()

    def read(self, which: np.ndarray) -> Any:
        if (self.table["split"][which] == 2).any():
            written = json.loads(self.report.read_text()) if self.report.is_file() else {}
            raise TestReadError(written.get("decision"))
        return super().read(which)


class TestThresholdTunedOnTheTest:
    def test_it_is_written_before_a_test_lane_is_read(
        self, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("detectkit.learn.finish.make_model", lambda *_, **__: model)
        fields = [LANES.table, LANES.lanes, LANES.targets, LANES.examples]
        watched = Watched(*fields, report=tmp_path / "report.json")
        trained = cast("Trained", SimpleNamespace(network=lambda: None))
        recipe = 'name = "trial"\n[decision]\nmiss_rate = 0.2\n'
        with pytest.raises(TestReadError) as caught:
            finish(
                trained, cast("Corpus", watched), Facts("trial", "", "", 1, recipe=recipe),
                tmp_path, lambda _: None,
            )  # fmt: skip
        told = caught.value.args[0]
        assert told["sites"] == 10
        assert told["miss_rate"] == 0.2
        assert 0.0 <= told["threshold"] <= 1.0

    def test_a_model_carries_it(self, model: Model) -> None:
        here = judge(split="validation")
        made = decide(here.scored(sure(here), halo_m=HALO_M), DecisionSettings(), prior=0.1)
        text = replace(model.manifest, decision=made).to_json()
        assert Manifest.from_json(text).decision == made

    def test_what_it_is_set_for_changes_no_weights(self) -> None:
        plain, other = (
            TrainingRecipe.from_toml(f'name = "a"\n[decision]\nmiss_rate = {rate}\n')
            for rate in (0.1, 0.3)
        )
        assert plain.fingerprint == other.fingerprint
        with pytest.raises(UsageError, match="between 0 and 1"):
            TrainingRecipe.from_toml('name = "a"\n[decision]\nmiss_rate = 0\n')


class TestThresholdByMissRate:
    def misses(self, *, sites: int, seed: int, by_site: bool) -> float:
        """Return the miss rate at a further site; sites differ, and large ones are easy."""
        rng = np.random.default_rng(seed)
        shift = rng.normal(0.0, 1.5, sites + 1)
        size = np.where(shift > 0.0, 40, 6)
        site = np.repeat(np.arange(sites + 1), size)
        said = 1.0 / (1.0 + np.exp(-rng.normal(shift[site], 1.0)))
        ours = site < sites
        groups = site[ours] if by_site else np.arange(ours.sum())
        threshold = threshold_by_site(said[ours], groups, miss_rate=0.1)
        return float((said[~ours] < threshold).mean())

    def test_it_holds_at_further_sites_where_pooling_does_not(self) -> None:
        kept = np.mean([self.misses(sites=19, seed=one, by_site=True) for one in range(200)])
        pooled = np.mean([self.misses(sites=19, seed=one, by_site=False) for one in range(200)])
        assert kept < 0.1 + 0.02
        assert pooled > 0.13

    def test_few_sites_promise_nothing(self) -> None:
        assert threshold_by_site(np.full(8, 0.9), np.arange(8), miss_rate=0.1) == 0.0
        assert threshold_by_site(np.full(9, 0.9), np.arange(9), miss_rate=0.1) == 0.9

    def test_misses_are_told_by_site_the_worst_beside_the_mean(self) -> None:
        here = judge()
        table = here.corpus.table[here.rows]
        said = np.where((table["site"] == 203) & (table["x_m"] < 4.0), 0.1, 0.9)
        told = missed_by_site(here.scored(said, halo_m=HALO_M), 0.5)
        assert told["worst"]["site"] == "site 203"
        assert told["worst"]["hits"] == 2
        assert told["mean_of_sites"] == pytest.approx(2 / 4 / 6)
        assert told["all_numbers"]["n"] == 24
        assert told["never_found"] == 0

    def test_costs_move_the_threshold_and_are_counted(self) -> None:
        here = judge()
        scored = here.scored(sure(here), halo_m=HALO_M)
        made = decide(scored, DecisionSettings(cost_ratio=9.0), prior=0.5)
        cost = decided(scored, made)["by_cost"]
        assert made.cost_threshold == pytest.approx(0.1)
        point = Curve.of(scored).at_threshold(0.1)
        by_hand = (9.0 * (24 - point.pd.hits) + point.far.count) / scored.area_m2
        assert cost["per_m2"] == pytest.approx(by_hand)
        assert cost["best_in_hindsight"]["per_m2"] <= cost["per_m2"] < cost["no_alarm_per_m2"]


def test_probabilities_that_are_wrong_on_one_site_are_told_of_it() -> None:
    rng = np.random.default_rng(0)
    said = rng.uniform(0.05, 0.95, 600)
    site = np.repeat([f"site {one}" for one in range(6)], 100)
    there = rng.uniform(size=600) < np.where(site == "site 4", 1.0 - said, said)
    told = calibration(said, there, group=site.tolist()).as_numbers()
    for name, figure in told["by_group"].items():
        assert figure["worst_group"] == "site 4", name
        assert figure["worst"] > 1.3 * figure["mean"], name


class TestSilentDetectorIsNoVeto:
    def scored(self, said: np.ndarray) -> Scored:
        return judge().scored(said, halo_m=HALO_M)

    def test_a_system_that_lets_silence_speak_is_caught(self) -> None:
        here = judge()
        said, plastic = sure(here), seen_plastic(self.scored(np.full(len(here.rows), 1.0)))
        assert plastic.sum() == 24
        full, faint = self.scored(said), self.scored(0.3 * said)
        keeps = no_veto(full, full, full, plastic, threshold=0.5)
        vetoes = no_veto(full, faint, full, plastic, threshold=0.5)
        heard = no_veto(full, faint, faint, plastic, threshold=0.5)
        assert keeps["holds"]
        assert keeps["as_it_is"]["hits"] > 12
        assert vetoes["detector_silent"]["hits"] == 0
        assert not vetoes["holds"]
        assert not vetoes["no_worse_than_none"]
        assert heard["no_worse_than_none"], "only what was heard is lost, silence says nothing"

    def test_it_is_asked_of_plastic_that_the_radar_sees(self) -> None:
        deaf = np.full(len(judge().rows), np.nan)
        assert not seen_plastic(self.scored(deaf)).any()
        steel = judge(drawn_lanes(body="TM-62M"))
        assert not seen_plastic(steel.scored(np.ones(len(steel.rows)), halo_m=HALO_M)).any()

    def test_silence_is_that_of_ground_where_the_detector_passed(self) -> None:
        loud = drawn_examples(HALF, seed=0)
        scalars = loud.scalars.copy()
        scalars[HALF, SCALARS.index("detector_snr")] = 50.0
        passed = loud.detector_known.copy()
        passed[:10] = False
        loud = replace(loud, scalars=scalars, detector_known=passed)
        quiet = with_silent_detector(loud)
        snr = quiet.scalars[:, SCALARS.index("detector_snr")]
        assert snr[10:].max() < 3.0
        assert np.array_equal(quiet.scalars[:10], loud.scalars[:10], equal_nan=True)
        assert np.array_equal(quiet.radar, loud.radar)

    def test_the_rule_that_ships_raises_what_is_heard_and_lowers_nothing_else(self) -> None:
        loud = drawn_examples(HALF, seed=0)
        scalars = loud.scalars.copy()
        scalars[:, SCALARS.index("detector_snr")] = np.where(HALF, 30.0, 1.0)
        loud = replace(loud, scalars=scalars)
        rule = load_rule()
        heard, silent = (
            said_of(rule, one).probability for one in (loud, with_silent_detector(loud))
        )
        assert (silent[HALF] < heard[HALF]).all()
        assert silent[~HALF] == pytest.approx(heard[~HALF], abs=0.05)
        assert rule.weights[FEATURES.index("metal")] >= 0.0

    def test_the_model_that_ships_calls_an_echo_no_less_likely_for_silence(
        self, model: Model
    ) -> None:
        echoes = drawn_examples(np.ones(6, np.bool_), seed=3, echo=8.0)
        silent = said_of_all(model, echoes)
        away = said_of_all(model, without_detector(echoes))
        assert np.median(silent.alarm) > 0.5 * np.median(away.alarm)


class TestMissingGroundIsNotQuiet:
    def test_dropped_rows_are_not_surveyed_and_what_lies_there_is_missed(self) -> None:
        lane = np.zeros((12, 80), np.int64)
        lane[:, 30:50] = -1
        gap = Raster(0.0, -0.3, 0.05, lane[:, :], ("lane",))
        whole = Raster(0.0, -0.3, 0.05, np.zeros_like(lane), ("lane",))
        targets = [Target(0.7, 0.0, 0.05, "ap_mine"), Target(2.0, 0.0, 0.05, "ap_mine")]
        alarms = [Alarm(0.7, 0.0, 0.9), Alarm(2.0, 0.0, 0.9)]
        missing, there = (
            score([Field("f", alarms, targets, one)], halo_m=0.1) for one in (gap, whole)
        )
        assert Curve.of(missing).at_threshold(0.0).pd == Share(1, 2)
        assert Curve.of(there).at_threshold(0.0).pd == Share(2, 2)
        assert missing.area_m2 < there.area_m2 - 0.4
        assert [one.surveyed for one in missing.outcomes] == [True, False]


class TestBoldClaims:
    @pytest.mark.parametrize("number", [Share(9, 9), AreaRate(0, 30.0)])
    def test_no_number_is_written_without_what_it_rests_on(self, number: Any) -> None:
        with pytest.raises(UsageError, match="only written whole"):
            f"{number:.2f}"
        with pytest.raises(TypeError):
            float(number)
        assert "interval" in str(number)

    def test_nine_of_nine_is_not_nine_of_ten(self) -> None:
        assert Share(9, 9).interval()[0] < 0.7

    def test_a_share_that_no_threshold_gives_is_not_reached(self) -> None:
        here = judge()
        few = np.where(np.arange(len(here.rows)) < 20, sure(here), np.nan)
        one = judged(here, {"few": few}, draws=20)["systems"]["few"]["halo 0.25 m"]["at_pd"]
        for pd in ("0.9", "0.95", "0.98"):
            assert one[pd]["not_reached"]
            assert "interval" in one[pd]["highest"]["pd"]


@pytest.mark.slow
def test_every_figure_is_in_the_report_and_the_thresholds_in_the_card(
    model: Model, tmp_path: Path
) -> None:
    corpus = cast("Corpus", LANES)
    made = decided_on(model, corpus, DecisionSettings())
    told = replace(model, manifest=replace(model.manifest, decision=made))
    found = judge_and_pack(told, corpus, {"decision": asdict(made)}, tmp_path, lambda _: None)
    report = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    (one,) = sources_of(report).values()
    assert one["decision"]["threshold"] == report["decision"]["threshold"] == made.threshold
    assert set(one["no_veto"]) == {"threshold set before", "threshold of 0.5 per m2 here"}
    assert {"middle 0.3 m hidden", "air only", "surface only"} < set(one["ablations_per_candidate"])
    assert {"shuffled", "by site"} < set(one["index_only"])
    # Targets of these lanes lie at set places, which this is there to notice.
    assert one["lane_end_only"]["area_under_curve"]["value"] > 0.9
    assert {"radar only, of its own finds", "detector only, of its own alarms"} < {*one["systems"]}
    assert {"log_loss", "brier", "by_group"} < set(one["calibration"])
    assert one["exactness"]["depths"] > 0
    assert len(summary(one)) >= 12
    card = (tmp_path / "model" / "CARD.md").read_text()
    assert "## Thresholds" in card
    assert "missed of what was found, worst site" in card
    assert found.model.manifest.decision == made

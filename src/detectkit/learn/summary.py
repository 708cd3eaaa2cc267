"""What a report says of a model, in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

HALO = "halo 0.25 m"
ASKED = ("0.9", "0.95", "0.98")


def sources_of(report: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the figures of each source of test lanes, without what is told of all of them."""
    return {
        name: told for name, told in report.items() if isinstance(told, dict) and "systems" in told
    }


def summary(told: Mapping[str, Any]) -> list[str]:
    """Return the lines about one source of test lanes, each figure with what it rests on."""
    return [
        *_false_alarms(told),
        *_decision(told["decision"]),
        *_probabilities(told["calibration"]),
        *_exactness(told["exactness"]),
        *_shortcuts(told),
    ]


def interval(numbers: Mapping[str, Any]) -> str:
    """Return a value with its interval, or that it is not known."""
    if numbers["value"] is None:
        return "unknown"
    low, high = ("?" if numbers[end] is None else f"{numbers[end]:.2f}" for end in ("low", "high"))
    return f"{numbers['value']:.2f} [{low}, {high}]"


def share(numbers: Mapping[str, Any]) -> str:
    """Return a share with its counts and interval."""
    return f"{interval(numbers)}, {numbers['hits']} of {numbers['n']}"


def _false_alarms(told: Mapping[str, Any]) -> Iterator[str]:
    reached = next(iter(told["systems"].values()))[HALO]["at_pd"]
    for pd in ASKED:
        point = reached[pd]
        if "not_reached" in point:
            highest = point["highest"]
            yield f"Pd {pd}: not reached; the highest is {highest['pd']} at {highest['far']}"
            return
        yield f"Pd {pd}: {point['far']}"


def _decision(told: Mapping[str, Any]) -> Iterator[str]:
    missed = told["missed_of_found"]
    worst, mean = missed["worst"], missed["mean_of_sites"]
    yield (
        f"Threshold {told['threshold']:.3g}, set on validation sites to miss "
        f"{told['asked_miss_rate']:g} of what is found: misses {missed['all']}; never found: "
        f"{missed['never_found']}"
    )
    if worst is not None and mean is not None:
        yield f"  mean of the sites {mean:.2f}; worst, site {worst['site']}: {share(worst)}"
    yield f"  detected {told['pd']}; false alarms {told['far']}"
    cost = told["by_cost"]
    yield (
        f"A miss at {cost['ratio']:g} false alarms: alarm above {cost['threshold']:.2g}, detected "
        f"{cost['pd']}; costs {cost['per_m2']:.3g} per m², every candidate "
        f"{cost['every_candidate_per_m2']:.3g}, none {cost['no_alarm_per_m2']:.3g}"
    )


def _probabilities(told: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Expected calibration error {told['expected_calibration_error']:.3f} (perfect "
        f"probabilities: {told['of_perfect_probabilities']:.3f}), Brier score {told['brier']:.3f}, "
        f"log loss {told['log_loss']:.3f}"
    )
    names = {
        "expected_calibration_error": "calibration error", "brier": "Brier", "log_loss": "log loss",
    }  # fmt: skip
    worst = [
        f"{name} {told['by_group'][key]['worst']:.3f} ({told['by_group'][key]['worst_group']})"
        for key, name in names.items()
        if key in told["by_group"]
    ]
    if worst:
        yield f"  worst sites: {', '.join(worst)}"


def _exactness(told: Mapping[str, Any]) -> Iterator[str]:
    if told["place_rmse_m"] is None:
        return
    depth = "no depths"
    if told["depth_rmse_m"] is not None:
        depth = (
            f"depth {told['depth_rmse_m']:.3f} m (mean error {told['depth_bias_m']:+.3f} m, "
            f"{told['depths']} hits)"
        )
    yield f"Root mean square: place {told['place_rmse_m']:.3f} m ({told['hits']} hits), {depth}"


def _shortcuts(told: Mapping[str, Any]) -> Iterator[str]:
    areas = told["ablations_per_candidate"]
    words = ", ".join(f"{name} {interval(one)}" for name, one in areas.items())
    yield f"Area under the curve per candidate: {words}"
    if told["shuffled_and_by_site"] is not None:
        yield from _flattery(told)
    said = {True: "holds", False: "FAILS", None: "no such targets"}
    for at, veto in told["no_veto"].items():
        yield (
            f"Plastic that the radar sees, {at}: {share(veto['as_it_is'])}; detector silent: "
            f"{share(veto['detector_silent'])}: {said[veto['holds']]}; no detector: "
            f"{share(veto['no_detector'])}: {said[veto['no_worse_than_none']]}"
        )
        far = veto["far"]
        yield f"  false alarms {far['as_it_is']}; silent {far['silent']}; none {far['none']}"
    height = told["by_height"]
    heights = ", ".join(
        f"{one['height']} {interval(one['pd_numbers'])}" for one in height["heights"]
    )
    falls = {
        True: "a share that falls with the height fits", False: "no share that falls fits",
        None: "one height is no curve",
    }  # fmt: skip
    yield f"Detected by height: {heights}; {falls[height['falls']]}"


def _flattery(told: Mapping[str, Any]) -> Iterator[str]:
    split = told["shuffled_and_by_site"]
    if split["false_alarms_flattered"] is not None:
        by_site, shuffled = split["by site"], split["shuffled"]
        yield (
            f"False-alarm share at Pd {by_site['at_pd']:g}: by site {by_site['false_at_pd']:.2f}, "
            f"shuffled {shuffled['false_at_pd']:.2f}"
        )
    index = told["index_only"]
    yield (
        f"Place in the file alone: shuffled {interval(index['shuffled'])}, by site "
        f"{interval(index['by site'])}; distance to the lane's end alone: "
        f"{interval(told['lane_end_only']['area_under_curve'])}"
    )
    apart = told["told_apart_from_training"]
    yield f"Told apart from the training's sites: {interval(apart['area_under_curve'])}"

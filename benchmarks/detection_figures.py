"""Tables of docs/explanation/detection-figures.md: python benchmarks/detection_figures.py REPORT.

REPORT is the report.json of `detectkit train`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from detectkit.learn.summary import ASKED, interval, sources_of, summary

HALOS = ("halo 0.25 m", "halo 0.10 m")
RATES = ("0.02 per m2", "0.1 per m2", "0.5 per m2")
MEAN = "mean_pd_to_0.5_per_m2"


def share(numbers: dict[str, Any]) -> str:
    return f"{numbers['value']:.2f} [{numbers['low']:.2f}, {numbers['high']:.2f}]"


def table(systems: dict[str, Any], halo: str) -> None:
    print(
        f"\n| weighed by, {halo} | at 0.02 per m² | at 0.1 per m² | at 0.5 per m² | mean to 0.5 |"
    )
    print("|---|---|---|---|---|")
    for name, told in systems.items():
        one = told[halo]
        rates = " | ".join(share(one["at_far"][rate]["pd_numbers"]) for rate in RATES)
        print(f"| {name} | {rates} | {share(one[MEAN])} |")
    every = systems["fused"][halo]["all candidates"]
    print(f"\nall candidates: {every['pd']}; {every['far']}")


def compared(systems: dict[str, Any]) -> None:
    for name, told in systems.items():
        one = told[HALOS[0]]
        if "first_less_this_mean_pd" in one:
            ratio = one.get("first_over_this_far_at_pd_0.5")
            print(
                f"fused less {name}: {one['first_less_this_mean_pd']}; FAR ratio, Pd 0.5: {ratio}"
            )


def main() -> None:
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for source, told in sources_of(report).items():
        print(f"\n## {source}: {told['lanes']} lanes, {told['sites']} sites")
        for halo in HALOS:
            table(told["systems"], halo)
        compared(told["systems"])
        reached(told["systems"])
        by_site(told["decision"]["missed_of_found"])
        areas(told["ablations_per_candidate"])
        print()
        for line in summary(told):
            print(line)
        print("unknown", told["unknown"])
        print("per candidate", told["per_candidate"])
        print("AUC", told["area_under_curve_per_candidate"])
        print(told["strata"]["at"], told["strata"]["all"], "worst", told["strata"]["worst"])
        for part in told["strata"]["parts"]:
            print(" ", part["by"], part["name"], part["pd"])


def reached(systems: dict[str, Any]) -> None:
    print("\n| weighed by | false alarms at Pd 0.90 | at 0.95 | at 0.98 | highest Pd |")
    print("|---|---|---|---|---|")
    for name, told in systems.items():
        points = [told[HALOS[0]]["at_pd"][pd] for pd in ASKED]
        cells = ["not reached" if "not_reached" in one else one["far"] for one in points]
        highest = share(told[HALOS[0]]["all candidates"]["pd_numbers"])
        print(f"| {name} | {' | '.join(cells)} | {highest} |")


def by_site(missed: dict[str, Any]) -> None:
    print("\n| site | missed of what was found |")
    print("|---|---|")
    for site, (lost, found) in missed["sites"].items():
        print(f"| {site} | {lost} of {found} |")


def areas(told: dict[str, Any]) -> None:
    print("\n| what the network, or a linear machine, sees | area under the curve per candidate |")
    print("|---|---|")
    for name, one in told.items():
        print(f"| {name} | {interval(one)} |")


if __name__ == "__main__":
    main()

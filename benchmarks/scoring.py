"""Processor time of scoring: a thousand made-up lanes of 20 alarms, 200 draws of 250 sites.

python benchmarks/scoring.py
"""

from __future__ import annotations

import time

import numpy as np

from detectkit.detect.scoring.bootstrap import bands, compare
from detectkit.detect.scoring.curve import Curve
from detectkit.detect.scoring.fields import Alarm, Field, Rectangle, Target
from detectkit.detect.scoring.matching import score

KINDS = ("ap_mine", "ap_mine", "metal_clutter", "metal_clutter")


def lane(number: int, rng: np.random.Generator, *, gain: float) -> Field:
    known = [Target(rng.uniform(0, 4), rng.uniform(-0.2, 0.2), 0.05, kind) for kind in KINDS]
    alarms = [Alarm(one.x_m, one.y_m, rng.normal(gain)) for one in known]
    alarms += [Alarm(rng.uniform(0, 4), rng.uniform(-0.25, 0.25), rng.normal()) for _ in range(16)]
    where = Rectangle(0.0, -0.25, 4.0, 0.25)
    return Field(f"lane {number}", alarms, known, where, group=f"site {number // 4}")


def lanes(*, gain: float) -> list[Field]:
    rng = np.random.default_rng(0)
    return [lane(number, rng, gain=gain) for number in range(1000)]


def main() -> None:
    worse, better = lanes(gain=1.5), lanes(gain=2.5)
    times = [time.process_time()]
    first = score(worse)
    times.append(time.process_time())
    Curve.of(first)
    times.append(time.process_time())
    bands(first)
    times.append(time.process_time())
    second = score(better)
    compare(first, second)
    times.append(time.process_time())
    for name, spent in zip(
        ("score", "curve", "bands", "score and compare another"), np.diff(times), strict=True
    ):
        print(f"{name}: {spent:.2f} s")


if __name__ == "__main__":
    main()

"""Speed of steps behind the runner, in cache-sized blocks, as live and batch run them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectkit.core import Block
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.background import SlidingMeanBackground
from detectkit.pipeline.steps.fast_time import Bandpass, Dewow

CHAINS: dict[str, tuple[Step, ...]] = {
    "runner: sliding mean background": (SlidingMeanBackground(window_traces=101),),
    "runner: dewow, band-pass, sliding mean background": (
        Dewow(),
        Bandpass(),
        SlidingMeanBackground(window_traces=101),
    ),
}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("traces", [1_000, 10_000, 100_000])
@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("block", [1, 128])
def test_chain(name: str, traces: int, block: int, speed: Any) -> None:
    twt_s = np.arange(speed.line.shape[1]) * 1e-10
    line = Block(speed.line, coords={"twt_s": ("delay", twt_s)}, trace_spacing_m=0.02)
    blocks = [line.traces(start, start + block) for start in range(0, traces, block)]

    def process() -> int:
        return sum(map(len, run(CHAINS[name], blocks)))

    speed.measure(process, work=f"{name}; blocks of {block}")
    assert process() == traces

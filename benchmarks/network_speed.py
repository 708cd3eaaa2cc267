"""Size and speed of the networks on one core: python benchmarks/network_speed.py.

CPU time of one thread: medians of 8 training steps of 64 patches, and of 100 single patches weighed
one at a time, after a few that do not count. Random evidence: this says nothing of how well.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from detectkit.detect.evidence import GRID, IMAGES, SCALARS, STRIPS
from detectkit.learn.network import EvidenceNetwork, build_network, parameters_of
from detectkit.learn.network_settings import NetworkSettings, Variant

BATCH = 64
CASES: tuple[tuple[Variant, int], ...] = (
    ("images", 16), ("images", 12), ("depth-channels", 16),
)  # fmt: skip


def evidence(count: int) -> tuple[torch.Tensor, ...]:
    known = torch.rand(2, count, GRID.columns) > 0.05
    radar = torch.randn(count, len(IMAGES), GRID.rows, GRID.columns)
    strips = torch.randn(count, len(STRIPS), GRID.columns)
    return radar, known[0], strips, known[1], torch.randn(count, len(SCALARS))


def median_s(work: Callable[[], object], times: int) -> float:
    for _ in range(3):
        work()
    taken = []
    for _ in range(times):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


def training_step(network: EvidenceNetwork) -> Callable[[], object]:
    optimiser, batch = torch.optim.AdamW(network.parameters()), evidence(BATCH)

    def step() -> None:
        optimiser.zero_grad()
        said = network(*batch)
        loss = said.logits.logsumexp(1) + said.depth_m + said.depth_log_variance
        loss.mean().backward()
        optimiser.step()

    return step


def main() -> None:
    torch.set_num_threads(1)
    print("| variant, width | parameters | trained, patches/s | weighed alone, ms |")
    print("|---|---|---|---|")
    for variant, width in CASES:
        network = build_network(NetworkSettings(variant=variant, width=width))
        trained = BATCH / median_s(training_step(network), 8)
        network.eval()
        one = evidence(1)
        with torch.inference_mode():
            alone = 1e3 * median_s(lambda weigh=network, one=one: weigh(*one), 100)
        told = f"{parameters_of(network):,} | {trained:.0f} | {alone:.1f}"
        print(f"| {variant}, {width} | {told} |")


if __name__ == "__main__":
    main()

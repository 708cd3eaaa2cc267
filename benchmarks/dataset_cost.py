"""What a thousand samples of a recipe cost, measured on whole scenes and extrapolated.

    python benchmarks/dataset_cost.py default --scenes 8

Makes some whole scenes of the recipe in this process, evenly spread over it, as a worker would:
ground, bodies, every sample's radar and detector. Tells the processor's seconds for each and what
1,000 samples take on two processors, with the standard error of the scenes' mean. What is
measured is processor time of one thread: two workers on two idle cores take half of it.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time

import numpy as np

from detectkit.synthesis.dataset import scene_of
from detectkit.synthesis.dataset.build import make_scene, physics_of
from detectkit.synthesis.dataset.full_wave import cell_steps
from detectkit.synthesis.dataset.plan import measured
from detectkit.synthesis.dataset.shipped import find_recipe

SAMPLES = 1000
CORES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", nargs="?", default="default")
    parser.add_argument("--scenes", type=int, default=8)
    asked = parser.parse_args()
    recipe = find_recipe(asked.recipe)
    chosen = np.linspace(0, recipe.scene_count - 1, asked.scenes).round().astype(int)
    measured(recipe, scene_of(recipe, 0))  # compiles
    seconds, steps = [], []
    for number in chosen:
        scene = scene_of(recipe, int(number))
        begun = time.process_time()
        make_scene(recipe, physics_of(recipe), int(number))
        seconds.append(time.process_time() - begun)
        steps.append(cell_steps(recipe, scene))
        print(
            f"scene {number:4}: {scene.site.terrain:12} antennas {scene.height_m:.2f} m high, "
            f"{seconds[-1]:6.1f} s, {steps[-1] / seconds[-1] / 1e6:4.0f} million cell steps/s",
            flush=True,
        )
    mean, error = statistics.mean(seconds), statistics.stdev(seconds) / math.sqrt(len(seconds))
    scenes = SAMPLES / recipe.scenes.samples
    minutes = scenes / CORES / 60.0
    print(
        f"{mean:.1f} ± {error:.1f} s of processor time per scene of {recipe.scenes.samples} samples"
    )
    print(
        f"{SAMPLES:,} samples on {CORES} cores: {mean * minutes:.0f} ± {error * minutes:.0f} "
        f"minutes, extrapolated from {len(seconds)} of {recipe.scene_count} scenes"
    )


if __name__ == "__main__":
    main()

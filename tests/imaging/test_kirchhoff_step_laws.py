from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectkit.core import Block
from detectkit.pipeline.steps.imaging import DiffractionStack
from detectkit.pipeline.steps.migration_kirchhoff import KirchhoffMigration
from detectkit.testing.steps import StepSuite, example_line


def on_the_ground() -> Block:
    line = example_line()
    coords = {name: one for name, one in line.coords.items() if name != "height_m"}
    return replace(line, coords=coords)


class TestOnTheGround(StepSuite):
    step = KirchhoffMigration(band_m=(0.0, 0.3))

    def line(self) -> Block:
        return on_the_ground()


class TestOverAnAirGap(StepSuite):
    step = KirchhoffMigration(band_m=(0.0, 0.3))


class TestLevelled(StepSuite):
    """With the air time that was taken off; not known before the first reflection."""

    step = KirchhoffMigration(band_m=(0.0, 0.3))

    def line(self) -> Block:
        line = example_line()
        removed_s = 2e-9 + 2e-10 * np.sin(np.arange(len(line)) / 25.0)
        removed_s[:9] = np.nan
        return line.with_data(line.data, coords={"removed_twt_s": ("trace", removed_s)})


class TestDiffractionStackOnTheGround(StepSuite):
    step = DiffractionStack(band_m=(0.1, 0.4), interval_s=2e-10, coherence_window_s=8e-10)

    def line(self) -> Block:
        return on_the_ground()

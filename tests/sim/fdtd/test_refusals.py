from __future__ import annotations

import pytest

from detectkit.core import UsageError
from detectkit.sim.fdtd import Pulse, Solver, simulate
from detectkit.sim.scene.section import METAL, Material

from .scenes import everywhere, over, shot

NEAR = shot((0.0, 0.1), (0.05, 0.1))
SMALL = Solver(2e-9, half_width_m=0.1, above_m=0.05, below_m=0.15, pulse=Pulse(4e8))


def test_cells_too_coarse_are_refused_with_the_spacing_that_would_do() -> None:
    with pytest.raises(UsageError, match=r"permittivity 80.*give spacing_m = 0\.005586 or less"):
        simulate(over(Material(80.0), 0.01), NEAR, SMALL)


def test_metal_is_never_too_dense() -> None:
    simulate(over(METAL, 0.01), NEAR, SMALL)


@pytest.mark.parametrize(
    ("receiver", "missing"), [((0.4, 0.1), "0.12"), ((0.05, 0.2), "0.0"), ((0.0, -0.2), "0.1")]
)
def test_a_window_that_leaves_out_a_receiver_is_refused(
    receiver: tuple[float, float], missing: str
) -> None:
    with pytest.raises(UsageError, match=rf"shot 0: .* larger by {missing}"):
        simulate(everywhere(Material(), 0.01), shot((0.0, 0.1), receiver), SMALL)


def test_no_threads_are_refused() -> None:
    with pytest.raises(UsageError, match="threads = 0; give 1 or more"):
        simulate(everywhere(Material(), 0.01), NEAR, SMALL, threads=0)


def test_an_unknown_device_is_refused() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    with pytest.raises(UsageError, match="device 'abacus': PyTorch cannot use it here"):
        simulate(everywhere(Material(), 0.01), NEAR, SMALL, device="abacus")

from __future__ import annotations

import numpy as np
import pytest

from detectkit.sim.fdtd import Pulse, Shots, Solver, simulate

from .scenes import misfit, random_ground

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

devices = pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param(
            "cuda",
            marks=pytest.mark.skipif(
                not torch.cuda.is_available(), reason="no graphics processor on this machine"
            ),
        ),
    ],
)


@devices
def test_shots_agree_with_the_processor(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from detectkit.sim.cuda import fdtd

    sources = np.array([[0.101, 0.05], [0.153, 0.061], [0.31, 0.05]])
    shots = Shots(sources, sources[:, np.newaxis] + np.array([[0.05, 0.0], [-0.02, 0.011]]))
    solver = Solver(6e-9, half_width_m=0.15, above_m=0.06, below_m=0.2, pulse=Pulse(3e8))
    monkeypatch.setattr(fdtd, "MOST_CELLS", 7000)  # two shots at a time, then one
    done: list[int] = []
    ground = random_ground(5)
    there = fdtd.simulate_torch(ground, shots, solver, device=device, progress=done.append)
    here = simulate(ground, shots, solver)
    assert done == [2, 3]
    assert there.interval_s == here.interval_s
    assert misfit(there.field, here.field) < fdtd.TOLERANCE

"""A small model, trained for a moment on drawn evidence: spots over noise, by site."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from detectkit.detect.evidence import GRID, IMAGES, SCALARS, STRIPS
from detectkit.learn.autoencoder_settings import AutoencoderSettings
from detectkit.learn.calibration import CalibrationSettings
from detectkit.learn.examples import Examples
from detectkit.learn.model.making import MakingSettings, Sites, make_model
from detectkit.learn.model.manifest import Facts
from detectkit.learn.model.model import Model
from detectkit.learn.network import EvidenceNetwork, build_network
from detectkit.learn.network_settings import NetworkSettings
from detectkit.learn.threads import one_thread

KIND = "dc | reed-xiaoli | 48 x 48 of 25 x 15 mm from -60 mm"
SHAPE = NetworkSettings(width=4, blocks=1, scalar_width=8, embedding=16)
MAKING = MakingSettings(
    CalibrationSettings("platt", replicates=8),
    AutoencoderSettings(width=4, code=8, epochs=3),
)


def drawn(count: int, seed: int, *, sites: range = range(4)) -> Sites:
    """Return noise, with a spot under the middle where a target lies, and a flight at 0.5 m."""
    random = np.random.default_rng(seed)
    category = np.where(random.uniform(size=count) < 0.4, random.integers(0, 2, count), 4)
    depth = np.where(category < 2, random.uniform(0.05, 0.2, count), np.nan)
    away = GRID.depth_m[:, None] - np.nan_to_num(depth, nan=9.0)[:, None, None]
    spot = 3.0 * np.exp(-((away / 0.04) ** 2) - (GRID.along_m / 0.08) ** 2)
    noise = random.normal(0.0, 1.0, (count, len(IMAGES), GRID.rows, GRID.columns))
    scalars = np.full((count, len(SCALARS)), np.nan)
    told = {"gpr_score": 8.0, "wavelength_m": 0.1, "permittivity": 6.0, "height_m": 0.5,
            "detector_snr": 2.0}  # fmt: skip
    for name, value in told.items():
        scalars[:, SCALARS.index(name)] = value * random.uniform(0.8, 1.2, count)
    examples = Examples(
        (noise + spot[:, None]).astype(np.float32),
        np.ones((count, GRID.columns), np.bool_),
        random.normal(0.0, 1.0, (count, len(STRIPS), GRID.columns)).astype(np.float32),
        np.ones((count, GRID.columns), np.bool_),
        scalars.astype(np.float32),
        category.astype(np.int8),
        depth.astype(np.float32),
    )
    return Sites(examples, np.sort(random.choice(np.array(sites), count)))


def trained(train: Sites, steps: int = 25) -> EvidenceNetwork:
    """Return a network after a moment's training: enough to tell a spot from noise."""
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(0)
        network = build_network(SHAPE)
        optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
        names = ("radar", "radar_known", "detector", "detector_known", "scalars")
        whole = [torch.as_tensor(getattr(train.examples, name)) for name in names]
        truth = torch.as_tensor(train.examples.category).long()
        for step in range(steps):
            part = slice(32 * step % len(truth), 32 * step % len(truth) + 32)
            said = network(*(one[part] for one in whole))
            loss = torch.nn.functional.cross_entropy(said.logits, truth[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network.eval()


@pytest.fixture(scope="package")
def train() -> Sites:
    return drawn(192, 0, sites=range(4))


@pytest.fixture(scope="package")
def validation() -> Sites:
    return drawn(160, 1, sites=range(4, 8))


@pytest.fixture(scope="package")
def model(train: Sites, validation: Sites) -> Model:
    facts = Facts(
        "spots",
        "Weighs spots over noise; made on drawn pictures.",
        KIND,
        seed=0,
        limits=("It knows drawn pictures only.",),
        recipe='name = "spots"',
    )
    sources = (train.source("drawn", "simulated", "0" * 64, "train"),)
    return make_model(trained(train), facts, train, validation, MAKING, sources=sources)


@pytest.fixture(scope="package")
def test_sites() -> Sites:
    return drawn(160, 2, sites=range(8, 12))


def with_scalar(sites: Sites, name: str, value: float) -> Sites:
    """Return the evidence with another value of a scalar."""
    scalars = sites.examples.scalars.copy()
    scalars[:, SCALARS.index(name)] = value
    return replace(sites, examples=replace(sites.examples, scalars=scalars))

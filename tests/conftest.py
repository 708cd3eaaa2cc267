"""What all tests share: where things are, and settings that make runs alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")  # before anything imports matplotlib
# Several processes of tests share the processors with flights in real time: one thread for each,
# before anything imports numpy or torch.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Every run draws the same examples, so that a change is judged by what it changes;
# --hypothesis-profile=thorough draws others each time, and ten times as many.
settings.register_profile(
    "detectkit", deadline=None, print_blob=True, max_examples=50, derandomize=True
)
settings.register_profile(
    "thorough", deadline=None, print_blob=True, max_examples=500, derandomize=False
)
settings.load_profile("detectkit")

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what flies in real time: beside each other flights wait, beside others they lag.

    Last, each would keep one process while the rest have nothing left to do.
    """
    items.sort(key=lambda item: "live" not in item.path.parts)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """Return the root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings beside the repository, or skip the test."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings (../shared/data) are not on this machine")
    return folder

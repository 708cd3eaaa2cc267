"""Measured antennas, where they are on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def real_antenna(shared_data: Path) -> Callable[[str], Path]:
    """Return a function that finds the measured response of an antenna."""
    return lambda name: shared_data / "gprmax" / "antennas" / f"antenna_{name}_fs_real.txt"

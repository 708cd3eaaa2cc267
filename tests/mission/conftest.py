from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from flights import Spoken, simulator, speak, write_flight


@pytest.fixture(scope="session")
def spoken() -> Spoken:
    """What the twins of a short flight said."""
    return speak(simulator())


@pytest.fixture(scope="session")
def flight(spoken: Spoken, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that flight; tests leave its journal as it is."""
    return write_flight(tmp_path_factory.mktemp("flights") / "short", spoken.records).path

"""Real recordings lie beside the project, not in it; tests that need them skip without."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("the folder of real recordings ../shared/data is not there")
    return SHARED_DATA

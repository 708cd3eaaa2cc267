from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fields import Field


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give flights in real time more of it on a machine with much else to do."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return Field(tmp_path)

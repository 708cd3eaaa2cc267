from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fields import Field


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return Field(tmp_path)

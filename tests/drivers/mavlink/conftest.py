"""The marker of tests that run against other programs."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "peers: runs other programs (MAVProxy, MAVSDK) as peers")

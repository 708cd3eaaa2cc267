"""Test suites that the author of a plug-in inherits: the laws, ready to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectkit.testing.formats import FormatSuite
from detectkit.testing.sample_files import SampleFile

if TYPE_CHECKING:
    from detectkit.testing.drivers import DriverSuite

__all__ = ["DriverSuite", "FormatSuite", "SampleFile"]


def __getattr__(name: str) -> Any:
    """Load `DriverSuite` when it is asked for: formats are tested without wires."""
    if name == "DriverSuite":
        from detectkit.testing.drivers import DriverSuite

        return DriverSuite
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)

"""Test suites that the author of a plug-in inherits: the laws, ready to run."""

from __future__ import annotations

from detectkit.testing.formats import FormatSuite
from detectkit.testing.sample_files import SampleFile

__all__ = ["FormatSuite", "SampleFile"]

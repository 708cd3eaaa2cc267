"""The ``detectkit`` command."""

from __future__ import annotations

from detectkit.cli.app import main

__all__ = ["main"]

"""Reprocessing: many recordings through one pipeline into one folder of results."""

from __future__ import annotations

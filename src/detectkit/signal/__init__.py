"""Kernels along the delay and along the track: arrays in, arrays out, formula and source inside."""

from __future__ import annotations

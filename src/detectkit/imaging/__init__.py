"""Imaging kernels: arrays in, arrays out; focus what the antenna's wide beam spread."""

from __future__ import annotations

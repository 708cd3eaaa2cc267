"""Seconds to measure the velocity on a line of 1,000 traces with a diffraction each metre."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from detectkit.imaging.velocity.diffractions import find_diffractions
from detectkit.imaging.velocity.focus import focus_search
from detectkit.imaging.velocity.picking import Line

BAND_S = (1e-9, 12e-9)


@pytest.fixture(scope="module")
def line() -> Line:
    rng = np.random.default_rng(1)
    along = np.arange(1000.0) * 0.02
    none = np.zeros(along.size)
    data = 0.02 * rng.standard_normal((along.size, 512))
    empty = Line(data.astype(np.float32), along, none, none, -1e-9, 5e-11, 0.1, 1e-9)
    axis = -1e-9 + np.arange(512.0) * 5e-11
    for place in np.arange(0.7, 19.5, 1.0):
        times = empty.times(slice(0, along.size), float(place), 0.3, 1.2e8)
        square = (np.pi * 1e9 * (axis[None, :] - times[:, None])) ** 2
        near = np.exp(-((along - place) ** 2))[:, None]
        data += near * (1.0 - 2.0 * square) * np.exp(-square)
    return Line(data.astype(np.float32), along, none, none, -1e-9, 5e-11, 0.1, 1e-9)


def _hyperbolas(line: Line) -> object:
    return find_diffractions(line, band_s=BAND_S)


def _focus(line: Line) -> object:
    return focus_search(line, np.geomspace(0.5e8, 2.4e8, 28), band_s=BAND_S)


@pytest.mark.parametrize("method", [_hyperbolas, _focus])
def test_velocity(benchmark: Any, line: Line, method: Callable[[Line], object]) -> None:
    method(line)
    benchmark.pedantic(method, args=(line,), rounds=3)

from __future__ import annotations

import sys

import numpy as np
import pytest

from detectkit.core import Applied, Block, MissingDependencyError, Sensor
from detectkit.io.xarray import to_xarray

BLOCK = Block(
    np.arange(6, dtype=np.int16).reshape(2, 3),
    coords={
        "twt_s": ("delay", np.arange(3) * 1e-10),
        "along_track_m": ("trace", np.array([0.0, 0.02])),
    },
    sensor=Sensor(id="gpr-2"),
    line="L1",
    first_trace=7,
    history=(Applied("dc", "1"), Applied("dewow", "2")),
)


def test_names_units_and_values_are_those_of_the_block() -> None:
    pytest.importorskip("xarray")
    array = to_xarray(BLOCK)
    assert array.dims == ("trace", "delay")
    assert array.name == "amplitude"
    np.testing.assert_array_equal(array.values, BLOCK.data)
    assert array.coords["twt_s"].attrs["units"] == "s"
    assert array.coords["along_track_m"].dims == ("trace",)
    assert array.attrs["sensor"] == "gpr-2"
    assert (array.attrs["line"], array.attrs["first_trace"]) == ("L1", 7)
    assert array.attrs["history"] == "dc > dewow"


def test_the_samples_are_not_copied_and_stay_protected() -> None:
    pytest.importorskip("xarray")
    array = to_xarray(BLOCK)
    assert np.shares_memory(array.values, BLOCK.data)
    assert not array.values.flags.writeable


def test_without_xarray_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingDependencyError, match=r"detectkit\[xarray\]"):
        to_xarray(BLOCK)

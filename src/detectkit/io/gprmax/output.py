"""Reader of gprMax output (HDF5, .out and .h5): SIMULATED radar, single traces or B-scans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, Sensor
from detectkit.io.format import Certainty, Probe
from detectkit.io.gprmax.model import Model, vector
from detectkit.io.hdf5 import SIGNATURE, attributes, opened
from detectkit.io.header import StreamHeader
from detectkit.io.overrides import Overrides
from detectkit.io.recording import Recording, Stream
from detectkit.io.records import Columns
from detectkit.io.remarks import Remarks

_UNITS = {"E": "V m-1", "H": "A m-1", "I": "A"}
_ORDER = ("Ez", "Ey", "Ex", "Hz", "Hy", "Hx", "Ix", "Iy", "Iz")
_LARGEST_COMPRESSION = 1100.0
"""Deflate cannot shrink more (1032 : 1): a larger claim is no data."""
_USUAL_INTERVAL_S = 1e-11


class GprMax:
    """gprMax: one stream per receiver and field component; the traces are simulated."""

    name = "gprmax"
    structural: Mapping[str, str] = {}

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the HDF5 signature, a group of receivers and the attributes."""
        if not probe.head.startswith(SIGNATURE):
            return Certainty.NO
        try:
            with opened(probe.path) as file:
                if not _receivers(file) or "dt" not in file.attrs:
                    return Certainty.NO
                return Certainty.CERTAIN if "gprMax" in file.attrs else Certainty.LIKELY
        except FormatError:
            return Certainty.LIKELY if b"gprMax" in probe.head else Certainty.NO

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Open the file: attributes and shapes are read, samples are not."""
        remarks = Remarks(path)
        remarks.note("SIMULATED traces, computed by gprMax: no instrument measured them")
        with opened(path) as file:
            model = _model(file)
            components = tuple(_components(file, path, remarks))
        if not components:
            msg = f"{path.name}: expected a data set such as rxs/rx1/Ez, found none with traces"
            raise FormatError(msg)
        interval = _interval(model, remarks)
        spacing = _spacing(model, components, overrides, remarks)
        streams = tuple(
            _stream(path, model, one, interval_s=interval, spacing_m=spacing) for one in components
        )
        return Recording(path, self.name, streams, remarks.notices)


@dataclass(frozen=True, slots=True)
class _Component:
    """One data set: receiver, field component, its size."""

    receiver: str
    name: str
    samples: int
    traces: int

    @property
    def key(self) -> str:
        return f"rxs/{self.receiver}/{self.name}"


@dataclass(frozen=True, slots=True)
class GprMaxTraces:
    """Traces of one data set of shape (samples, traces), or (samples,) for a single one."""

    path: Path
    key: str

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Columns]:
        """Return samples (stop - start, samples) in the file's float type."""
        with opened(self.path) as file:
            data = file[self.key]
            values = data[:, start:stop] if data.ndim == 2 else data[:][:, np.newaxis]
            rows = np.asarray(values).T[: stop - start]
            return np.ascontiguousarray(rows, dtype=rows.dtype.newbyteorder("=")), {}


def _model(file: Any) -> Model:
    receivers = {
        name: place
        for name in _receivers(file)
        if (place := vector(attributes(file["rxs"][name]).get("Position"), 3)) is not None
    }
    source = None
    if "srcs" in file and "src1" in file["srcs"]:
        source = vector(attributes(file["srcs"]["src1"]).get("Position"), 3)
    return Model(attributes(file), source, receivers)


def _receivers(file: Any) -> list[str]:
    import h5py

    group = file.get("rxs")
    if not isinstance(group, h5py.Group):
        return []
    names = [name for name in group if isinstance(group.get(name), h5py.Group)]
    return sorted(names, key=lambda name: (len(name), name))


def _components(file: Any, path: Path, remarks: Remarks) -> Iterator[_Component]:
    import h5py

    for receiver in _receivers(file):
        group = file["rxs"][receiver]
        for name in sorted(group, key=_rank):
            data = group.get(name)
            if not isinstance(data, h5py.Dataset):
                continue
            trouble = _trouble(data, path.stat().st_size)
            if trouble:
                text = f"data set rxs/{receiver}/{name} {trouble}: not given"
                remarks.warning(text)
                continue
            traces = 1 if data.ndim == 1 else int(data.shape[1])
            yield _Component(receiver, name, int(data.shape[0]), traces)


def _rank(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _trouble(data: Any, file_bytes: int) -> str:
    """Return why a data set cannot be traces, empty where it can."""
    if data.ndim not in {1, 2} or data.dtype.kind != "f" or 0 in data.shape:
        return f"is {data.dtype} {data.shape}, not floats (samples, traces)"
    claimed = float(np.prod(np.array(data.shape, np.float64))) * data.dtype.itemsize
    if claimed > _LARGEST_COMPRESSION * file_bytes:
        return f"claims {claimed:,.0f} bytes in a file of {file_bytes:,}"
    if data.chunks is None and data.id.get_storage_size() < claimed:
        return f"claims {claimed:,.0f} bytes and stores {data.id.get_storage_size():,}"
    return ""


def _interval(model: Model, remarks: Remarks) -> float:
    if model.interval_s is not None:
        return model.interval_s
    text = f"no time step dt; {_USUAL_INTERVAL_S:g} s assumed"
    remarks.assumed(text, setting="sample_interval_s")
    return _USUAL_INTERVAL_S


def _spacing(
    model: Model,
    components: tuple[_Component, ...],
    overrides: Overrides,
    remarks: Remarks,
) -> float | None:
    source, receiver = model.source_step_m, model.receiver_step_m
    if max(one.traces for one in components) < 2:
        return None
    if source is not None and receiver is not None and abs(source - receiver) > 1e-9:
        text = f"source steps {source:g} m, receivers {receiver:g} m: an offset gather, not a line"
        remarks.note(text)
        return None
    step = receiver if receiver is not None else source
    if not step or not isfinite(step):
        if "trace_spacing_m" not in overrides:
            text = "no trace spacing is told (rxsteps)"
            remarks.warning(text, setting="trace_spacing_m")
        return None
    return step


def _stream(
    path: Path, model: Model, one: _Component, *, interval_s: float, spacing_m: float | None
) -> Stream:
    sensor = Sensor(
        id=f"{one.receiver}-{one.name}",
        instrument=f"gprMax {model.version} (simulated)".replace("  ", " "),
        antenna_separation_m=model.separation_m(one.receiver),
        unit=_UNITS.get(one.name[:1], "1"),
    )
    header = StreamHeader(
        sensor=sensor,
        line=path.stem,
        traces=one.traces,
        samples=one.samples,
        sample_interval_s=interval_s,
        trace_spacing_m=spacing_m,
        raw=dict(model.attributes),
    )
    return Stream(header, GprMaxTraces(path, one.key))

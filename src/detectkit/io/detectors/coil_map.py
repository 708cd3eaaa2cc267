"""Gridded maps of a metal detector's coils: one comma-separated file for each coil and channel.

Files ``coilLch0.csv`` … ``coilRch2.csv`` (left, middle, right; three channels) of one folder belong
together. They hold the response on a grid and nothing else: the spacing of the grid and its
directions are not told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, Sensor, UsageError
from detectkit.io.detectors.channels import ChannelTable, channel_stream
from detectkit.io.format import Certainty, Probe
from detectkit.io.overrides import Overrides
from detectkit.io.positions.text_lines import lines_of, number
from detectkit.io.recording import Recording
from detectkit.io.remarks import Remarks

CELL_M = 0.05
LEAST_CELLS, MOST_CELLS = 4, 10_000
_NAME = re.compile(r"coil([LMR])ch(\d)", re.IGNORECASE)
_NUMBERS = re.compile(rb"[-+0-9.eE, \t\r\n]+")
Grid = npt.NDArray[np.float64]


class CoilMap:
    """Coil maps, recognised by rows of equally many numbers."""

    name = "coil-map"
    structural: Mapping[str, str] = MappingProxyType(
        {"cell_m": "distance between the cells of the grid in m"}
    )

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by rows of equally many numbers; surer where the name says which coil."""
        if not _NUMBERS.fullmatch(probe.head):
            return Certainty.NO
        whole = probe.head.rpartition(b"\n")[0] if len(probe.head) < probe.size else probe.head
        counts = {line.count(b",") for line in whole.splitlines() if line.strip()}
        if len(counts) != 1 or counts.pop() + 1 < LEAST_CELLS:
            return Certainty.NO
        return Certainty.LIKELY if _NAME.fullmatch(probe.path.stem) else Certainty.PLAUSIBLE

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Read a map and those of the other coils beside it as the channels of one stream."""
        remarks = Remarks(path)
        grids = {path.stem: _grid(path, remarks)}
        for other in _beside(path):
            about = remarks.about(other)
            try:
                grids[other.stem] = _grid(other, about)
            except FormatError as error:
                about.warning(f"is not used: {error}")
        shape = grids[path.stem].shape
        fitting = {name: one for name, one in grids.items() if one.shape == shape}
        for name in grids.keys() - fitting.keys():
            text = f"{name} has {grids[name].shape} cells, {path.stem} {shape}; it is not used"
            remarks.warning(text)
        cell_m = _cell_m(overrides, remarks)
        names = sorted(fitting)
        data = np.stack([fitting[name].reshape(-1) for name in names], axis=1)
        row, column = (one.reshape(-1) for one in np.indices(shape))
        columns = {"easting_m": column * cell_m, "northing_m": row * cell_m}
        sensor = Sensor(id="coils", kind="metal_detector", instrument="gridded coil map")
        raw = {"channels": names, "rows": shape[0], "columns": shape[1], "cell_m": cell_m}
        table = ChannelTable(data, columns, "response")
        line = path.parent.name or path.stem
        stream = channel_stream(table, sensor=sensor, line=line, raw=raw)
        return Recording(path, self.name, (stream,), remarks.notices)


def _beside(path: Path) -> list[Path]:
    if not _NAME.fullmatch(path.stem) or not path.parent.is_dir():
        return []
    others = [one for one in path.parent.iterdir() if _NAME.fullmatch(one.stem)]
    alike = [one for one in others if one.suffix.lower() == path.suffix.lower() and one.is_file()]
    return sorted(one for one in alike if one.stem != path.stem)


def _cell_m(overrides: Overrides, remarks: Remarks) -> float:
    cell_m = overrides.number("cell_m", CELL_M)
    if not cell_m > 0.0:
        msg = f"--set cell_m={cell_m}: must be above 0 m"
        raise UsageError(msg)
    text = f"cells of {cell_m:g} m; columns run east and rows north from the first cell"
    remarks.assumed(text, setting="cell_m")
    return cell_m


def _grid(path: Path, remarks: Remarks) -> Grid:
    """Return the numbers (rows, columns) of a map.

    Raises
    ------
    FormatError
        A row has another length than the first, or a field is no number.
    """
    rows: list[list[float]] = []
    for line in lines_of(path):
        if not line.is_ended:
            text = f"the file ends within line {line.number}; left out"
            remarks.warning(text, offset=line.offset)
            break
        try:
            row = [number(one) for one in line.text.split(",")]
        except ValueError as error:
            msg = f"{path.name} line {line.number}, byte {line.offset:,}: {error}; expected numbers"
            raise FormatError(msg) from error
        if rows and len(row) != len(rows[0]):
            msg = (
                f"{path.name} line {line.number}, byte {line.offset:,}: {len(row)} numbers, "
                f"expected {len(rows[0])} as in the first line; the map is damaged"
            )
            raise FormatError(msg)
        rows.append(row)
    if not rows or not LEAST_CELLS <= len(rows[0]) <= MOST_CELLS:
        msg = (
            f"{path.name}: no map of at least {LEAST_CELLS} numbers a line; found {len(rows)} lines"
        )
        raise FormatError(msg)
    return np.array(rows, np.float64)

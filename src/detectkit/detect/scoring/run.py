"""What a run left: its indications, and where its sensors were."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, Indication
from detectkit.io import Stream, open_recording
from detectkit.io.flight.indications import read_indications

Values = npt.NDArray[np.float64]
DETECTING = ("gpr", "metal_detector")
"""Kinds of sensors whose rows survey the ground."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Where a sensor was along one line, (rows,) each; NaN where not known.

    `error_m` is one standard deviation of the position.
    """

    line: str
    longitude_deg: Values
    latitude_deg: Values
    along_track_m: Values
    height_m: Values
    error_m: Values

    @property
    def placed(self) -> bool:
        """Whether any row has a position."""
        return bool(np.isfinite(self.longitude_deg).any())


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Indications, the tracks of the sensors, and what there is to say about them."""

    name: str
    indications: tuple[Indication, ...]
    tracks: tuple[Track, ...]
    remarks: tuple[str, ...] = ()


def read_run(run: Path, *, ground: Path | None = None) -> Run:
    """Read a folder of ``process`` or of a flight.

    Parameters
    ----------
    run
        The folder: with ``flight.h5``, or, from ``replay``, with ``indications.csv``.
    ground
        Recording whose rows tell where the sensors were; None: the run's ``flight.h5``, and those
        of the metal detector that ``run.toml`` names.

    Raises
    ------
    FormatError
        There is neither; or nothing tells where the sensors were.
    """
    flight = run if run.is_file() else run / "flight.h5"
    recording = ground or flight
    table = run / "indications.csv"
    if not recording.is_file():
        msg = (
            f"{run}: has no flight.h5 that tells where the sensors were; finalize the flight, or "
            "give a recording with --ground"
        )
        raise FormatError(msg)
    if flight.is_file():
        found = read_indications(flight)
    elif table.is_file():
        found = _read_table(table)
    else:
        msg = f"{run}: has neither flight.h5 nor indications.csv; give the folder of a run"
        raise FormatError(msg)
    streams = [one for one in _streams(recording) if one.header.sensor.kind in DETECTING]
    remarks: tuple[str, ...] = ()
    if ground is None:
        more, remarks = _detector_streams(run / "run.toml")
        streams += more
    if not streams:
        msg = f"{recording}: holds no rows of a radar or a metal detector; no ground was surveyed"
        raise FormatError(msg)
    name = run.parent.name if run.name == "flight.h5" else run.stem if run.is_file() else run.name
    return Run(name or "run", found, tuple(_track(one) for one in streams), remarks)


def _streams(recording: Path) -> list[Stream]:
    return [one for one in open_recording(recording).streams if one.traces]


def _detector_streams(record: Path) -> tuple[list[Stream], tuple[str, ...]]:
    """Return the rows of the metal detector that a run took from its recordings."""
    if not record.is_file():
        return [], ()
    try:
        named = tomllib.loads(record.read_text(encoding="utf-8")).get("detector", [])
        places = {(Path(one["file"]), str(one["sensor"])) for one in named}
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{record}: cannot be read as a run.toml of detectkit ({error!r})"
        raise FormatError(msg) from error
    found, remarks = [], []
    for file, sensor in sorted(places):
        if file.is_file():
            found += [one for one in _streams(file) if one.header.sensor.id == sensor]
        else:
            remarks.append(
                f"{file} is gone: where {sensor} was is not known, only the radar's rows survey."
            )
    return found, tuple(remarks)


def _track(stream: Stream) -> Track:
    names = ("longitude_deg", "latitude_deg", "along_track_m", "height_m", "horizontal_error_m")
    columns: dict[str, list[Values]] = {name: [] for name in names}
    rows = 0
    for block in stream.blocks():
        unknown = np.full(len(block), np.nan)
        for name in names:
            known = name in block.coords
            columns[name].append(block.coord(name).astype(np.float64) if known else unknown)
        rows += len(block)
    table = {name: np.concatenate(parts) for name, parts in columns.items()}
    spacing = stream.header.trace_spacing_m
    if not np.isfinite(table["along_track_m"]).any() and spacing:
        table["along_track_m"] = spacing * np.arange(rows, dtype=np.float64)
    return Track(stream.header.line, *(table[name] for name in names))


def _read_table(path: Path) -> tuple[Indication, ...]:
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            return tuple(_indication(row) for row in csv.DictReader(handle))
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, ValueError) as error:
        msg = f"{path}: cannot be read as indications.csv of detectkit ({error!r})"
        raise FormatError(msg) from error


def _indication(row: Mapping[str, str]) -> Indication:
    def number(name: str) -> float | None:
        return float(row[name]) if row.get(name) else None

    return Indication(
        line=row["line"],
        trace=int(row["trace"]),
        first_trace=int(row["first_trace"]),
        last_trace=int(row["last_trace"]),
        along_track_m=number("along_track_m"),
        longitude_deg=number("lon"),
        latitude_deg=number("lat"),
        twt_s=float(row["twt_ns"] or "nan") * 1e-9,
        depth_m=float(row["depth_m"] or "nan"),
        depth_error_m=float(row["depth_error_m"] or "nan"),
        velocity_m_per_s=float(row["velocity_m_per_s"] or "nan"),
        velocity_source=row["velocity_source"],
        score=float(row["score"]),
        rank=int(row["rank"]),
        sensors=row.get("sensors") or "gpr",
        gpr_score=number("gpr_score"),
        detector_snr=number("detector_snr"),
        probability=number("probability"),
        probability_low=number("probability_low"),
        probability_high=number("probability_high"),
    )

"""Lines of a flight, simulated or flown, and what is known to lie under them.

All lines of a flight are one passage: its radar lines, its detector's rows, and the table of truth
(see `detectkit.detect.scoring.truth`). Of a simulated flight everything in the ground is known; of
dug ground only where somebody dug.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detectkit.core import Block, FormatError
from detectkit.detect.preset import Ground
from detectkit.detect.scoring.truth import NOTHING, Known, read_truth
from detectkit.geo import LocalFrame
from detectkit.io import Recording, Stream, open_recording
from detectkit.learn.corpus.passage import Body, LaneFacts, Origin, Passage
from detectkit.learn.corpus.settings import CorpusSettings, FlightSource
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

TOLD = 3
"""What is drawn; see `detectkit.learn.corpus.dataset_lanes`."""


def flight_passage(settings: CorpusSettings, number: int) -> Passage:
    """Return the lines of a flight with what lies under them.

    Parameters
    ----------
    settings
        Of the corpus.
    number
        Of the flight among all sources: datasets come first.

    Raises
    ------
    FormatError
        No radar line, no place, no permittivity, or a truth that does not tell longitude and
        latitude; says which file.
    """
    source = settings.flight[number - len(settings.dataset)]
    recording = open_recording(Path(source.path))
    radar = [one for one in recording.streams if _is(one, "gpr")]
    if not radar:
        msg = f"{source.path}: no radar line in it; a corpus needs one"
        raise FormatError(msg)
    lines = [whole for stream in radar for whole in stream.blocks(stream.traces)]
    frame = _frame(source, lines)
    permittivity = _permittivity(source, radar)
    seed = np.random.SeedSequence([settings.seed, number, TOLD])
    error = settings.labels.permittivity_error * np.random.default_rng(seed).uniform(-1.0, 1.0)
    velocity = SPEED_OF_LIGHT_M_S / math.sqrt(max(1.0, permittivity * (1.0 + error)))
    truth = read_truth(truth_of(source))
    return Passage(
        tuple(lines),
        tuple(
            rows
            for stream in recording.streams
            if _is(stream, "metal_detector")
            for rows in stream.blocks(stream.traces)
        ),
        Ground(velocity, "given"),
        tuple(_body(one, frame, source) for one in truth.rows),
        frame,
        tuple(_facts(one, frame, permittivity) for one in lines),
        _origin(source, number, recording),
        known="everywhere" if truth.kind == "simulated" else "where dug",
    )


def truth_of(source: FlightSource) -> Path:
    """Return the table of truth: as told, else the one beside the flight."""
    flight = Path(source.path)
    return Path(source.truth) if source.truth else flight.with_name(f"{flight.stem}.truth.csv")


def flight_digest(source: FlightSource) -> str:
    """Return the sha256 of a flight and its truth."""
    digest = hashlib.sha256()
    for path in (Path(source.path), truth_of(source)):
        with path.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()


def _is(stream: Stream, kind: str) -> bool:
    return stream.header.sensor.kind == kind and stream.traces > 1


def _frame(source: FlightSource, lines: Sequence[Block]) -> LocalFrame:
    for line in lines:
        if {"longitude_deg", "latitude_deg"} <= set(line.coords):
            places = np.column_stack([line.coord("longitude_deg"), line.coord("latitude_deg")])
            there = places[np.isfinite(places).all(axis=1)]
            if len(there):
                return LocalFrame(float(there[0, 0]), float(there[0, 1]))
    msg = f"{source.path}: its radar lines have no longitude and latitude; merge them in first"
    raise FormatError(msg)


def _permittivity(source: FlightSource, radar: Sequence[Stream]) -> float:
    told = source.permittivity or radar[0].header.permittivity
    if told is None or told < 1.0:
        msg = f"{source.path}: permittivity {told}; give permittivity in its [[flight]]"
        raise FormatError(msg)
    return told


def _body(one: Known, frame: LocalFrame, source: FlightSource) -> Body:
    if one.longitude_deg is None or one.latitude_deg is None:
        msg = f"{truth_of(source)}, {one.name}: a corpus needs its longitude_deg and latitude_deg"
        raise FormatError(msg)
    x, y, _ = frame.to_local(np.array([one.longitude_deg]), np.array([one.latitude_deg]))
    category = "none" if one.category == NOTHING else one.category
    depth = math.nan if one.depth_m is None else one.depth_m
    return Body(float(x[0]), float(y[0]), one.radius_m, category, depth, one.name)


def _facts(line: Block, frame: LocalFrame, permittivity: float) -> LaneFacts:
    x, y, _ = frame.to_local(line.coord("longitude_deg"), line.coord("latitude_deg"))
    there = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not there.size:
        msg = f"line {line.line}: no trace of it has a place"
        raise FormatError(msg)
    height = line.coord("height_m") if "height_m" in line.coords else np.array([0.0])
    begin, end = ((float(x[at]), float(y[at])) for at in there[[0, -1]])
    return LaneFacts(line.line, begin, end, float(np.nanmean(height)), permittivity)


def _origin(source: FlightSource, number: int, recording: Recording) -> Origin:
    site = source.site or recording.path.stem
    return Origin(
        source=number,
        site=site,
        ground=f"the ground of {site}",
        scene=f"{number}/{recording.path.stem}",
        copy=0,
        split=source.split,
        terrain=source.terrain,
        soil=source.soil,
    )

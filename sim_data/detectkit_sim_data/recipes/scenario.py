"""A scenario: what is in the ground, and what passes over it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """The pass over the ground."""

    traces: int
    trace_spacing_m: float
    speed_m_per_s: float
    start_time: datetime
    start_longitude_deg: float
    start_latitude_deg: float
    start_up_m: float
    heading_deg: float
    marks_every_m: float


@dataclass(frozen=True, slots=True)
class FixSettings:
    """The satellite receiver."""

    every_traces: int
    horizontal_error_m: float
    vertical_error_m: float
    lost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Radar:
    """Antenna and receiver."""

    centre_hz: float
    antenna_separation_m: float
    samples: int
    sample_interval_s: float
    first_twt_s: float
    direct_counts: float
    ground_wave_ratio: float
    ringing_ratio: float
    ringing_decay_s: float
    coupling_variation: float
    height_variation_m: float
    wow_counts: float
    wow_decay_s: float
    offset_counts: float
    noise_counts: float


@dataclass(frozen=True, slots=True)
class Layer:
    """A boundary that runs through the whole line."""

    depth_m: float
    relief_m: float
    relief_length_m: float
    reflectivity: float


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Many weak points at random."""

    points: int
    reflectivity: float
    deepest_m: float


@dataclass(frozen=True, slots=True)
class Soil:
    """What the waves run through."""

    permittivity: float
    attenuation_per_m: float
    reference_counts: float
    heterogeneity: Heterogeneity
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class BuriedObject:
    """A disc: `depth_m` of its top, `offset_m` to the right of the track."""

    class_name: str
    kind: str
    along_track_m: float
    offset_m: float
    depth_m: float
    radius_m: float
    thickness_m: float
    reflectivity: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that decides a simulated line, and its text."""

    name: str
    seed: int
    line: Line
    fixes: FixSettings
    radar: Radar
    soil: Soil
    objects: tuple[BuriedObject, ...]
    text: str

    @classmethod
    def read(cls, path: Path) -> Scenario:
        """Read a scenario's TOML; an unknown or missing name is a TypeError."""
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
        fixes = document["fixes"]
        return cls(
            name=document["name"],
            seed=document["seed"],
            line=Line(**document["line"]),
            fixes=FixSettings(**{**fixes, "lost": tuple(fixes["lost"])}),
            radar=Radar(**document["radar"]),
            soil=_soil(document["soil"]),
            objects=tuple(_object(one) for one in document["object"]),
            text=text,
        )


def _soil(table: Mapping[str, Any]) -> Soil:
    rest = {name: value for name, value in table.items() if name not in {"heterogeneity", "layer"}}
    layers = tuple(Layer(**one) for one in table["layer"])
    return Soil(**rest, heterogeneity=Heterogeneity(**table["heterogeneity"]), layers=layers)


def _object(table: Mapping[str, Any]) -> BuriedObject:
    rest = {name: value for name, value in table.items() if name != "class"}
    return BuriedObject(class_name=table["class"], **rest)

"""What is known of a sample: one row of numbers and one of codes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.bodies import PlacedBody
from detectkit.synthesis.dataset.heard import Heard
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.scene import Sample, Scene
from detectkit.synthesis.dataset.settings import SPLITS

Floats = npt.NDArray[np.float32]

CATEGORIES = ("empty", "clutter", "anti-personnel", "anti-tank", "fragmentation")
METALS = ("none", "minimum", "rich")
GUARD_SAMPLES = 25
"""To both sides of a body's strongest echo, where its clutter is told."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the labels."""

    name: str
    unit: str
    meaning: str


CODES = (
    Column("category", "", "what the body is; 0: none was buried"),
    Column("body", "", "which body of the recipe; -1: none"),
    Column("metal", "", "metal of the body"),
    Column("terrain", "", "which terrain of the recipe"),
    Column("split", "", "train, validation or test; a site is in one alone"),
    Column("site", "", "number of the site"),
    Column("scene", "", "number of the scene: samples of one scene share ground, clutter, flight"),
    Column("burial", "", "number of the body in its scene; -1: none"),
    Column("dug", "", "1: the soil over the body was dug"),
    Column("clutter", "", "bodies in the plane that belong to the ground"),
    Column("first_sample", "", "of the patch in the recorded trace"),
)

NUMBERS = (
    Column("depth_m", "m", "of the body's top below the mean ground"),
    Column("along_m", "m", "of the body's centre from the middle of the patch"),
    Column("across_m", "m", "of the body's centre from the lane, to the right"),
    Column("tilt_deg", "degree", "lean of the body's axis"),
    Column("water", "1", "share of the body's hollows that is under water"),
    Column("width_m", "m", "widest of the body"),
    Column("metal_cm3", "cm3", "volume of the body's metal"),
    Column("height_m", "m", "of the antennas over the mean ground, mean along the patch"),
    Column("speed_m_per_s", "m/s", "over ground"),
    Column("slope", "1", "rise of the ground per metre along the lane"),
    Column("permittivity", "1", "relative, of the upper 30 cm at the radar's centre frequency"),
    Column("conductivity_s_per_m", "S/m", "likewise, with the loss of the water's relaxation"),
    Column("susceptibility", "1", "magnetic, of the soil"),
    Column("centre_hz", "Hz", "of the radar's wavelet"),
    Column("separation_m", "m", "of transmitter and receiver, along the lane"),
    Column("noise_counts", "count", "white noise of the radar, one standard deviation"),
    Column("coil_radius_m", "m", "of the detector"),
    Column("detector_noise_nv", "nV", "white noise of the detector, one standard deviation"),
    Column("begin_s", "s", "of the patch, after the pulse left the antenna"),
    Column("echo_peak_counts", "count", "largest value of the body's echo"),
    Column("echo_over_clutter_db", "dB", "that over the rms of the ground less its mean trace"),
    Column("metal_peak_nv", "nV", "largest change that the body's metal makes, of all channels"),
    Column("metal_over_soil_db", "dB", "that over the strip's own range without it; best channel"),
)


def code_row(recipe: Recipe, scene: Scene, sample: Sample) -> npt.NDArray[np.int32]:
    """Return the codes of a sample, in the order of `CODES`."""
    body = scene.body_of(sample)
    values = {
        "category": 0 if body is None else CATEGORIES.index(body.body.category),
        "body": -1 if body is None else [one.name for one in recipe.bodies].index(body.name),
        "metal": 0 if body is None else METALS.index(body.body.metal_content),
        "terrain": [one.name for one in recipe.terrains].index(scene.site.terrain),
        "split": SPLITS.index(scene.site.split),
        "site": scene.site.number,
        "scene": scene.number,
        "burial": sample.burial,
        "dug": 0 if body is None else int(body.disturbed_m > 0.0),
        "clutter": len(scene.clutter),
        "first_sample": sample.first_sample,
    }
    return np.array([values[one.name] for one in CODES], np.int32)


def number_row(scene: Scene, number: int, heard: Heard) -> Floats:
    """Return the numbers of a sample, in the order of `NUMBERS`; NaN: there is no body.

    Parameters
    ----------
    scene, number
        Which sample of the scene.
    heard
        What is heard in all of them.
    """
    sample = scene.samples[number]
    one, ground = sample.radar, scene.site.subsurface
    permittivity, conductivity = ground.at(one.centre_hz)
    peak, over_db = _over_clutter(heard.radar[number], heard.echo[number])
    metal, over_soil_db = _over_soil(heard.detector[number], heard.detector_echo[number])
    values = {
        **_of_body(scene, scene.body_of(sample)),
        "height_m": float(scene.track.height_m.mean()),
        "speed_m_per_s": scene.speed_m_per_s,
        "slope": scene.slope,
        "permittivity": permittivity,
        "conductivity_s_per_m": conductivity,
        "susceptibility": ground.susceptibility,
        "centre_hz": one.centre_hz,
        "separation_m": scene.separation_m,
        "noise_counts": one.noise_counts,
        "coil_radius_m": sample.detector.coil_radius_m,
        "detector_noise_nv": sample.detector.noise_nv,
        "begin_s": sample.first_sample * one.sample_interval_s - one.time_zero_s,
        "echo_peak_counts": peak,
        "echo_over_clutter_db": over_db,
        "metal_peak_nv": metal,
        "metal_over_soil_db": over_soil_db,
    }
    return np.array([values[column.name] for column in NUMBERS], np.float32)


def _of_body(scene: Scene, body: PlacedBody | None) -> dict[str, float]:
    names = ("depth_m", "along_m", "across_m", "tilt_deg", "water", "width_m", "metal_cm3")
    if body is None:
        return dict.fromkeys(names, math.nan)
    values = (
        body.depth_m,
        body.along_m - 0.5 * scene.patch.length_m,
        body.across_m - scene.across_m,
        body.tilt_deg,
        body.water,
        2.0 * body.body.outer_radius_m,
        1e6 * body.body.metal_m3,
    )
    return dict(zip(names, values, strict=True))


def _over_clutter(radar: Floats, echo: Floats) -> tuple[float, float]:
    """Return the peak of an echo, and its ratio in dB to the clutter at its delays."""
    if not echo.any():
        return math.nan, math.nan
    ground = (radar - echo).astype(np.float64)
    clutter = ground - ground.mean(axis=0)
    peak = float(np.abs(echo).max())
    delay = int(np.abs(echo).max(axis=0).argmax())
    near = clutter[:, max(0, delay - GUARD_SAMPLES) : delay + GUARD_SAMPLES + 1]
    rms = math.sqrt(float(np.mean(near**2)))
    return peak, 20.0 * math.log10(peak / max(rms, 1e-12))


def _over_soil(detector: Floats, echo: Floats) -> tuple[float, float]:
    """Return the peak of a body's metal, and its ratio in dB to how the strip moves without it."""
    if not echo.any():
        return math.nan, math.nan
    peaks = np.abs(echo).max(axis=0).astype(np.float64)
    ranges = np.ptp((detector - echo).astype(np.float64), axis=0)
    best = float((peaks / np.maximum(ranges, 1e-12)).max())
    return float(peaks.max()), 20.0 * math.log10(max(best, 1e-12))

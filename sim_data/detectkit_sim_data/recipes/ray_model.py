"""A radargram by rays: every scatterer answers once (Born), nothing answers to an answer.

Travel times are exact for straight rays in uniform soil from transmitter to point to receiver;
amplitudes fall with the spreading of both ways, exp(-attenuation * path) and the cosine of the
angle at both antennas (Daniels 2004, "Ground Penetrating Radar", ch. 2 and 5). Left out:
refraction at the surface, polarisation, dispersion, coupling of antenna and soil.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit_sim_data.recipes.scenario import BuriedObject, Layer, Scenario

Values = npt.NDArray[np.float64]

LIGHT_M_PER_S = 299_792_458.0
REFERENCE_DEPTH_M = 0.1
DISC_STEP_M = 0.006
"""Points of a disc lie nearer than a quarter wavelength, or their sum shows fringes."""


def radargram(scenario: Scenario) -> npt.NDArray[np.int16]:
    """Return the counts of the digitiser, int16 (trace, delay)."""
    radar, line = scenario.radar, scenario.line
    rng = np.random.default_rng(scenario.seed)
    x = np.arange(line.traces, dtype=np.float64) * line.trace_spacing_m
    delay = np.arange(radar.samples, dtype=np.float64)
    twt = radar.first_twt_s + radar.sample_interval_s * delay
    lift = radar.height_variation_m * (1.0 + _smooth(rng, x, length_m=0.25))
    section = _direct(scenario, x, twt, rng)
    for one in scenario.soil.layers:
        section += _layer(scenario, one, x, twt - _lift_delay(lift), rng)
    for where, depth, strength in _points(scenario, x, rng):
        section += _point(scenario, where, depth, strength, x, twt - _lift_delay(lift))
    section += _receiver(scenario, x, twt, rng)
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(section), limits.min, limits.max).astype(np.int16)


def velocity(scenario: Scenario) -> float:
    """Return the speed of the waves in the soil in m/s."""
    return LIGHT_M_PER_S / float(np.sqrt(scenario.soil.permittivity))


def ricker(time_s: Values, centre_hz: float) -> Values:
    """Return the Ricker wavelet, (1 - 2a) exp(-a) with a = (pi f t)^2 (Ricker 1953)."""
    phase = (np.pi * centre_hz * time_s) ** 2
    return np.asarray((1.0 - 2.0 * phase) * np.exp(-phase))


def _lift_delay(lift_m: Values) -> Values:
    return (2.0 * lift_m / LIGHT_M_PER_S)[:, None]


def _direct(scenario: Scenario, x: Values, twt: Values, rng: np.random.Generator) -> Values:
    """Return the air wave, the wave along the surface, and the antenna's ringing."""
    radar = scenario.radar
    separation = radar.antenna_separation_m
    coupling = 1.0 + radar.coupling_variation * _smooth(rng, x, length_m=0.4)[:, None]
    shift = 8e-12 * _smooth(rng, x, length_m=0.3)[:, None]
    air = ricker(twt - separation / LIGHT_M_PER_S - shift, radar.centre_hz)
    ground = ricker(twt - separation / velocity(scenario) - shift, 0.8 * radar.centre_hz)
    late = np.maximum(twt - 1e-9, 0.0)
    ringing = np.sin(2.0 * np.pi * 0.9 * radar.centre_hz * late) * np.exp(
        -late / radar.ringing_decay_s
    )
    wave = coupling * (air + radar.ground_wave_ratio * ground) + radar.ringing_ratio * ringing
    return np.asarray(radar.direct_counts * wave)


def _layer(
    scenario: Scenario, layer: Layer, x: Values, twt: Values, rng: np.random.Generator
) -> Values:
    """Return the mirror answer of a boundary with gentle relief."""
    depth = layer.depth_m + layer.relief_m * _smooth(rng, x, length_m=layer.relief_length_m)
    strength = layer.reflectivity * (1.0 + 0.35 * _smooth(rng, x, length_m=0.5))
    path = 2.0 * np.hypot(depth, 0.5 * scenario.radar.antenna_separation_m)
    # A plane mirrors the source at twice its depth: it spreads with the path, not its square.
    amplitude = strength * (2.0 * REFERENCE_DEPTH_M / path) * _decay(scenario, path)
    wave = ricker(twt - (path / velocity(scenario))[:, None], scenario.radar.centre_hz)
    return np.asarray((scenario.soil.reference_counts * amplitude)[:, None] * wave)


def _points(
    scenario: Scenario, x: Values, rng: np.random.Generator
) -> list[tuple[float, float, float]]:
    """Return (along track, slant depth, reflectivity) of all points of the ground."""
    ground = scenario.soil.heterogeneity
    where = rng.uniform(x[0] - 0.5, x[-1] + 0.5, ground.points)
    depth = rng.uniform(0.02, ground.deepest_m, ground.points)
    strength = rng.normal(0.0, ground.reflectivity, ground.points)
    points = list(zip(where.tolist(), depth.tolist(), strength.tolist(), strict=True))
    for one in scenario.objects:
        points += _disc(one)
    return points


def _disc(one: BuriedObject) -> list[tuple[float, float, float]]:
    """Return top and, weaker and turned over, bottom of a disc, as points along the track."""
    count = 1 + 2 * int(np.ceil(one.radius_m / DISC_STEP_M))
    spread = np.linspace(-one.radius_m, one.radius_m, count)
    weight = np.sqrt(np.maximum(1.0 - (spread / one.radius_m) ** 2, 0.0)) + 0.1
    points = []
    for depth, part in ((one.depth_m, 1.0), (one.depth_m + one.thickness_m, -0.45)):
        slant = float(np.hypot(depth, one.offset_m))
        for where, share in zip(spread, weight / weight.sum(), strict=True):
            points.append((one.along_track_m + where, slant, part * share * one.reflectivity))
    return points


def _point(
    scenario: Scenario, where: float, depth: float, strength: float, x: Values, twt: Values
) -> Values:
    """Return the hyperbola of one point."""
    half = 0.5 * scenario.radar.antenna_separation_m
    out = np.hypot(x - half - where, depth)
    back = np.hypot(x + half - where, depth)
    spreading = REFERENCE_DEPTH_M**2 / (out * back)
    pattern = (depth / out) * (depth / back)
    amplitude = strength * spreading * pattern * _decay(scenario, out + back)
    delay = (out + back) / velocity(scenario)
    section = np.zeros((x.size, twt.shape[1]))
    # Beyond 60 degrees or a few counts nothing is seen; the rest of the section stays zero.
    seen = np.flatnonzero(np.abs(amplitude) * scenario.soil.reference_counts > 0.05)
    wave = ricker(twt[seen] - delay[seen, None], scenario.radar.centre_hz)
    section[seen] = (scenario.soil.reference_counts * amplitude[seen])[:, None] * wave
    return section


def _decay(scenario: Scenario, path_m: Values) -> Values:
    return np.asarray(np.exp(-scenario.soil.attenuation_per_m * path_m))


def _receiver(scenario: Scenario, x: Values, twt: Values, rng: np.random.Generator) -> Values:
    """Return wow, offset and noise."""
    radar = scenario.radar
    after = np.clip((twt - radar.first_twt_s) / 1.5e-9, 0.0, 1.0)
    tail = after * np.exp(-np.maximum(twt, 0.0) / radar.wow_decay_s)
    wow = radar.wow_counts * (1.0 + 0.15 * _smooth(rng, x, length_m=1.0))[:, None] * tail
    noise = rng.normal(0.0, radar.noise_counts, (x.size, twt.size))
    return np.asarray(wow + radar.offset_counts + noise)


def _smooth(rng: np.random.Generator, x: Values, *, length_m: float) -> Values:
    """Return random variation along the line, standard deviation about 1."""
    waves = 12
    number = 2.0 * np.pi * np.abs(rng.normal(0.0, 1.0 / length_m, waves))
    phase = rng.uniform(0.0, 2.0 * np.pi, waves)
    return np.asarray(np.cos(np.outer(x, number) + phase).sum(axis=1) * np.sqrt(2.0 / waves))

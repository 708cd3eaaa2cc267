"""A small recipe that a sketch makes in a moment."""

from __future__ import annotations

from detectkit.synthesis.dataset import Recipe

TEXT = """
name = "trial"
seed = 7
samples = 24
model = "sketch"

[patch]
traces = 16
spacing_m = 0.1
samples = 96
interval_s = 1.2e-10

[scenes]
burials = 2
empties = 1
looks = 1
scenes_per_site = 1
scenes_per_shard = 2

[splits]
train = 0.5
validation = 0.25
test = 0.25

[clutter]
bodies = ["pebble", "stone"]
scrap = ["nail"]

[radar]
centre_hz = [6e8, 9e8]
noise_counts = [2, 10]
crosstalk_counts = 0
wavelet = ["ricker", "gaussian"]

[detector]
coil_radius_m = [0.1, 0.2]

[[terrain]]
name = "farmland"
share = 0.6
[terrain.ground]
preset = ["moist loam", "dry sand"]
roughness_m = [0.005, 0.01]

[[terrain]]
name = "grassy hill"
share = 0.4
slope_deg = [2, 8]
ground = { preset = "stony hill" }

[[body]]
name = "PMN-2"
weight = 2

[[body]]
name = "TM-62M"
depth_m = [0.05, 0.4]

[[body]]
name = "stone"
"""


def recipe(changes: dict[str, str] | None = None) -> Recipe:
    """Return the recipe with pieces of its text replaced."""
    text = TEXT
    for old, new in (changes or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    return Recipe.from_toml(text, where="trial.toml")

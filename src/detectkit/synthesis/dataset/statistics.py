"""What is in a dataset, per split: classes, depths, heights, soils, how loud the bodies are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.synthesis.dataset.layout import NOTE
from detectkit.synthesis.dataset.reader import Dataset

COUNTED = ("category", "body", "metal", "terrain")
EDGES: dict[str, list[float]] = {
    "depth_m": [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0],
    "across_m": [-0.5, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.5],
    "height_m": [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.5],
    "permittivity": [1.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 13.0, 17.0, 25.0, 40.0],
    "conductivity_s_per_m": [0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.5],
}
LOUDNESS = ("echo_over_clutter_db", "metal_over_soil_db")
PERCENTILES = (10.0, 50.0, 90.0)


def statistics_of(dataset: Dataset) -> dict[str, Any]:
    """Return what is in a dataset, as plain values for JSON.

    Loudness is given per category as the 10th, 50th and 90th percentile in dB: of the body's echo
    over the rms of the ground less its mean trace, and of what its metal adds to the detector over
    what the detector shows there without it.
    """
    peaks = _peaks(dataset)
    return {
        "name": dataset.attributes["name"],
        "simulated": True,
        "model": dataset.attributes["model"],
        "note": NOTE,
        "samples": len(dataset),
        "digest": dataset.digest,
        "fingerprint": dataset.attributes["fingerprint"],
        "splits": {
            name: _of_split(dataset, which, peaks[which]) for name, which in dataset.splits.items()
        },
    }


def _of_split(
    dataset: Dataset, which: npt.NDArray[np.int64], peaks: npt.NDArray[np.float64]
) -> dict[str, Any]:
    labels = dataset.labels[which]
    counts = {name: _counts(dataset.words(name)[which]) for name in COUNTED}
    return {
        "samples": len(which),
        "scenes": len(np.unique(labels["scene"])),
        "sites": len(np.unique(labels["site"])),
        **counts,
        "histograms": {name: _histogram(labels[name], edges) for name, edges in EDGES.items()},
        "largest_count": _percentiles(peaks),
        **{name: _by_category(dataset, which, name) for name in LOUDNESS},
    }


def _counts(words: npt.NDArray[np.str_]) -> dict[str, int]:
    names, counts = np.unique(words[words != ""], return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def _histogram(values: npt.NDArray[Any], edges: list[float]) -> dict[str, Any]:
    """Return counts between edges; what lies beyond is counted in the outermost."""
    known = values[np.isfinite(values)]
    counts, _ = np.histogram(np.clip(known, edges[0], edges[-1]), edges)
    return {"edges": edges, "counts": [int(one) for one in counts]}


def _by_category(
    dataset: Dataset, which: npt.NDArray[np.int64], name: str
) -> dict[str, list[float]]:
    categories, values = dataset.words("category")[which], dataset.labels[name][which]
    heard = np.isfinite(values)
    return {
        str(one): _percentiles(values[heard & (categories == one)])
        for one in np.unique(categories[heard])
    }


def _percentiles(values: npt.NDArray[Any]) -> list[float]:
    if not values.size:
        return []
    return [round(float(one), 2) for one in np.percentile(values, PERCENTILES)]


def _peaks(dataset: Dataset) -> npt.NDArray[np.float64]:
    """Return the largest count of every sample."""
    parts = [np.abs(dataset.read("radar", which)).max(axis=(1, 2)) for which, _ in dataset.groups()]
    return np.concatenate(parts).astype(np.float64)

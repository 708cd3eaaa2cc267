"""Indications as CSV and GeoJSON: the machine-readable contract."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detectkit.core import Evidence, Indication
from detectkit.product.writing import naming

COLUMNS = (
    "rank",
    "line",
    "along_track_m",
    "trace",
    "lon",
    "lat",
    "depth_m",
    "depth_error_m",
    "velocity_m_per_s",
    "velocity_source",
    "twt_ns",
    "score",
    "first_trace",
    "last_trace",
    "evidence",
    "status",
    "evidence_class",
    "recording",
    "pipeline_sha256",
    "sensors",
    "gpr_score",
    "detector_snr",
    "probability",
    "probability_low",
    "probability_high",
    "prior",
    "category",
    "category_probability",
    "novelty",
    "assessed_by",
)
"""Columns of indications.csv; new ones are only ever added at the end."""


def indication_row(one: Indication) -> dict[str, Any]:
    """Return an indication as one row; what is not known is None, never a made-up number."""
    return {
        "rank": one.rank,
        "line": one.line,
        "along_track_m": _rounded(one.along_track_m, 4),
        "trace": one.trace,
        "lon": _rounded(one.longitude_deg, 8),
        "lat": _rounded(one.latitude_deg, 8),
        "depth_m": _rounded(one.depth_m, 4),
        "depth_error_m": _rounded(one.depth_error_m, 4),
        "velocity_m_per_s": one.velocity_m_per_s,
        "velocity_source": one.velocity_source,
        "twt_ns": _rounded(one.twt_s * 1e9, 4),
        "score": _rounded(one.score, 3),
        "first_trace": one.first_trace,
        "last_trace": one.last_trace,
        "evidence": " ".join(f"{e.name}={_short(e)}" for e in one.evidence),
        "status": one.status,
        "evidence_class": "sensor_indication",
        "recording": one.recording,
        "pipeline_sha256": one.pipeline_sha256,
        "sensors": one.sensors,
        "gpr_score": _rounded(one.gpr_score, 3),
        "detector_snr": _rounded(one.detector_snr, 3),
        "probability": _rounded(one.probability, 5),
        "probability_low": _rounded(one.probability_low, 5),
        "probability_high": _rounded(one.probability_high, 5),
        "prior": one.prior,
        "category": one.category or None,
        "category_probability": _rounded(one.category_probability, 4),
        "novelty": _rounded(one.novelty, 4),
        "assessed_by": one.assessed_by or None,
    }


def write_csv(indications: Sequence[Indication], path: Path) -> None:
    """Write indications.csv; an unknown value is an empty cell."""
    with naming(path), path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(indication_row(one) for one in indications)


def write_geojson(indications: Sequence[Indication], path: Path) -> int:
    """Write those with a position as GeoJSON (RFC 7946, WGS 84); return how many there are.

    Nothing is written when none has a position.
    """
    rows = [row for row in map(indication_row, indications) if None not in (row["lon"], row["lat"])]
    if not rows:
        return 0
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "Point",
                "coordinates": [row["lon"], row["lat"]],
            },
            "properties": {name: row[name] for name in row if name not in {"lon", "lat"}},
        }
        for row in rows
    ]
    document = {"type": "FeatureCollection", "name": "indications", "features": features}
    with naming(path):
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(rows)


def _short(one: Evidence) -> str:
    """Return a value to four digits; a place to a millimetre."""
    return f"{one.value:.8f}" if one.unit.startswith("degree_") else f"{one.value:.4g}"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, digits)

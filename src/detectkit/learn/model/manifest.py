"""The manifest: everything about a model but its weights, in one JSON file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from detectkit.core import FormatError
from detectkit.core.indication import CATEGORIES
from detectkit.core.settings import build, settings_of
from detectkit.detect.evidence import IMAGES, SCALARS, STRIPS, PatchGrid
from detectkit.learn.autoencoder_settings import AutoencoderSettings
from detectkit.learn.calibration import Calibration
from detectkit.learn.deciding import Decision
from detectkit.learn.model.validity import Validity
from detectkit.learn.network_settings import NetworkSettings

FILE = "manifest.json"
LAYOUT = 1
EVIDENCE = {
    "images": list(IMAGES), "strips": list(STRIPS), "scalars": list(SCALARS),
    "categories": list(CATEGORIES), "batch": 1,
}  # fmt: skip
"""What goes in and comes out, in order, and how many at a time."""


@dataclass(frozen=True, slots=True)
class Source:
    """Data that a model was made on.

    Parameters
    ----------
    name
        Of the corpus or dataset.
    origin
        ``"simulated"`` or ``"recorded"``.
    sha256
        Its fingerprint.
    use
        ``"train"``, ``"validation"`` or ``"test"``.
    sites, examples, targets
        How many.
    """

    name: str
    origin: str
    sha256: str
    use: str
    sites: int
    examples: int
    targets: int


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure with its interval.

    Parameters
    ----------
    name
        What, in words.
    value, low, high
        With its interval (95 %).
    count
        On how many examples, targets or metres it rests.
    on
        On which data.
    """

    name: str
    value: float
    low: float
    high: float
    count: int
    on: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model before it is measured.

    Parameters
    ----------
    name
        Lower case, with hyphens.
    summary
        One sentence: what it weighs, and what it was made on.
    kind
        Of the pipelines whose evidence it was made on (`detectkit.detect.kind.kind_of`).
    seed
        Of the training.
    pipelines
        Fingerprints of those pipelines.
    limits
        What it does not know, a sentence each.
    recipe
        Text of the recipe that trains it again.
    """

    name: str
    summary: str
    kind: str
    seed: int
    pipelines: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    recipe: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """Everything about a model but its weights.

    Parameters
    ----------
    facts
        Name, kind of pipeline, limits, recipe.
    network
        Its shape.
    grid
        Of the patches.
    calibration, validity
        What its log-odds are worth, and where.
    novelty_threshold
        Novelty above it makes a category ``"unknown"``.
    depth_error_factor
        What its own standard deviation of the depth has to be multiplied by.
    autoencoder, anomaly
        Its shape, and middle and deviation of its error; None: there is none.
    sources, metrics
        What it was made on, how good it was found.
    weights_sha256
        Of the file with the weights; empty before it is saved.
    decision
        Thresholds that were set before any test was read; None: none were.
    """

    facts: Facts
    network: NetworkSettings
    grid: PatchGrid
    calibration: Calibration
    validity: Validity
    novelty_threshold: float
    depth_error_factor: float
    autoencoder: AutoencoderSettings | None = None
    anomaly: tuple[float, float] | None = None
    sources: tuple[Source, ...] = ()
    metrics: tuple[Metric, ...] = ()
    weights_sha256: str = ""
    decision: Decision | None = None

    @property
    def label(self) -> str:
        """Name and the first 12 digits of the manifest's sha256, which vouches for the weights."""
        digest = hashlib.sha256(self.to_json().encode()).hexdigest()
        return f"{self.facts.name} {digest[:12]}"

    def to_json(self) -> str:
        """Return it as text."""
        document = {
            "format": "detectkit-model",
            "layout": LAYOUT,
            **settings_of(self.facts),
            "evidence": EVIDENCE,
            "grid": settings_of(self.grid),
            "network": settings_of(self.network),
            "autoencoder": None if self.autoencoder is None else settings_of(self.autoencoder),
            "anomaly": None if self.anomaly is None else list(self.anomaly),
            "novelty_threshold": self.novelty_threshold,
            "depth_error_factor": self.depth_error_factor,
            "validity": self.validity.to_table(),
            "sources": [settings_of(one) for one in self.sources],
            "metrics": [settings_of(one) for one in self.metrics],
            "weights_sha256": self.weights_sha256,
            "calibration": self.calibration.to_table(),
        }
        if self.decision is not None:
            document["decision"] = settings_of(self.decision)
        return json.dumps(document, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, *, where: str = FILE) -> Manifest:
        """Read a manifest.

        Raises
        ------
        FormatError
            It is no manifest, of another layout, or for evidence of another shape.
        """
        try:
            table = json.loads(text)
            _check(table)
            return cls._built(table, where)
        except (ValueError, KeyError, TypeError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            msg = f"{where}: not a model of this version: {said}"
            raise FormatError(msg) from error

    @classmethod
    def _built(cls, table: Mapping[str, Any], where: str) -> Manifest:
        def made(kind: Any, part: Mapping[str, Any]) -> Any:
            return build(kind, dict(part), where=where, error=FormatError)

        names = {one.name for one in fields(Facts)}
        drawn, anomaly = table["autoencoder"], table["anomaly"]
        return cls(
            facts=made(Facts, {name: table[name] for name in table if name in names}),
            network=made(NetworkSettings, table["network"]),
            grid=made(PatchGrid, table["grid"]),
            calibration=Calibration.from_table(table["calibration"]),
            validity=Validity.from_table(table["validity"]),
            novelty_threshold=float(table["novelty_threshold"]),
            depth_error_factor=float(table["depth_error_factor"]),
            autoencoder=None if drawn is None else made(AutoencoderSettings, drawn),
            anomaly=None if anomaly is None else (float(anomaly[0]), float(anomaly[1])),
            sources=tuple(made(Source, one) for one in table["sources"]),
            metrics=tuple(made(Metric, one) for one in table["metrics"]),
            weights_sha256=str(table["weights_sha256"]),
            decision=None if table.get("decision") is None else made(Decision, table["decision"]),
        )


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a model's folder; reads no weights.

    Raises
    ------
    FormatError
        There is none in the folder, or it is not one of this version.
    """
    path = folder / FILE
    if not path.is_file():
        msg = f"{folder}: holds no {FILE}; a model is a folder with one"
        raise FormatError(msg)
    return Manifest.from_json(path.read_text(encoding="utf-8"), where=str(path))


def _check(table: Any) -> None:
    if not isinstance(table, dict) or table.get("format") != "detectkit-model":
        msg = "it does not say that it is a detectkit-model"
        raise ValueError(msg)
    if table.get("layout") != LAYOUT:
        msg = f"layout {table.get('layout')!r}, where {LAYOUT} can be read"
        raise ValueError(msg)
    for name, expected in EVIDENCE.items():
        if table["evidence"].get(name) != expected:
            msg = f"{name} are {table['evidence'].get(name)!r}, where {expected!r} are made now"
            raise ValueError(msg)

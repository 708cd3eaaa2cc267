"""The volume of a flight: focused from the same processed traces as the detector sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectkit.core import Block, BlockSpec, DetectkitError, UsageError
from detectkit.detect.preset import Ground
from detectkit.io.volume import open_volume
from detectkit.mission.settings import Mission
from detectkit.pipeline import Pipeline
from detectkit.volume.imager import Imager
from detectkit.volume.settings import Soil, Velocity

DIGEST_SUFFIX = " volume"
"""The digest of a radar's volume is called after the radar and this."""


@dataclass(frozen=True, slots=True)
class VolumePlace:
    """Where the volumes of a flight go, and what the flight is called in them.

    Parameters
    ----------
    folder
        There already; each radar's volume is called after it.
    flight
        Name of the flight.
    simulated
        Scenario of a simulated one.
    """

    folder: Path
    flight: str
    simulated: str = ""

    def words(self) -> dict[str, Any]:
        """Return what a volume tells of the flight."""
        simulated = {"simulated": self.simulated} if self.simulated else {}
        return {"recordings": [{"file": self.flight}], **simulated}


@dataclass(slots=True)
class FlightVolume:
    """One radar's volume while the flight is processed; a fault ends it and nothing else.

    Parameters
    ----------
    imager
        None once it failed.
    words
        What the volume tells of the flight.
    fault
        Why it failed; empty while it did not.
    digest
        Of all its values; empty before it is written.
    path
        Where it lies; None before.
    """

    imager: Imager | None
    words: Mapping[str, Any]
    fault: str = ""
    digest: str = ""
    path: Path | None = None

    @classmethod
    def of(
        cls,
        mission: Mission,
        ground: Ground,
        spec: BlockSpec,
        pipeline: Pipeline,
        place: VolumePlace,
    ) -> FlightVolume:
        """Return the volume of the radar whose raw traces look like `spec`."""
        words = {
            "pipeline_fingerprint": pipeline.fingerprint,
            "pipelines": {pipeline.fingerprint: pipeline.to_toml()},
            "sensors": [spec.sensor.to_dict()],
            **place.words(),
        }
        try:
            return cls(_imager(mission, ground, spec, place.folder), words)
        except DetectkitError as error:
            return cls(None, words, str(error))

    def push(self, block: Block) -> None:
        """Add processed traces."""
        if self.imager is not None:
            try:
                self.imager.push(block)
            except DetectkitError as error:
                self._fail(error)

    def finish(self) -> None:
        """Write the volume."""
        if self.imager is None:
            return
        try:
            imaged = self.imager.finish(self.words)
            if imaged.path is None:
                self.fault = "no trace could be used: there is no volume"
            else:
                self.path, self.digest = imaged.path, open_volume(imaged.path).digest()
        except DetectkitError as error:
            self._fail(error)

    def _fail(self, error: DetectkitError) -> None:
        self.fault = str(error)
        if self.imager is not None:
            self.imager.close()
        self.imager = None


def is_volume_digest(name: str) -> bool:
    """Tell whether a digest of that name is of a volume, not of traces."""
    return name.endswith(DIGEST_SUFFIX)


def _imager(mission: Mission, ground: Ground, spec: BlockSpec, folder: Path) -> Imager:
    centre_hz = spec.sensor.antenna_hz
    if centre_hz is None:
        msg = f"radar {spec.sensor.id!r}: a volume needs antenna_hz in the instrument's settings"
        raise UsageError(msg)
    velocity = Velocity(ground.velocity_m_per_s, ground.source, ground.relative_error)
    deepest = None if ground.band_m is None else ground.band_m[1]
    soil = Soil.under(spec, velocity, centre_hz=centre_hz, deepest_m=deepest)
    return Imager(folder / f"{spec.sensor.id}.zarr", mission.image.fitted(soil))

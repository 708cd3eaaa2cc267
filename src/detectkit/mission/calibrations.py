"""The calibrations of a mission: read beside it, flown with it, applied to its radars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from detectkit.calibration.check import Finding, check_pipeline
from detectkit.calibration.choose import fitted, flown_at, record_for
from detectkit.calibration.library import find
from detectkit.calibration.record import CalibrationRecord, MountCalibration
from detectkit.calibration.record_file import record_from
from detectkit.core import Block, DetectkitError
from detectkit.io import Notice
from detectkit.pipeline import Pipeline


class Calibrated(Protocol):
    """What is needed of an instrument of a mission."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def calibration(self) -> str:
        """File of its calibration, "" for none."""
        ...


def read_texts(
    mounts: Iterable[Calibrated], folder: Path | None
) -> tuple[dict[str, str], list[str]]:
    """Return the text of each instrument's calibration, and what is wrong with the others.

    A file is looked for beside the mission, then in the library.
    """
    texts: dict[str, str] = {}
    faults: list[str] = []
    for mount in mounts:
        if not mount.calibration:
            continue
        beside = (folder or Path()) / mount.calibration
        try:
            path = beside if beside.is_file() else find(Path(mount.calibration))
            text = path.read_text(encoding="utf-8")
            record_from(text, where=str(path))
        except (DetectkitError, OSError, UnicodeDecodeError) as error:
            faults.append(f"instrument {mount.id!r}: {error}")
        else:
            texts[mount.id] = text
    return texts, faults


def mount_in(text: str) -> MountCalibration | None:
    """Return where a calibration says that its instrument sits; None where it does not."""
    return record_from(text, where="calibration").mount if text else None


class MissionCalibrations:
    """Puts a mission's calibrations into its pipelines and keeps what does not fit.

    Parameters
    ----------
    texts
        TOML by the name of the instrument.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.records: dict[str, CalibrationRecord] = {
            name: record_from(text, where=f"calibration of {name!r}")
            for name, text in texts.items()
        }
        self.findings: dict[str, list[Finding]] = {}

    def fitted(self, pipeline: Pipeline, block: Block) -> Pipeline:
        """Return a radar's fitted pipeline with its calibration, where it may be applied."""
        record = record_for(self.records, block.sensor)
        result, found = fitted(pipeline, record, block.spec, flown_at(block))
        self.findings[block.sensor.id] = found
        return result

    def checked(self, pipeline: Pipeline, block: Block) -> Pipeline:
        """Return a given pipeline, once the calibration in it is compared with the radar."""
        found = check_pipeline(pipeline, block.sensor, flown_at(block))
        self.findings[block.sensor.id] = found
        return pipeline

    def told(self) -> dict[str, list[dict[str, str]]]:
        """Return what does not fit of each radar, as plain values."""
        return {
            name: [{"severity": one.severity, "text": one.text} for one in found]
            for name, found in self.findings.items()
        }


def remarks(radars: Iterable[str], texts: Mapping[str, str], at_utc: datetime) -> list[Notice]:
    """Return what can be said of a mission's calibrations before the first trace.

    Parameters
    ----------
    radars
        Names of the mission's radars.
    texts
        Calibrations by the name of their instrument.
    at_utc
        When it is to fly.
    """
    records = MissionCalibrations(texts).records
    said = [
        Notice("note", f"{name}: no calibration; time zero is guessed from each trace")
        for name in radars
        if name not in records
    ]
    for name, one in records.items():
        if at_utc >= one.expires_utc:
            text = f"its calibration {one.id[:12]} expired on {one.expires_utc:%Y-%m-%d}"
            said.append(Notice("warning", f"{name}: {text}"))
    return said

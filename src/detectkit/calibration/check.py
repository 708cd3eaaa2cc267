"""Does a calibration belong to what was recorded: the instrument, its settings, the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from detectkit.calibration.apply import changed_axis
from detectkit.calibration.record import ID_DIGITS, CalibrationRecord
from detectkit.core import BlockSpec, Sensor
from detectkit.pipeline import Pipeline
from detectkit.pipeline.steps.calibrated import Calibrated

Fault = Literal["missing", "instrument", "settings", "expired", "early", "serial", "simulated"]
BARS: frozenset[Fault] = frozenset({"instrument", "settings"})
"""Faults with which a calibration is not applied."""
PLAIN: frozenset[Fault] = frozenset({"missing", "serial"})
"""What is worth knowing, and no warning."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit.

    Parameters
    ----------
    fault
        What it is.
    text
        In words.
    """

    fault: Fault
    text: str

    @property
    def severity(self) -> Literal["note", "warning"]:
        """How it is shown."""
        return "note" if self.fault in PLAIN else "warning"

    @property
    def bars(self) -> bool:
        """Whether the calibration is not to be applied."""
        return self.fault in BARS


def check_record(
    record: CalibrationRecord | None, spec: BlockSpec, flown_utc: datetime | None
) -> list[Finding]:
    """Return what does not fit between a record and raw traces of a radar.

    Parameters
    ----------
    record
        None: there is none.
    spec
        Of the raw traces.
    flown_utc
        When they were recorded; None: not known, the day is not checked.
    """
    if record is None:
        return [_missing(spec.sensor)]
    note = _note_of(record)
    found = _compared(note, spec.sensor, flown_utc)
    if record.radar is not None and (differing := changed_axis(record.radar, spec)):
        found.append(Finding("settings", f"calibration {note.id} is not applied: {differing}"))
    return found


def check_pipeline(pipeline: Pipeline, sensor: Sensor, flown_utc: datetime | None) -> list[Finding]:
    """Return what does not fit between the calibration in a pipeline and a radar's recording."""
    notes = [step for step in pipeline.steps if isinstance(step, Calibrated)]
    if not notes:
        return [_missing(sensor)]
    return [finding for note in notes for finding in _compared(note, sensor, flown_utc)]


def told(pipeline: Pipeline) -> str:
    """Return what a picture says about the calibration in a pipeline, in a few words.

    >>> told(Pipeline(()))
    'not calibrated'
    """
    notes = [step for step in pipeline.steps if isinstance(step, Calibrated)]
    if not notes:
        return "not calibrated"
    one = notes[0]
    simulated = ", simulated" if one.simulated else ""
    return f"calibration {one.id[:8]} of {one.made_utc[:10]}{simulated}"


def _missing(sensor: Sensor) -> Finding:
    text = f"radar {sensor.id!r}: no calibration; time zero is guessed from each trace"
    return Finding("missing", text)


def _note_of(record: CalibrationRecord) -> Calibrated:
    return Calibrated(
        id=record.id[:ID_DIGITS],
        instrument=record.instrument,
        serial=record.serial,
        made_utc=record.made_utc.isoformat(timespec="seconds"),
        expires_utc=record.expires_utc.isoformat(timespec="seconds"),
        simulated=record.simulated,
    )


def _compared(note: Calibrated, sensor: Sensor, flown_utc: datetime | None) -> list[Finding]:
    found = _of_another(note, sensor)
    made, expires = datetime.fromisoformat(note.made_utc), datetime.fromisoformat(note.expires_utc)
    if flown_utc is not None and flown_utc >= expires:
        days = (flown_utc - expires).total_seconds() / 86400.0
        text = f"calibration {note.id} had expired {days:.0f} days before the flight"
        found.append(Finding("expired", f"{text}, on {expires.astimezone(UTC):%Y-%m-%d}"))
    if flown_utc is not None and (made - flown_utc).total_seconds() > 86400.0:
        text = (
            f"calibration {note.id} was made on {made.astimezone(UTC):%Y-%m-%d}, after the flight"
        )
        found.append(Finding("early", text))
    return found


def _of_another(note: Calibrated, sensor: Sensor) -> list[Finding]:
    if note.instrument != sensor.instrument:
        text = (
            f"calibration {note.id} is of another instrument, {note.instrument!r}; the recording "
            f"is of {sensor.instrument!r}"
        )
        return [Finding("instrument", text)]
    if note.serial and sensor.serial and note.serial != sensor.serial:
        text = (
            f"calibration {note.id} is of serial number {note.serial!r}; the recording is of "
            f"{sensor.serial!r}"
        )
        return [Finding("instrument", text)]
    if note.serial and not sensor.serial:
        text = (
            f"calibration {note.id} is of serial number {note.serial!r}; the recording tells none"
        )
        return [Finding("serial", text)]
    return []

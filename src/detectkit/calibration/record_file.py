"""A calibration record as TOML: written in full, read back to the bit, refused with names."""

from __future__ import annotations

import re
import textwrap
import tomllib
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from detectkit.calibration.record import (
    SCHEMA,
    CalibrationRecord,
    DetectorCalibration,
    DetectorChannel,
    HeightResponse,
    MountCalibration,
    RadarCalibration,
    Source,
)
from detectkit.core import FormatError
from detectkit.core.settings import build, settings_of
from detectkit.io.durable import write_synced

T = TypeVar("T")

UNITS = ("s_per_s", "per_s", "count", "counts", "deg", "db", "dB", "hz", "ghz", "mhz", "khz", "ns",
         "ps", "us", "ms", "cm", "mm", "km", "s", "m", "days", "utc")  # fmt: skip
"""Endings that a wrong key may have instead of the right unit."""


def write_record(record: CalibrationRecord, path: Path) -> None:
    """Write a record, in one step."""
    write_synced(path, record_toml(record))


def record_toml(record: CalibrationRecord) -> str:
    """Return a record as TOML."""
    head = settings_of(_Head.of(record))
    document: dict[str, Any] = {"schema": SCHEMA, **head}
    for name in ("radar", "mount"):
        section = getattr(record, name)
        if section is not None:
            document[name] = _told(section)
    if record.detector is not None:
        document["detector"] = {
            "channel": [_told(one) for one in record.detector.channels],
            "height": [_told(one) for one in record.detector.heights],
        }
    document["source"] = [_told(one) for one in record.sources]
    text = tomli_w.dumps({name: one for name, one in document.items() if one != []})
    return re.sub(r"\[\n((?: +[-+0-9.e]+,\n)+) *\]", _row, text)


def read_record(path: Path) -> CalibrationRecord:
    """Read a record.

    Raises
    ------
    FormatError
        It cannot be read, or is none; names the key, and the key that was meant.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: the calibration cannot be read ({error})"
        raise FormatError(msg) from error
    return record_from(text, where=str(path))


def record_from(text: str, *, where: str = "calibration") -> CalibrationRecord:
    """Parse a record's TOML.

    Raises
    ------
    FormatError
        It is none, or a key is unknown, missing or of the wrong kind.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{where}: is not valid TOML ({error})"
        raise FormatError(msg) from error
    schema = document.pop("schema", None)
    if schema != SCHEMA:
        msg = f"{where}: schema = {schema!r}; this detectkit reads calibrations of schema {SCHEMA}"
        raise FormatError(msg)
    radar, mount = document.pop("radar", None), document.pop("mount", None)
    detector = document.pop("detector", None)
    sources = _tables(Source, document.pop("source", []), f"{where}, [[source]]")
    head = _built(_Head, document, where)
    try:
        return CalibrationRecord(
            **{one.name: getattr(head, one.name) for one in fields(_Head)},
            radar=None if radar is None else _built(RadarCalibration, radar, f"{where}, [radar]"),
            detector=None if detector is None else _detector(detector, f"{where}, [detector]"),
            mount=None if mount is None else _built(MountCalibration, mount, f"{where}, [mount]"),
            sources=sources,
        )
    except FormatError:
        raise
    except ValueError as error:
        msg = f"{where}: {error}"
        raise FormatError(msg) from error


@dataclass(frozen=True, slots=True)
class _Head:
    """The plain values of a record."""

    instrument: str
    serial: str
    made_utc: datetime
    sensor_id: str
    valid_days: float
    simulated: str = ""
    operator: str = ""
    notes: str = ""
    detectkit_version: str = ""

    @classmethod
    def of(cls, record: CalibrationRecord) -> _Head:
        values = {one.name: getattr(record, one.name) for one in fields(cls)}
        return cls(**{**values, "made_utc": record.made_utc.astimezone(UTC)})


def _detector(table: Any, where: str) -> DetectorCalibration:
    if not isinstance(table, dict):
        msg = f"{where}: a table is expected, got {type(table).__name__}"
        raise FormatError(msg)
    rest = dict(table)
    channels = _tables(DetectorChannel, rest.pop("channel", []), f"{where} channel")
    heights = _tables(HeightResponse, rest.pop("height", []), f"{where} height")
    for name in rest:
        msg = f"{where}: no key {name!r}; it has [[detector.channel]] and [[detector.height]]"
        raise FormatError(msg)
    return DetectorCalibration(channels, heights)


def _tables(kind: type[T], tables: Any, where: str) -> tuple[T, ...]:
    if not isinstance(tables, list):
        msg = f"{where}: is written with two brackets on each side"
        raise FormatError(msg)
    return tuple(_built(kind, one, f"{where} {n}") for n, one in enumerate(tables, start=1))


def _built(kind: type[T], table: Any, where: str) -> T:
    if not isinstance(table, dict):
        msg = f"{where}: a table is expected, got {table!r}"
        raise FormatError(msg)
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    for name in table:
        meant = [one for one in known if one != name and _stem(one) == _stem(name)]
        if name not in known and meant:
            msg = f"{where}: {name!r} has another unit than the format's; convert it to {meant[0]}"
            raise FormatError(msg)
    try:
        return build(kind, table, where=where, error=FormatError)
    except FormatError:
        raise
    except ValueError as error:
        msg = f"{where}: {error}"
        raise FormatError(msg) from error


def _stem(name: str) -> str:
    """Return a key without its unit.

    >>> _stem("time_zero_ns"), _stem("time_zero_s"), _stem("samples")
    ('time_zero', 'time_zero', 'samples')
    """
    for unit in sorted(UNITS, key=len, reverse=True):
        if name.endswith(f"_{unit}"):
            return name[: -len(unit) - 1]
    return name


def _told(section: object) -> dict[str, Any]:
    """Return a section without what was not measured."""
    return {name: one for name, one in settings_of(section).items() if one != []}


def _row(match: re.Match[str]) -> str:
    """Return an array of numbers on few lines."""
    numbers = " ".join(match[1].split()).rstrip(",")
    if len(numbers) < 80:
        return f"[{numbers}]"
    return (
        "[\n" + textwrap.fill(numbers, 96, initial_indent="    ", subsequent_indent="    ") + ",\n]"
    )

"""GSSI .DZX side file: XML with the distance settings and the operator's marks.

Known from a real SIR-4000 file: the properties and ``scanRange``. The mark of a way point
(``WayPt`` with a ``mark``) follows other programs' description; its scan counts from 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from detectkit.io.notice import Notice
from detectkit.io.side import side_text

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048, "in": 0.0254}
PROPERTIES = (
    "verticalUnit",
    "horizontalUnit",
    "dielectric",
    "unitsPerMark",
    "unitsPerScan",
    "system",
    "softwareVersion",
    "scanPerMeters",
    "scanRange",
)


@dataclass(frozen=True, slots=True)
class Dzx:
    """What the file says: its properties as text, the trace spacing in m, 1-based marks."""

    properties: dict[str, str] = field(default_factory=dict)
    spacing_m: float | None = None
    marks: tuple[int, ...] = ()
    last_scan: int | None = None
    notices: tuple[Notice, ...] = ()


def read_dzx(path: Path) -> Dzx:
    """Read the file; one that is damaged gives a warning and nothing else."""
    text, unread = side_text(path)
    if unread:
        return Dzx(notices=unread)
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        return _refused(path, "holds a document type, which such a file never needs; not read")
    try:
        # Without a document type there are no entities that could expand.
        root = ET.fromstring(text.lstrip("\ufeff"))  # noqa: S314
    except ET.ParseError as error:
        line, column = error.position
        before = text.splitlines(keepends=True)[: line - 1]
        offset = len("".join(before).encode()) + column
        return _refused(path, f"is no whole XML ({error}); not used", offset)
    return _content(root)


def _content(root: ET.Element) -> Dzx:
    found: dict[str, str] = {}
    marks: list[int] = []
    for element in root.iter():
        name = _local(element)
        if name in PROPERTIES:
            found.setdefault(name, (element.text or "").strip())
        if name == "WayPt":
            marks += _marked_scan(element)
    scans = found.get("scanRange", "").split(",")
    return Dzx(found, _spacing_m(found), tuple(marks), _whole(scans[-1]))


def _marked_scan(way_point: ET.Element) -> Iterator[int]:
    texts = {_local(child): (child.text or "").strip() for child in way_point}
    scan = _whole(texts.get("scan", ""))
    if "mark" in texts and scan is not None:
        yield scan + 1


def _spacing_m(properties: dict[str, str]) -> float | None:
    unit = METRES.get(properties.get("horizontalUnit", "m").lower())
    try:
        step = float(properties.get("unitsPerScan", ""))
    except ValueError:
        return None
    return step * unit if unit and math.isfinite(step) and step > 0.0 else None


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _refused(path: Path, text: str, offset: int | None = None) -> Dzx:
    return Dzx(notices=(Notice("warning", text, path.name, offset),))

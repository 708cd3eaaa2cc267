"""Tiny writers of seismic trace headers and files, independent of the readers."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

AT = {
    "sequence": ("i", 0),
    "identification": ("h", 28),
    "elevation": ("i", 40),
    "elevation_f4": ("f", 40),
    "elevation_scalar": ("h", 68),
    "scalar": ("h", 70),
    "x": ("i", 72),
    "y": ("i", 76),
    "x_f4": ("f", 72),
    "y_f4": ("f", 76),
    "unit": ("h", 88),
    "delay": ("h", 108),
    "samples": ("H", 114),
    "interval": ("H", 116),
    "year": ("h", 156),
    "day": ("h", 158),
    "hour": ("h", 160),
    "minute": ("h", 162),
    "second": ("h", 164),
    "basis": ("h", 166),
    "milliseconds": ("h", 168),
    "d1": ("f", 180),
    "x_f8": ("d", 182),
    "f1": ("f", 184),
    "d2": ("f", 188),
    "y_f8": ("d", 190),
    "su_mark": ("h", 208),
    "mark": ("B", 238),
}


def trace_header(order: str, **fields: Any) -> bytes:
    """Return 240 bytes; `order` is ``"<"`` or ``">"``."""
    head = bytearray(240)
    for name, value in fields.items():
        kind, place = AT[name]
        struct.pack_into(order + kind, head, place, value)
    return bytes(head)


def write_su(
    path: Path,
    data: npt.NDArray[np.float32],
    *,
    order: str = "<",
    marks: tuple[int, ...] = (),
    step_mm: float = 40.0,
    **fields: Any,
) -> Path:
    """Write traces as Seismic Unix; by default as radar is: d1 in ns, d2 in m, x in mm."""
    values: dict[str, Any] = {"identification": 1, "interval": 97, "d1": 0.09765625, "d2": 0.04}
    values |= {"samples": data.shape[1], **fields}
    records = []
    for row, trace in enumerate(data):
        moved = {"sequence": row + 1, "x": round(step_mm * row), "su_mark": int(row + 1 in marks)}
        head = trace_header(order, **{**moved, **values})
        records.append(head + trace.astype(f"{order}f4").tobytes())
    path.write_bytes(b"".join(records))
    return path


def write_segy(
    path: Path,
    data: npt.NDArray[Any],
    *,
    order: str = ">",
    code: int = 3,
    sample_type: str = "i2",
    text: str = "C 1 RADAR",
    per_trace: Mapping[str, npt.NDArray[Any]] | None = None,
    binary_samples: int | None = None,
    texts: int = 0,
    order_mark: bool = False,
    **fields: Any,
) -> Path:
    """Write SEG-Y with an ASCII text header; `per_trace` holds header values by trace."""
    samples = data.shape[1]
    binary = bytearray(400)
    struct.pack_into(f"{order}H", binary, 16, fields.get("interval", 195))
    struct.pack_into(f"{order}H", binary, 20, samples if binary_samples is None else binary_samples)
    struct.pack_into(f"{order}H", binary, 24, code)
    struct.pack_into(f"{order}H", binary, 304, texts)
    if order_mark:
        struct.pack_into(f"{order}I", binary, 96, 0x01020304)
    parts = [text.encode().ljust(3200)[:3200], bytes(binary), b" " * (3200 * texts)]
    values: dict[str, Any] = {"samples": samples, "interval": 195, **fields}
    for row, trace in enumerate(data):
        own = {name: column[row].item() for name, column in (per_trace or {}).items()}
        head = trace_header(order, **{"sequence": row + 1, **values, **own})
        parts.append(head + trace.astype(order + sample_type).tobytes())
    path.write_bytes(b"".join(parts))
    return path

"""What made the traces: one instrument channel and its settings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from detectkit.core.errors import UsageError

SensorKind = Literal[
    "gpr", "metal_detector", "magnetometer", "altimeter", "gnss", "autopilot", "unknown"
]
KINDS: tuple[SensorKind, ...] = get_args(SensorKind)


@dataclass(frozen=True, slots=True)
class Sensor:
    """One channel of one instrument; a changed field starts every step afresh.

    Parameters
    ----------
    id
        Short name, unique in a recording: ``"gpr"``, ``"gpr-2"``.
    kind
        What it measures.
    instrument
        Maker and model as far as the file tells, else ``"unknown"``.
    serial
        Serial number, empty when unknown.
    antenna_hz
        Nominal centre frequency in Hz, None when unknown.
    antenna_separation_m
        Distance between transmitter and receiver in m, None when unknown.
    full_scale
        Lowest and highest value that the digitiser can give, in the counts of the data
        (offset removed); None when unknown. A sample at a limit is clipped.
    blank_samples
        Leading samples of each trace that are not signal; the reader repeats the first
        real sample there and keeps the words as coordinates ``header_word_0``, ``_1``.
    unit
        Unit of the data, ``"count"`` for raw digitiser values.
    calibration
        Identifier of the calibration applied, empty for none.
    """

    id: str = "gpr"
    kind: SensorKind = "gpr"
    instrument: str = "unknown"
    serial: str = ""
    antenna_hz: float | None = None
    antenna_separation_m: float | None = None
    full_scale: tuple[float, float] | None = None
    blank_samples: int = 0
    unit: str = "count"
    calibration: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            msg = f"sensor kind {self.kind!r} is not known; use one of {', '.join(KINDS)}"
            raise UsageError(msg)
        if not self.id or "/" in self.id:
            msg = f"sensor id {self.id!r} must be non-empty and without '/'"
            raise UsageError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Sensor:
        """Build from `to_dict`'s answer; names of later versions are ignored."""
        known = {name: fields[name] for name in cls.__slots__ if name in fields}
        if known.get("full_scale") is not None:
            low, high = known["full_scale"]
            known["full_scale"] = (float(low), float(high))
        return cls(**known)

"""Which antenna a GSSI file names, and its nominal frequency where the name plainly tells."""

from __future__ import annotations

import re

SYSTEMS = {2: "SIR-2", 3: "SIR-3000", 8: "SIR-4000"}
"""System code (byte 113 >> 3) → model, for the codes met in files of that model."""

MODEL_HZ = {
    "3101": 900e6,
    "3207": 100e6,
    "5100": 1500e6,
    "5103": 400e6,
    "5106": 200e6,
    "50270": 270e6,
    "50300": 300e6,
    "50400": 400e6,
    "51600": 1600e6,
    "52600": 2600e6,
    "62000": 2000e6,
    "62300": 2300e6,
}
"""GSSI's model number → nominal centre frequency (GSSI antenna data sheets and manuals).

Antennas of two frequencies (D50800) and adjustable ones (3200) are left out on purpose.
"""

_STATED = re.compile(r"(\d+(?:\.\d+)?)\s*(M|G)Hz", re.IGNORECASE)
_MODEL = re.compile(r"(\d{4,5})(?!\d)")
_OLD_NAME = re.compile(r"(\d{2,4})(?:D|HS|US)?")


def antenna_hz(name: str) -> float | None:
    """Return the nominal centre frequency that an antenna's name tells, else None.

    A frequency that is written out ("400MHz") comes first, then GSSI's model number
    ("5106A"), then a bare frequency in MHz as old headers write it ("400D").

    Examples
    --------
    >>> antenna_hz("400MHz"), antenna_hz("5106"), antenna_hz("3200MLF")
    (400000000.0, 200000000.0, None)
    """
    stated = _STATED.search(name)
    if stated:
        return _in_radar_band(float(stated[1]) * (1e9 if stated[2] in "gG" else 1e6))
    model = _MODEL.match(name)
    if model:
        return MODEL_HZ.get(model[1])
    old = _OLD_NAME.fullmatch(name)
    return _in_radar_band(float(old[1]) * 1e6) if old else None


def _in_radar_band(freq_hz: float) -> float | None:
    return freq_hz if 10e6 <= freq_hz <= 6e9 else None

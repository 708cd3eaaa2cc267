"""Tiny writers of detectors' text files (synthetic, after real ones or descriptions)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

MAGARROW = (
    "Counter,Date,Time,Latitude,Longitude,Mag, MagValid,CompassX,Track,LocationSource,Hdop,"
    "FixQuality, SatellitesUsed, Altitude,GgaSentence,EventData"
)


def write_magarrow(
    path: Path, rows: int, *, every: int = 10, date: str = "2026/05/01", bad: Sequence[int] = ()
) -> Path:
    """Write rows of 1 ms; every few of the receiver, the others between; `bad` ones not valid."""
    lines = [MAGARROW]
    for row in range(rows):
        clock = f"10:00:{row // 1000:02d}.{row % 1000:03d}"
        place = f"50.1{row:06d},14.3{row:06d}"
        head = f"{100 + row},{date},{clock},{place},{48000 + row * 0.5:.5f}, {int(row not in bad)}"
        if row % every == 0:
            gga = f'"$GNGGA,1000{row:02d}.000,5006.0,N,01418.0,E,4,12,0.7,250.0,M,45.0,M,,*7E"'
            lines.append(f"{head},,1.5,G,0.790,4,12, 250.10,{gga},,,")
        else:
            lines.append(f"{head},,1.5,I,,,,,,,")
    path.write_text("\n".join(lines))
    return path


MAGDRONE = (
    "Timestamp [ms]; B1x [nT]; B1y [nT]; B1z [nT]; B2x [nT]; B2y [nT]; B2z [nT]; AccX [g]; "
    "Latitude [Decimal Degrees]; Longitude [Decimal Degrees]; Altitude [m]; Satellites; Quality; "
    "GPSTime; GPSDate; GPSTime [hh:mm:ss.sss];"
)


def write_magdrone(
    path: Path, rows: int, *, quality: int = 4, separator: str = ";", told: int | None = None
) -> Path:
    """Write rows of 5 ms; every tenth has a fix, the others zeros."""
    samples = rows if told is None else told
    lines = ["synthetic", "Date: 01.05.2026", "MagDroneR3: 000056", f"Samples: {samples}", ""]
    lines.append(MAGDRONE)
    for row in range(rows):
        field = ";".join(f"{10000 + row + axis:.2f}" for axis in range(6))
        fix = f"50.1{row:05d};14.3{row:05d};250.5;12;{quality};100000.0"
        where = fix if row % 10 == 0 else "0;0;0;0;0;0"
        clock = f"10:00:{row // 200:02d}.{row % 200 * 5:03d}"
        lines.append(f"{60 + 5 * row};{field};0.01;{where};2026/05/01;{clock};")
    lines = [one.replace(";", separator) for one in lines]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_cmd(path: Path, rows: int, *, date: str = "13/05/2026", satellites: int = 8) -> Path:
    """Write rows of 0.5 s of two coil pairs, without a line end behind the last."""
    names = ["Latitude", "Longitude", "Altitude", "Date", "Time", "DOP", "Satelites"]
    names += ["Cond.1 [mS/m]", "Inph.1 [ppt]", "Cond.2 [mS/m]", "Inph.2 [ppt]", "Note"]
    lines = ["\t".join(names)]
    for row in range(rows):
        place = [f"5006.{row:04d}N", f"01418.{row:04d}W", "-8.1"]
        clock = f"11:{row // 120:02d}:{row // 2 % 60:02d}.{row % 2 * 5}0"
        values = [f"{10 + row * 0.01:.2f}", f"{2 + row * 0.01:.2f}", "14.10", f"{row:d}.50"]
        lines.append("\t".join([*place, date, clock, "1.0", str(satellites), *values]))
    path.write_text("\n".join(lines))
    return path


def write_emi(path: Path, rows: int, *, with_quality: bool = True) -> Path:
    """Write a table after the description of the EMP-400."""
    names = "Record#,Time,Latitude,Longitude,Altitude,"
    names += "GPS Fix," if with_quality else ""
    names += "InPhase[5000],Quad[5000],InPhase[15000],Quad[15000],Cond[15000]"
    lines = ["GSSI Profiler EMP-400", "UNITS = ENGLISH", "$$$", names]
    for row in range(rows):
        fix = "1  ," if with_quality else ""
        place = f"50.1{row:05d} ,14.3{row:05d} ,250.0 ,{fix}"
        lines.append(f"{row} ,10:00:{row:02d} ,{place}{row}.5 ,{row}.25 ,{row}.75 ,1.0 ,2.0 ")
    path.write_text("\r\n".join(lines) + "\r\n")
    return path


def write_coil_maps(
    folder: Path, names: Sequence[str], *, rows: int = 12, columns: int = 9
) -> Path:
    """Write maps of whole numbers; return the first."""
    for index, name in enumerate(names):
        grid = np.arange(rows * columns).reshape(rows, columns) - 1000 * (index + 1)
        text = "\n".join(",".join(map(str, row)) for row in grid.tolist())
        (folder / f"{name}.csv").write_text(text + "\n")
    return folder / f"{names[0]}.csv"

"""Made flight-layout-1.h5, once, with detectkit 0.1.0. Do not run it again.

The file stands for all flights of layout 1 that are in the field. A detectkit that writes
another layout must still open it; a new layout gets a new file and a new program.

    python tests/data/make_flight_layout_1.py tests/data/flight-layout-1.h5
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from detectkit.core import Applied, Block, Evidence, Indication, Sensor
from detectkit.io import Fixes, Notice
from detectkit.io.flight import FlightWriter

TWT_S = -1e-9 + 1e-10 * np.arange(16)
RADAR = Sensor(
    id="gpr",
    instrument="Radár 7",
    serial="0042",
    antenna_hz=9e8,
    antenna_separation_m=0.06,
    full_scale=(-32768.0, 32767.0),
)
DETECTOR = Sensor(id="md", kind="metal_detector", unit="mV")


def radar(line: str, first_trace: int, traces: int) -> Block:
    number = first_trace + np.arange(traces)
    mark = (number == 2).astype(np.uint8)
    return Block(
        (100 * number[:, None] - np.arange(16)[None, :]).astype(np.int16),
        coords={
            "twt_s": ("delay", TWT_S),
            "time_ns": ("trace", 1_747_207_800_000_000_000 + number * 20_000_000),
            "mark": ("trace", mark),
        },
        sensor=RADAR,
        line=line,
        first_trace=first_trace,
        trace_spacing_m=0.02,
    )


def detector() -> Block:
    return Block(
        np.arange(12, dtype=np.float32).reshape(4, 3) / 8,
        dims=("trace", "channel"),
        coords={"elapsed_s": ("trace", np.arange(4) * 0.05)},
        sensor=DETECTOR,
        line="A",
        history=(Applied("detector-baseline", "00ff"),),
        quantity="score",
    )


def main(path: str) -> None:
    fixes = Fixes.of([(0.0, 46.93, 39.99, 361.5, 4), (5.0, 46.9301, 39.99, 361.25, 0)])
    first = Indication("A", 3, 1, 5, None, 46.93, 39.99, 1e-9, 0.05, 0.01, 1e8, "given", 7.5, 1)
    evidence = (Evidence("contrast", 3.5), Evidence("width", 0.25, "m"))
    second = replace(first, line="B", rank=2, longitude_deg=None, evidence=evidence)
    with FlightWriter(path) as flight:
        stream = flight.stream("gpr", permittivity=6.5, header={"rhf_epsr": 6.5})
        for block in (radar("A", 0, 4), radar("A", 9, 3), radar("B", 0, 2)):
            stream.append(block)
        stream.fixes("A", fixes)
        flight.stream("md", compression="gzip").append(detector())
        flight.attach("calibration/radar.toml", "time_zero_s = 1e-9 # gemessen\n")
        flight.pipeline('name = "demo"\n', fingerprint="ab" * 32)
        flight.attach("source/name", "LINE7.DZT")
        flight.notices([Notice("warning", "the file ends within a trace", "LINE7.DZT", 1234)])
        flight.indications([first, second])


if __name__ == "__main__":
    main(sys.argv[1])

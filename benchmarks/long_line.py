"""Write a long simulated line: python benchmarks/long_line.py 5000000 ten_gigabytes.h5.

512 samples of float32 a trace, so that 5,000,000 traces are 10.2 GB. White noise under a direct
wave: for speed and memory, not for detection.
"""

from __future__ import annotations

import sys

import numpy as np

from detectkit.core import Block, Sensor
from detectkit.io.flight import FlightWriter

PIECE = 4096
SAMPLES = 512


def write(traces: int, path: str) -> None:
    sample = np.arange(SAMPLES)
    noise = np.random.default_rng(1).normal(0.0, 100.0, (PIECE, SAMPLES))
    wave = 3000.0 * np.exp(-(((sample - 40) / 8.0) ** 2)) * np.cos((sample - 40) / 5.0)
    data = (noise + wave).astype(np.float32)
    sensor = Sensor(instrument="simulated (noise)", antenna_hz=1e9)
    with FlightWriter(path, existing="replace") as flight:
        stream = flight.stream("gpr")
        for first in range(0, traces, PIECE):
            count = min(PIECE, traces - first)
            coords = {
                "twt_s": ("delay", sample * 1e-10),
                "source_trace": ("trace", np.arange(first, first + count)),
            }
            block = Block(
                data[:count],
                coords=coords,
                sensor=sensor,
                line="long",
                first_trace=first,
                trace_spacing_m=0.02,
            )
            stream.append(block)


if __name__ == "__main__":
    write(int(sys.argv[1]), sys.argv[2])

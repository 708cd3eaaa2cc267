"""The bench: a twin on a pseudo-terminal or a socket, paced in real time, with faults to order."""

from __future__ import annotations

from detectkit.drivers.bench.bench import Bench
from detectkit.drivers.bench.counts import BenchCounts
from detectkit.drivers.bench.faults import Damage, Faults
from detectkit.drivers.bench.serving import serve_for
from detectkit.drivers.bench.sources import SourceTable, steady

__all__ = ["Bench", "BenchCounts", "Damage", "Faults", "SourceTable", "serve_for", "steady"]

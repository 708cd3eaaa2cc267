"""Anomaly score, candidates, indications: where the ground answered unlike its surroundings."""

from __future__ import annotations

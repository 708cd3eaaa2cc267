"""Learning: corpora of evidence, networks, their training, calibration, and models as products."""

from __future__ import annotations

"""What a network has to beat, and what must not work: energy, shapes, ablations, a rule."""

from __future__ import annotations

"""Training: from a recipe and a corpus to weights, with all that is needed to do it again."""

from __future__ import annotations

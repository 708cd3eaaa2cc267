"""A model as a product: weights, manifest and card in one folder, and what weighs evidence with it.

Nothing here imports torch before weights are needed.
"""

from __future__ import annotations

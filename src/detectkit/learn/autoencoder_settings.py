"""Shape and training of an autoencoder; kept apart so that reading a manifest imports no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AutoencoderSettings:
    """Shape and training of an autoencoder.

    Parameters
    ----------
    width
        Channels of the first convolution.
    code
        Numbers that a patch is squeezed into.
    epochs, batch, rate
        Of the training (Adam).
    held_out
        Share of the patches that are not trained on; they say what is usual.
    seed
        Of weights and order.
    """

    width: int = 8
    code: int = 24
    epochs: int = 20
    batch: int = 64
    rate: float = 2e-3
    held_out: float = 0.25
    seed: int = 0

"""Computed lanes on the disk: a flight that was killed goes on with the next lane."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit import __version__
from detectkit.sim import Scenario

DECIDING = (
    "site", "flight", "wind", "terrain", "subsurface", "vegetation", "radar", "full_wave",
    "objects", "layouts",
)  # fmt: skip
"""What of a scenario decides the counts of a lane."""


@dataclass(frozen=True, slots=True)
class KeptLanes:
    """Lanes of one scenario, seed and version in a folder; those of others are not touched.

    Parameters
    ----------
    folder
        Made with the first lane.
    key
        Tells scenario, seed and version; see `kept_lanes`.
    """

    folder: Path
    key: str

    def get(self, number: int) -> npt.NDArray[np.float32] | None:
        """Return the counts of a lane, None where they are not there or damaged."""
        try:
            counts = np.load(self._path(number), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        is_whole = counts.ndim == 2 and counts.dtype == np.float32
        return counts if is_whole else None

    def put(self, number: int, counts: npt.NDArray[np.float32]) -> None:
        """Keep the counts of a lane, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(number)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with part.open("wb") as handle:
                np.save(handle, counts, allow_pickle=False)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove what this scenario, seed and version kept, and the folder where it is empty."""
        for path in self.folder.glob(f"{self.key}-*.npy"):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _path(self, number: int) -> Path:
        return self.folder / f"{self.key}-{number:03d}.npy"


def kept_lanes(folder: Path, scenario: Scenario, *, seed: int) -> KeptLanes:
    """Return where the lanes of a scenario and a seed are kept."""
    told = [__version__, str(seed), *(repr(getattr(scenario, name)) for name in DECIDING)]
    return KeptLanes(folder, hashlib.sha256("\n".join(told).encode()).hexdigest()[:16])

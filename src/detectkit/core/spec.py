"""What a block will look like, known before any data runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from detectkit.core.sensor import Sensor


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """The shape and meaning of blocks to come, so that a bad chain is refused before take-off.

    Parameters
    ----------
    dims
        ``("trace", "delay")`` for radar, ``("trace", "channel")`` for detectors.
    samples
        Length of the second dimension.
    sensor
        The sensor that gives the blocks.
    coords
        Names of the coordinates that each block carries.
    sample_interval_s
        Fast-time sample interval in s, None without a delay axis.
    first_twt_s
        Two-way travel time of sample 0 in s.
    trace_spacing_m
        Nominal distance between traces in m, None when the recording has none.
    quantity
        Vocabulary name of the data: ``"amplitude"``, ``"score"``.
    """

    dims: tuple[str, str] = ("trace", "delay")
    samples: int = 0
    sensor: Sensor = Sensor()
    coords: frozenset[str] = frozenset()
    sample_interval_s: float | None = None
    first_twt_s: float = 0.0
    trace_spacing_m: float | None = None
    quantity: str = "amplitude"

    @property
    def nyquist_hz(self) -> float | None:
        """Highest frequency that the sample interval can carry, in Hz."""
        return None if self.sample_interval_s is None else 0.5 / self.sample_interval_s

    def with_coords(self, *names: str) -> BlockSpec:
        """Return the spec with more coordinates."""
        return replace(self, coords=self.coords | set(names))

"""The radar's antennas and receiver: what turns computed fields into counts of an instrument.

The full-wave solver is driven by one wide-band pulse. Everything here is linear in its answer, so
one run serves every wavelet, every set of stepped frequencies and every antenna.
"""

from __future__ import annotations

from detectkit.sim.antenna.air import in_air
from detectkit.sim.antenna.counts import radargram, record_s
from detectkit.sim.antenna.effects import Effects, dropped, effects_of, with_effects
from detectkit.sim.antenna.pattern import compact_weight
from detectkit.sim.antenna.settings import Radar
from detectkit.sim.antenna.spectrum import Lines, lines_of

__all__ = [
    "Effects",
    "Lines",
    "Radar",
    "compact_weight",
    "dropped",
    "effects_of",
    "in_air",
    "lines_of",
    "radargram",
    "record_s",
    "with_effects",
]

"""What a scenario says of how its radar is computed full-wave."""

from __future__ import annotations

from dataclasses import dataclass

from detectkit.sim._checks import require_not_negative, require_positive


@dataclass(frozen=True, slots=True)
class FullWave:
    """How the lanes of a flight are computed; see `detectkit.sim.fullwave`.

    Parameters
    ----------
    shot_spacing_m
        Distance of the antennas' places that are computed; traces between them are interpolated.
        0.02 is enough for a radar of 1 GHz, half of that radar's frequency allows twice as much.
    cell_m
        Side of a cell; 0: as the pulse and the ground need it.
    pulse_hz
        Centre of the pulse that drives the solver; 0: the radar's centre.
    half_width_m
        What a shot hears of the ground, to both sides.
    reach_m
        A target is heard by shots no farther from it along the lane than this, and fades from
        seven tenths of it on. Keep it below `half_width_m`: bodies at the rim of what a shot
        hears answer wrongly (0.1 m inside it they are within 1 %).
    beside_m
        Targets farther than this beside the lane are left out.
    compact_m, compact_beside_m
        Clutter with metal in it, or at least so wide, is computed as targets are where it lies no
        farther than this beside the lane: with its true width across it. Other clutter is cut by
        the lane's plane and stands for an endless cylinder, which is quick and somewhat too loud.
    """

    shot_spacing_m: float = 0.02
    cell_m: float = 0.0
    pulse_hz: float = 0.0
    half_width_m: float = 0.7
    reach_m: float = 0.65
    beside_m: float = 0.5
    compact_m: float = 0.05
    compact_beside_m: float = 0.25

    def __post_init__(self) -> None:
        require_positive(self, "shot_spacing_m", "half_width_m", "reach_m")
        require_not_negative(
            self, "cell_m", "pulse_hz", "beside_m", "compact_m", "compact_beside_m"
        )

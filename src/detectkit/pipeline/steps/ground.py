"""Steps that find the ground under a flying antenna and put it at time zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.step import Recursive
from detectkit.pipeline.steps.alignment import Values, aligned, aligned_spec, filled
from detectkit.pipeline.steps.along_delay import interval_of, no_traces, refusing, window_of
from detectkit.signal.attributes import envelope
from detectkit.signal.ground_bounce import NOT_LOCKED, Track, TrackState, track_ground_bounce
from detectkit.signal.travel_time import air_delay_samples

REMOVED = "removed_twt_s"


@dataclass(frozen=True, slots=True)
class GroundBounce(Recursive):
    """Follow the reflection of the ground under a flying antenna from trace to trace.

    The samples stay as they are. ``ground_twt_s`` holds the two-way time of the reflection's
    envelope maximum, NaN where it is lost; ``ground_quality`` tells how far it stands out, 0
    to 1. `window_s` lies behind the direct wave and ends at the greatest height flown.
    Follow with `align-ground` to flatten the surface.

    Method: the highest local maximum of the envelope (Taner, Koehler and Sheriff, 1979) in the
    window, then in each trace the highest within reach of the last one accepted, placed by the
    least-squares parabola through the samples above 0.8 of it (a tracker of our own; no published
    source). Quality is 1 less the window's mean over that maximum: near 1 for one sharp reflection,
    about 0.6 for noise.

    - `maximum_move_s`: reach from trace to trace; grows by as much with each trace lost.
    - `minimum_amplitude`: a maximum below this part of the running amplitude counts as lost.
    - `minimum_quality`: so does a trace of lower quality.
    - `patience_traces`: after more lost traces the whole window is searched again.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "ground-bounce"
        window_s = [2e-9, 2e-8]
        maximum_move_s = 3e-10
        patience_traces = 20
    """

    name: ClassVar[str] = "ground-bounce"
    window_s: tuple[float, float] = (2e-9, 4e-8)
    maximum_move_s: float = 5e-10
    minimum_amplitude: float = 0.25
    minimum_quality: float = 0.3
    patience_traces: int = 20

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the track."""
        with refusing(self.name):
            self._tracked(Block(no_traces(spec)), spec, NOT_LOCKED)
        return spec.with_coords("ground_twt_s", "ground_quality")

    def start(self, first: Block) -> TrackState:  # noqa: ARG002 - part of the contract
        """Return the state of a tracker that follows nothing yet."""
        return NOT_LOCKED

    def push(self, state: TrackState, block: Block) -> tuple[TrackState, Block]:
        """Return the block with its track."""
        spec = block.spec
        track, state = self._tracked(block, spec, state)
        twt_s = spec.first_twt_s + track.samples * interval_of(spec, step=self.name)
        coords = {"ground_twt_s": ("trace", twt_s), "ground_quality": ("trace", track.quality)}
        return state, block.with_data(block.data, coords=coords)

    def _tracked(
        self, block: Block, spec: BlockSpec, state: TrackState
    ) -> tuple[Track, TrackState]:
        start, stop = window_of(self.window_s, spec, setting="window_s", step=self.name)
        return track_ground_bounce(
            envelope(block.data),
            start=start,
            stop=stop,
            maximum_move=self.maximum_move_s / interval_of(spec, step=self.name),
            minimum_amplitude=self.minimum_amplitude,
            minimum_quality=self.minimum_quality,
            patience=self.patience_traces,
            state=state,
        )


@dataclass(frozen=True, slots=True)
class _Flatten(Recursive):
    """A step that puts a surface at time zero: fill in `needed` and `places`.

    The state is the last place known; a trace without one takes it, and the traces before the
    first place known become 0. What was taken off is added to ``removed_twt_s``: NaN where no
    place is known.
    """

    needed: ClassVar[str] = ""
    lead_s: float = 1e-9

    def places(self, block: Block) -> Values:
        """Return where the surface is in each trace, in samples; NaN where not known."""
        raise NotImplementedError

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the new first time; refuse blocks without the coordinate."""
        if self.needed not in spec.coords:
            have = ", ".join(sorted(spec.coords)) or "none"
            msg = (
                f"step {self.name!r} needs the coordinate {self.needed!r}; the traces carry: {have}"
            )
            raise PipelineError(msg)
        moved = aligned_spec(spec, lead_s=self.lead_s, zero_s=0.0, step=self.name)
        return moved.with_coords(REMOVED)

    def start(self, first: Block) -> float:  # noqa: ARG002 - part of the contract
        """Return that no place is known yet."""
        return float("nan")

    def push(self, state: float, block: Block) -> tuple[float, Block]:
        """Return the flattened traces."""
        places = filled(self.places(block), state)
        moved = aligned(block, places, lead_s=self.lead_s, zero_s=0.0, step=self.name)
        spec = block.spec
        removed_s = spec.first_twt_s + places * interval_of(spec, step=self.name)
        if REMOVED in block.coords:
            removed_s = block.coord(REMOVED) + removed_s
        return float(places[-1]), moved.with_data(
            moved.data, coords={REMOVED: ("trace", removed_s)}
        )


@dataclass(frozen=True, slots=True)
class AlignGround(_Flatten):
    """Put the ground's reflection, as `ground-bounce` followed it, at time zero of each trace.

    A lost trace is moved as the one before it; before the first reflection the ground is taken to
    lie at `assumed_twt_s`. ``ground_twt_s`` keeps the time of flight in air, so height can still be
    told; ``removed_twt_s`` is all that was taken off, so ``twt_s + removed_twt_s`` counts from the
    transmission.

    Method: ``y(t) = x(t + ground_twt_s)`` by a sinc under a Kaiser window of 16 samples (Kaiser,
    1974), 0 outside the trace. Error measured with sines: below 2e-4 of the amplitude up to 0.65 of
    the Nyquist frequency.

    - `lead_s`: how much of what comes before the ground is kept.
    - `assumed_twt_s`: two-way time of the ground while no reflection was found yet: 0 behind
      `remove-height`, where the altimeter says. Left out: those traces become 0.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "ground-bounce"

        [[step]]
        use = "align-ground"
        lead_s = 1e-9
    """

    name: ClassVar[str] = "align-ground"
    needed: ClassVar[str] = "ground_twt_s"
    assumed_twt_s: float | None = None

    def start(self, first: Block) -> float:
        """Return where the ground is taken to be until it is seen, in samples."""
        if self.assumed_twt_s is None:
            return float("nan")
        spec = first.spec
        return (self.assumed_twt_s - spec.first_twt_s) / interval_of(spec, step=self.name)

    def places(self, block: Block) -> Values:
        """Return where the reflection is."""
        spec = block.spec
        flight_s = block.coord(self.needed) - spec.first_twt_s
        return np.asarray(flight_s / interval_of(spec, step=self.name), np.float64)


@dataclass(frozen=True, slots=True)
class RemoveHeight(_Flatten):
    """Put the ground at time zero of each trace by the altimeter's ``height_m``.

    Time zero must be set before. A trace without a height is moved as the one before it.
    ``removed_twt_s`` is what was taken off, so ``twt_s + removed_twt_s`` counts from the
    transmission.

    Method: ``y(t) = x(t + 2 sqrt(h^2 + (s / 2)^2) / c)``, h the height, s the distance of the
    antennas that the recording tells, 0 where it does not, c the velocity of light (Jol, Ground
    Penetrating Radar, 2009, ch. 1); by a sinc under a Kaiser window of 16 samples (Kaiser, 1974).

    - `lead_s`: how much of what comes before the ground is kept.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "remove-height"
        lead_s = 1e-9
    """

    name: ClassVar[str] = "remove-height"
    needed: ClassVar[str] = "height_m"

    def places(self, block: Block) -> Values:
        """Return where the altimeter says that the ground is."""
        spec = block.spec
        interval_s = interval_of(spec, step=self.name)
        delay = air_delay_samples(
            block.coord(self.needed),
            sample_interval_s=interval_s,
            separation_m=spec.sensor.antenna_separation_m or 0.0,
        )
        return delay - spec.first_twt_s / interval_s

"""The one contract: a Step is frozen settings plus explicit state, the same live and in batch.

How to write a step
-------------------
A frozen dataclass that inherits one of the bases and fills in what is missing::

    @dataclass(frozen=True, slots=True)
    class Dewow(PerTrace):
        # docstring: one sentence, then "Examples" with a ``.. code-block:: toml`` that builds it

        name: ClassVar[str] = "dewow"
        window_s: float = 5e-9

        def describe(self, spec: BlockSpec) -> BlockSpec:
            samples_of(self.window_s, spec, setting="window_s", step=self.name)
            return spec

        def apply(self, block: Block) -> Block:
            samples = samples_of(self.window_s, block.spec, setting="window_s", step=self.name)
            return block.with_data(dewow(block.data, window_samples=samples))

and a line in pyproject's ``[project.entry-points."detectkit.steps"]``. Settings are in SI units
named in the setting; they carry defaults that work for a 400 MHz to 1.5 GHz radar.

The bases, from the simplest:

- `PerTrace`: each row by itself; `apply(block)`.
- `Windowed`: a row needs `before` rows behind and `after` rows ahead; `window(rows, start, stop)`.
- `Recursive`: a state is carried from push to push; `start`, `push`, `finish` by hand.
- `WholeLine`: needs the whole line in memory; `apply(line)`; refused live.

**Law**: cutting the input anywhere changes no bit of the output. The runner converts samples to
float32 before the first step, starts a state afresh at a gap, a new line or a changed sensor in
its own input, and notes each step in the block's history; a step does none of that itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from detectkit.core import Block, BlockSpec, PipelineError, concat

LONGEST_S = 1e-3
"""No delay axis is longer: a length above it was not meant in seconds."""
LONGEST_M = 1e6


Ready = Block | Sequence[Block] | None
"""What a step gives back: nothing yet, a block, or several where traces are missing between."""


class Step(Protocol):
    """What the runner needs of a step; see the module's text for the bases.

    Attributes
    ----------
    name
        Name in TOML, lower case with hyphens.
    display_only
        True for gains and the like, which must not feed detection.
    live_substitute
        For a step that needs the whole line: the step to use live instead; else "".
    """

    name: ClassVar[str]
    display_only: ClassVar[bool]
    live_substitute: ClassVar[str]

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return what comes out for what goes in; raise PipelineError where it cannot work."""
        ...

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return how many traces behind and ahead of a row its output needs."""
        ...

    def start(self, first: Block) -> Any:
        """Return the state for a run of traces that begins with `first` (not yet pushed)."""
        ...

    def push(self, state: Any, block: Block) -> tuple[Any, Ready]:
        """Take the next block of the run; return the new state and what is ready, if any."""
        ...

    def finish(self, state: Any) -> Ready:
        """Return what is left when the run has ended, if any."""
        ...


@dataclass(frozen=True, slots=True)
class _Plain:
    """What most steps have in common: nothing to refuse, no neighbours, nothing held back."""

    name: ClassVar[str] = ""
    display_only: ClassVar[bool] = False
    live_substitute: ClassVar[str] = ""

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged; override where settings can be wrong or shapes change."""
        return spec

    def reach(self, spec: BlockSpec) -> tuple[int, int]:  # noqa: ARG002 - part of the contract
        """Return (0, 0): no neighbours are needed; override where they are, or rows wait."""
        return 0, 0

    def finish(self, state: Any) -> Ready:  # noqa: ARG002 - part of the contract
        """Return nothing; override where rows are held back."""
        return None


@dataclass(frozen=True, slots=True)
class PerTrace(_Plain):
    """A step that treats every trace by itself: fill in `apply`."""

    def apply(self, block: Block) -> Block:
        """Return the processed block; row i of the answer depends on row i alone."""
        raise NotImplementedError

    def start(self, first: Block) -> None:
        """Return no state: there is none."""

    def push(self, state: None, block: Block) -> tuple[None, Block | None]:
        """Process the block at once."""
        return state, self.apply(block)


@dataclass(slots=True)
class Halo:
    """State of a windowed step: rows held, and how many of them are already answered."""

    rows: Block | None = None
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Windowed(_Plain):
    """A step whose row needs `reach` rows around it: fill in `reach` and `window`.

    At the ends of a line the window holds fewer rows, exactly those that exist.
    """

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return how many rows before and after a row its window holds."""
        raise NotImplementedError

    def window(self, rows: Block, start: int, stop: int) -> Block:
        """Return the answer for rows `start` to `stop` of `rows`.

        `rows` holds every row that exists within reach of them. The answer for a row must not
        depend on where `rows` begins and ends beyond its own window.
        """
        raise NotImplementedError

    def start(self, first: Block) -> Halo:  # noqa: ARG002 - part of the contract
        """Return an empty halo."""
        return Halo()

    def push(self, state: Halo, block: Block) -> tuple[Halo, Block | None]:
        """Answer the rows whose window is complete, hold the rest."""
        rows = block if state.rows is None else concat([state.rows, block])
        before, after = self.reach(rows.spec)
        stop = max(state.answered, len(rows) - after)
        ready = self.window(rows, state.answered, stop) if stop > state.answered else None
        keep = max(0, stop - before)
        return Halo(rows.traces(keep, len(rows)), stop - keep), ready

    def finish(self, state: Halo) -> Block | None:
        """Answer the last rows with the shorter windows at the line's end."""
        if state.rows is None or len(state.rows) == state.answered:
            return None
        return self.window(state.rows, state.answered, len(state.rows))


@dataclass(frozen=True, slots=True)
class Recursive(_Plain):
    """A step that carries its own state along the line: fill in `start`, `push`, `finish`."""

    def start(self, first: Block) -> Any:
        """Return the state for a run of traces that begins with `first` (not yet pushed)."""
        raise NotImplementedError

    def push(self, state: Any, block: Block) -> tuple[Any, Ready]:
        """Take the next block of the run; return the new state and what is ready, if any."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class WholeLine(_Plain):
    """A step that needs the whole line at once: fill in `apply`. Memory grows with the line."""

    def apply(self, line: Block) -> Block:
        """Return the processed line."""
        raise NotImplementedError

    def start(self, first: Block) -> list[Block]:  # noqa: ARG002 - part of the contract
        """Return an empty list to collect the line in."""
        return []

    def push(self, state: list[Block], block: Block) -> tuple[list[Block], Block | None]:
        """Collect; nothing is ready before the line ends."""
        state.append(block)
        return state, None

    def finish(self, state: list[Block]) -> Block | None:
        """Process the whole line."""
        return self.apply(concat(state)) if state else None


def samples_of(value_s: float, spec: BlockSpec, *, setting: str, step: str) -> int:
    """Return a length in seconds as a whole number of samples, at least 1.

    Raises
    ------
    PipelineError
        The block has no delay axis, or no radar's delay axis is that long.
    """
    if spec.sample_interval_s is None:
        msg = f"step {step!r} needs a delay axis; this sensor ({spec.sensor.kind}) has none"
        raise PipelineError(msg)
    if not 0.0 < value_s <= LONGEST_S:
        msg = (
            f"step {step!r}: {setting} = {value_s} must be above 0 and at most {LONGEST_S:g} "
            "seconds; 5 ns is 5e-9"
        )
        raise PipelineError(msg)
    return max(1, round(value_s / spec.sample_interval_s))


def traces_of(value_m: float, spec: BlockSpec, *, setting: str, step: str) -> int:
    """Return a length in metres as a whole number of traces, at least 1.

    Raises
    ------
    PipelineError
        The recording has no trace spacing; the message says how to give one.
    """
    if spec.trace_spacing_m is None:
        msg = (
            f"step {step!r}: {setting} is in metres, but the recording has no trace spacing; "
            "give it with --set trace_spacing_m=..., or use the setting in traces"
        )
        raise PipelineError(msg)
    if not 0.0 < value_m <= LONGEST_M:
        msg = (
            f"step {step!r}: {setting} = {value_m} must be above 0 and at most {LONGEST_M:g} metres"
        )
        raise PipelineError(msg)
    return max(1, round(value_m / spec.trace_spacing_m))

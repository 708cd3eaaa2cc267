"""The X4 module as an instrument: its settings, and the conversation that applies them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import Decoder, Instrument, InstrumentError, Link, Session
from detectkit_drivers.x4.decoder import X4Decoder
from detectkit_drivers.x4.framing import frame, frames_in
from detectkit_drivers.x4.messages import (
    ACKNOWLEDGED,
    ERROR,
    ERROR_WORDS,
    PONG,
    PONG_READY,
    PONG_SAFEMODE,
    ping,
    set_mode,
    set_parameter,
    word_of,
)

ANSWER_S = 3.0
PULSES_PER_SECOND = 15.1875e6
DUTY = 0.95
LONGEST_FRAME_M = 9.9


@dataclass(frozen=True, slots=True)
class X4(Instrument):
    """Novelda XeThru X4 module: impulse radar at 7.29 GHz, in manual mode.

    Source: Novelda XTAN-11 revision C and XTAN-13 revision A. The product line has ended.

    Parameters
    ----------
    frames_per_second
        Frames a second; what the sampler settings allow is checked::

            frames/s <= 0.95 * 15.1875 MHz / (iterations * pulses_per_step * DAC steps)
    pulses_per_step, iterations
        Pulses for each DAC step (1 to 65535) and sweeps of the DAC (multiple of 4, 4 to 252).
    dac_min, dac_max
        Range of the sampler's threshold, 0 to 2047; narrower is faster and clips sooner.
    frame_start_m, frame_end_m
        Distance range in m; 9.9 m at most.
    frame_offset_m
        Distance from chip to antenna in m, for the zero of the range; 0.18 for X4M02 and X4M03.
    output
        ``"rf"``: the samples as measured. ``"iq"``: the module sends baseband, an eighth of the
        samples as complex pairs; they are converted back to radio frequency, so that rows mean
        the same in both.
    """

    name: ClassVar[str] = "x4"
    title: ClassVar[str] = "Novelda XeThru X4"
    kind: ClassVar[SensorKind] = "gpr"
    address: ClassVar[str] = "serial:/dev/ttyACM0?baud=115200"

    frames_per_second: float = 50.0
    pulses_per_step: int = 25
    iterations: int = 64
    dac_min: int = 949
    dac_max: int = 1100
    frame_start_m: float = 0.0
    frame_end_m: float = 3.0
    frame_offset_m: float = 0.18
    output: Literal["rf", "iq"] = "rf"

    def __post_init__(self) -> None:
        for problem in self._problems():
            msg = f"x4: {problem}"
            raise UsageError(msg)

    def _problems(self) -> Iterator[str]:
        if not 1 <= self.pulses_per_step <= 65535:
            yield f"pulses_per_step = {self.pulses_per_step} is out of range; give 1 to 65535"
        if not 4 <= self.iterations <= 252 or self.iterations % 4:
            yield f"iterations = {self.iterations}: give a multiple of 4 from 4 to 252"
        if not 0 <= self.dac_min < self.dac_max <= 2047:
            yield (
                f"dac_min = {self.dac_min}, dac_max = {self.dac_max}: give 0 to 2047, the smaller "
                "one first"
            )
        length_m = self.frame_end_m - self.frame_start_m
        if not 0.0 < length_m <= LONGEST_FRAME_M:
            yield (
                f"frame_start_m = {self.frame_start_m:g}, frame_end_m = {self.frame_end_m:g}: the "
                f"end must lie 0 to {LONGEST_FRAME_M:g} m behind the start"
            )
        if not 1.0 <= self.frames_per_second <= self.most_frames_per_second:
            yield (
                f"frames_per_second = {self.frames_per_second:g}: give 1 or more; with these "
                f"pulses_per_step, iterations and DAC range the sampler gives at most "
                f"{self.most_frames_per_second:.1f}, lower one of them for more"
            )

    @property
    def most_frames_per_second(self) -> float:
        """Frames a second that the sampler settings allow (XTAN-13, chapter 3.3)."""
        steps = self.dac_max - self.dac_min + 1
        return DUTY * PULSES_PER_SECOND / (self.iterations * self.pulses_per_step * steps)

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return X4Decoder(self)

    def session(self) -> Session:
        """Return a new session."""
        return X4Session(self)


class X4Session(Session):
    """Ping, stop, manual mode, parameters; a frame rate above zero starts the stream."""

    def __init__(self, settings: X4) -> None:
        self._settings = settings
        self._acknowledged = 0

    def prepare(self, link: Link) -> None:
        """Check that the module is ready, and set it; each command must be acknowledged.

        Raises
        ------
        InstrumentError
            The module is not ready, or refuses a command.
        """
        self._ping(link)
        for what, data in self._commands():
            self._command(link, data, what)

    def start(self, link: Link) -> None:
        """Start the stream."""
        rate = self._settings.frames_per_second
        self._command(link, set_parameter("frames_per_second", rate), f"{rate:g} frames/s")

    def stop(self, link: Link) -> None:
        """Stop the stream; does not wait for the acknowledgement, the module may be gone."""
        link.send(frame(set_parameter("frames_per_second", 0.0)))

    def health(self) -> Mapping[str, float | str]:
        """Return how many commands the module acknowledged."""
        return {"acknowledged_commands": float(self._acknowledged)}

    def _commands(self) -> Iterator[tuple[str, bytes]]:
        now = self._settings
        yield "stop mode", set_mode("stop")
        yield "manual mode", set_mode("manual")
        yield "0 frames/s", set_parameter("frames_per_second", 0.0)
        yield "pulses per step", set_parameter("pulses_per_step", now.pulses_per_step)
        yield "DAC minimum", set_parameter("dac_min", now.dac_min)
        yield "DAC maximum", set_parameter("dac_max", now.dac_max)
        yield "iterations", set_parameter("iterations", now.iterations)
        yield "downconversion", set_parameter("downconversion", int(now.output == "iq"))
        yield "frame offset", set_parameter("frame_area_offset", now.frame_offset_m)
        yield "frame area", set_parameter("frame_area", now.frame_start_m, now.frame_end_m)

    def _ping(self, link: Link) -> None:
        def pong(heard: bytes) -> int | None:
            values = (word_of(one) for one in frames_in(heard) if one[0] == PONG and len(one) == 5)
            return next(values, None)

        value = link.ask(frame(ping()), pong, timeout_s=ANSWER_S, what="the reply to a ping")
        if value != PONG_READY:
            state = (
                "in safemode after crashing; reset it, and load its firmware anew if it stays so"
                if value == PONG_SAFEMODE
                else "not ready yet; wait, or reset it"
            )
            msg = f"{link.name}: the X4 module is {state} (it answered 0x{value:08X})"
            raise InstrumentError(msg)

    def _command(self, link: Link, data: bytes, what: str) -> None:
        def outcome(heard: bytes) -> bytes | None:
            answers = (one for one in frames_in(heard) if one[0] in {ACKNOWLEDGED, ERROR})
            return next(answers, None)

        wanted = f"the acknowledgement of {what}"
        answer = link.ask(frame(data), outcome, timeout_s=ANSWER_S, what=wanted)
        if answer[0] == ERROR:
            code = word_of(answer)
            words = ERROR_WORDS.get(code, f"error {code}")
            msg = f"{link.name}: the X4 module refused {what}: {words}; check the settings"
            raise InstrumentError(msg)
        self._acknowledged += 1

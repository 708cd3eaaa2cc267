"""What a scenario says of the instruments: what they measure, and how they are wired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from detectkit.core import UsageError
from detectkit.sim._checks import require_not_negative, require_positive
from detectkit.sim.antenna.settings import NO_ARM, Radar, Triple

__all__ = [
    "Altimeter",
    "Channel",
    "Detector",
    "Episode",
    "Magnetometer",
    "Radar",
    "Receiver",
    "Silence",
    "VirtualInstrument",
]

Measures = Literal["radar", "detector", "magnetometer", "altimeter", "platform"]
Part = Literal["in_phase", "quadrature"]
CoilKind = Literal["dipole", "coincident", "separate", "double-d"]
DetectorMode = Literal["frequency", "time"]


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a metal detector: one frequency and part, or one gate after the switch-off.

    Parameters
    ----------
    name
        As the detector reports it.
    frequency_hz, part
        Of a continuous wave.
    start_s, stop_s
        Of a gate, after the end of the current's ramp.
    offset_nv
        Constant, on top of the detector's own.
    """

    name: str
    frequency_hz: float = 0.0
    part: Part = "quadrature"
    start_s: float = 0.0
    stop_s: float = 0.0
    offset_nv: float = 0.0

    def __post_init__(self) -> None:
        require_not_negative(self, "frequency_hz", "start_s", "stop_s")
        if (self.frequency_hz > 0.0) == (self.stop_s > self.start_s):
            msg = (
                f"scenario: channel {self.name!r} has frequency_hz = {self.frequency_hz} and a "
                f"gate from start_s = {self.start_s} to stop_s = {self.stop_s}; give a frequency "
                "above 0, or a gate that stops after it starts"
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Detector:
    """A metal detector; its channels are the voltages in nV, see `detectkit.sim.induction`.

    Parameters
    ----------
    coil_radius_m, current_a, turns
        Of the transmitting coil and, without the current, of the receiving one.
    lever_arm_m
        Centre of the coil from the vehicle's reference point: forward, right, down.
    offset_nv, drift_nv, noise_nv
        What is left of the direct coupling, its slow drift (root mean square), white noise.
    channels
        See `Channel`; all of them frequencies, or all of them gates, as `mode` says.
    coil
        ``"dipole"``, one small coil, for preview: quick, crude nearer than two diameters, and the
        soil does not conduct. Loops in their true size: ``"coincident"``; ``"separate"``, the
        receiver beside the transmitter; ``"double-d"``, two receivers wound against each other on
        both sides of the transmitter, which hear what is symmetric not at all.
    receiver_radius_m, receiver_offset_m
        Of the receiver; 0 takes the transmitter's radius. Its centre from the transmitter's:
        forward, right, down.
    mode
        ``"frequency"``: continuous waves; ``"time"``: pulses and gates.
    ramp_s, pulse_s
        How long the current takes to fall, and how long it was on before; of pulses.
    time_constant_s
        Of the filter behind the channels: it smears along the track.
    flicker_nv, hum_nv, hum_hz
        Noise as one over the frequency; what mains or motors leave, and at which frequency.
    """

    coil_radius_m: float = 0.14
    current_a: float = 1.0
    turns: int = 10
    lever_arm_m: Triple = NO_ARM
    offset_nv: float = 0.0
    drift_nv: float = 20.0
    noise_nv: float = 5.0
    channels: tuple[Channel, ...] = (
        Channel("in_phase_20khz_nv", 20e3, "in_phase"),
        Channel("quadrature_20khz_nv", 20e3),
        Channel("quadrature_60khz_nv", 60e3),
    )
    coil: CoilKind = "dipole"
    receiver_radius_m: float = 0.0
    receiver_offset_m: Triple = NO_ARM
    mode: DetectorMode = "frequency"
    ramp_s: float = 5e-6
    pulse_s: float = 1e-3
    time_constant_s: float = 0.0
    flicker_nv: float = 0.0
    hum_nv: float = 0.0
    hum_hz: float = 50.0

    def __post_init__(self) -> None:
        require_positive(self, "coil_radius_m", "current_a", "turns", "pulse_s", "hum_hz")
        require_not_negative(
            self, "drift_nv", "noise_nv", "receiver_radius_m", "ramp_s", "time_constant_s",
            "flicker_nv", "hum_nv",
        )  # fmt: skip
        self._require_channels_of_mode()
        self._require_receiver()

    def _require_channels_of_mode(self) -> None:
        wanted = "a gate, start_s and stop_s" if self.mode == "time" else "a frequency_hz"
        for one in self.channels:
            if (one.frequency_hz > 0.0) == (self.mode == "time"):
                msg = (
                    f"scenario: channel {one.name!r} does not fit mode = {self.mode!r}; each "
                    f"[[detector.channel]] needs {wanted}"
                )
                raise UsageError(msg)
            if self.mode == "time" and one.start_s == 0.0 and self.ramp_s == 0.0:
                msg = (
                    f"scenario: gate {one.name!r} starts with a step of the current, where the "
                    "voltage has no bound; give start_s or ramp_s above 0"
                )
                raise UsageError(msg)

    def _require_receiver(self) -> None:
        if self.coil == "dipole" and self.receiver_radius_m > 0.0:
            msg = (
                f"scenario: receiver_radius_m = {self.receiver_radius_m} with coil = 'dipole', "
                "which is one coil; give another coil or no radius"
            )
            raise UsageError(msg)
        is_apart = any(one != 0.0 for one in self.receiver_offset_m)
        if is_apart != (self.coil in {"separate", "double-d"}):
            msg = (
                f"scenario: coil = {self.coil!r} with receiver_offset_m = "
                f"{list(self.receiver_offset_m)}; an offset goes with 'separate' or 'double-d'"
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Magnetometer:
    """A total-field magnetometer; see `detectkit.sim.magnetics`.

    Parameters
    ----------
    lever_arm_m
        From the vehicle's reference point: forward, right, down.
    field_nt, inclination_deg, declination_deg
        Of the Earth's field at the site.
    geology_nt, geology_length_m
        Root mean square and waves of what the rocks below add.
    vehicle_nt
        Amplitude of the vehicle's own field, which turns with the heading.
    drift_nt, noise_nt
        Root mean square of the slow change with time; white noise.
    """

    lever_arm_m: Triple = NO_ARM
    field_nt: float = 49_000.0
    inclination_deg: float = 58.0
    declination_deg: float = 6.0
    geology_nt: float = 3.0
    geology_length_m: tuple[float, float] = (10.0, 60.0)
    vehicle_nt: float = 2.0
    drift_nt: float = 2.0
    noise_nt: float = 0.1

    def __post_init__(self) -> None:
        require_positive(self, "field_nt")
        require_not_negative(self, "geology_nt", "drift_nt", "noise_nt")


@dataclass(frozen=True, slots=True)
class Silence:
    """A span of time in which an instrument has no target."""

    start_s: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Altimeter:
    """Distance straight down the vehicle's axis, to the rough ground; NaN without a target.

    Parameters
    ----------
    lever_arm_m
        From the vehicle's reference point: forward, right, down.
    noise_m, bias_m
        White noise (one standard deviation); constant error.
    nearest_m, farthest_m
        Beyond them there is no target.
    miss_rate
        Share of single rows without a target.
    silences
        Spans without a target.
    """

    lever_arm_m: Triple = NO_ARM
    noise_m: float = 0.01
    bias_m: float = 0.0
    nearest_m: float = 0.05
    farthest_m: float = 50.0
    miss_rate: float = 0.0
    silences: tuple[Silence, ...] = ()

    def __post_init__(self) -> None:
        require_not_negative(self, "noise_m", "nearest_m", "miss_rate")
        require_positive(self, "farthest_m")


@dataclass(frozen=True, slots=True)
class Episode:
    """A span of time in which the receiver has another fix quality (as NMEA GGA counts)."""

    start_s: float
    duration_s: float
    quality: int

    def __post_init__(self) -> None:
        if self.quality not in {0, 1, 2, 4, 5}:
            msg = f"scenario: quality = {self.quality}; give 0, 1, 2, 4 (RTK fixed) or 5 (float)"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Receiver:
    """The satellite receiver and the autopilot's attitude.

    Parameters
    ----------
    horizontal_error_m, vertical_error_m
        One standard deviation with an RTK fix, each axis; two thirds of the variance wander
        slowly, one third is white. Other qualities have their usual errors.
    velocity_error_m_per_s
        White, each axis.
    tilt_error_deg, yaw_error_deg
        Constant misalignment plus slow wander, one standard deviation of each.
    height_error_m
        White error of the height over the ground.
    latency_s
        Age of what is reported.
    episodes
        See `Episode`; outside of them the quality is 4.
    """

    horizontal_error_m: float = 0.01
    vertical_error_m: float = 0.018
    velocity_error_m_per_s: float = 0.03
    tilt_error_deg: float = 0.3
    yaw_error_deg: float = 1.0
    height_error_m: float = 0.02
    latency_s: float = 0.0
    episodes: tuple[Episode, ...] = ()

    def __post_init__(self) -> None:
        require_not_negative(
            self, "horizontal_error_m", "vertical_error_m", "velocity_error_m_per_s",
            "tilt_error_deg", "yaw_error_deg", "height_error_m", "latency_s",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class VirtualInstrument:
    """An instrument that the simulation flies: which driver speaks what over which wire.

    Parameters
    ----------
    id
        Name in the mission, unique.
    driver
        Name of the driver whose twin speaks.
    measures
        Which of the simulator's quantities it is told.
    rate_hz
        Rows a second.
    serve
        Where the bench serves it: ``"pty:"``, ``"tcp-listen://127.0.0.1:0"``, ``"udp-listen://…"``.
    settings, faults
        For the driver and for the bench, as they take them.
    """

    id: str
    driver: str
    measures: Measures
    rate_hz: float
    serve: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_positive(self, "rate_hz")

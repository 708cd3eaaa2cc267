"""What a scenario says of the instruments: what they measure, and how they are wired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from detectkit.core import UsageError
from detectkit.sim._checks import require_not_negative, require_positive

Triple = tuple[float, float, float]
Measures = Literal["radar", "detector", "magnetometer", "altimeter", "platform"]
Part = Literal["in_phase", "quadrature"]

NO_ARM: Triple = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Radar:
    """Antennas and receiver of an impulse radar in the air; see `detectkit.sim.radar`.

    Parameters
    ----------
    centre_hz
        Of the Ricker wavelet that stands for the transmitted pulse.
    samples, sample_interval_s, time_zero_s
        Of a trace; the pulse leaves the antenna `time_zero_s` after the first sample.
    antenna_separation_m
        Transmitter to receiver, along the vehicle's forward axis.
    lever_arm_m
        Midpoint of the antennas from the vehicle's reference point: forward, right, down.
    mirror_counts
        Amplitude of a perfect mirror's echo after one metre of path in air.
    crosstalk_counts, ringing_counts, ringing_decay_s
        Direct wave, and the antennas' ringing after it.
    antenna_reflection
        Of the antennas for the ground's echo, which comes back a second time.
    reach_m
        Scatterers farther away than this from the point below the antennas are left out.
    element_m
        Size of the elements into which the faces of discs are cut.
    noise_counts, offset_counts, wow_counts
        White noise (one standard deviation), constant offset, slow tail of the receiver.
    gain_drift, time_zero_drift_s
        Root mean square of slow drift, over minutes.
    """

    centre_hz: float = 1.2e9
    samples: int = 512
    sample_interval_s: float = 5e-11
    time_zero_s: float = 1.5e-9
    antenna_separation_m: float = 0.12
    lever_arm_m: Triple = NO_ARM
    mirror_counts: float = 20_000.0
    crosstalk_counts: float = 12_000.0
    ringing_counts: float = 300.0
    ringing_decay_s: float = 2e-9
    antenna_reflection: float = 0.1
    reach_m: float = 0.8
    element_m: float = 0.02
    noise_counts: float = 4.0
    offset_counts: float = 0.0
    wow_counts: float = 0.0
    gain_drift: float = 0.005
    time_zero_drift_s: float = 3e-12

    def __post_init__(self) -> None:
        require_positive(
            self, "centre_hz", "samples", "sample_interval_s", "mirror_counts", "reach_m",
            "element_m", "ringing_decay_s", "antenna_separation_m",
        )  # fmt: skip
        require_not_negative(
            self, "crosstalk_counts", "ringing_counts", "antenna_reflection", "noise_counts",
            "gain_drift", "time_zero_drift_s", "time_zero_s", "wow_counts",
        )  # fmt: skip
        if self.sample_interval_s * self.centre_hz > 0.2:
            msg = (
                f"scenario: sample_interval_s = {self.sample_interval_s} is too long for "
                f"centre_hz = {self.centre_hz}; give at most {0.2 / self.centre_hz:.3g}"
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a continuous-wave metal detector."""

    name: str
    frequency_hz: float
    part: Part = "quadrature"

    def __post_init__(self) -> None:
        require_positive(self, "frequency_hz")


@dataclass(frozen=True, slots=True)
class Detector:
    """A coincident coil; its channels are the voltages in nV, see `detectkit.sim.coil`.

    Parameters
    ----------
    coil_radius_m, current_a, turns
        Of the transmitting coil and, without the current, of the receiving one.
    lever_arm_m
        Centre of the coil from the vehicle's reference point: forward, right, down.
    offset_nv, drift_nv, noise_nv
        What is left of the direct coupling, its slow drift (root mean square), white noise.
    channels
        See `Channel`.
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

    def __post_init__(self) -> None:
        require_positive(self, "coil_radius_m", "current_a", "turns")
        require_not_negative(self, "drift_nv", "noise_nv")


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

"""What a scenario says of the radar: antennas, pulse, receiver, and what disturbs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from detectkit.core import UsageError
from detectkit.sim._checks import require_ascending, require_not_negative, require_positive

Triple = tuple[float, float, float]
Model = Literal["ray", "full-wave"]
Mode = Literal["impulse", "sfcw"]
WaveletKind = Literal["ricker", "gaussian", "minimum-phase", "file"]
Window = Literal["hann", "hamming", "blackman", "kaiser", "rectangular"]

NO_ARM: Triple = (0.0, 0.0, 0.0)
NYQUIST_SHARE = 0.4
HIGHEST_ORDER = 8
MOST_BITS = 32


@dataclass(frozen=True, slots=True)
class Radar:
    """Antennas and receiver of a radar in the air; see `detectkit.sim.antenna`.

    Parameters
    ----------
    centre_hz
        Where the spectrum of the transmitted wavelet is highest.
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
        Of the antennas for the ground's echo, which comes back a second time (ray model only).
    reach_m
        Scatterers farther away than this from the point below the antennas are left out.
    element_m
        Size of the elements into which the faces of discs are cut (ray model only).
    noise_counts, offset_counts, wow_counts
        White noise (one standard deviation; of stepped frequencies it lies on the tones),
        constant offset, slow tail of the receiver.
    gain_drift, time_zero_drift_s
        Root mean square of slow drift, over minutes.
    model
        ``"ray"``: every point answers once, a preview. ``"full-wave"``: Maxwell's equations in the
        lane's vertical plane.
    wavelet
        ``"ricker"``; ``"gaussian"``: the derivative of order `wavelet_order` of a Gaussian;
        ``"minimum-phase"``: an antenna drawn from `antenna_seed`; ``"file"``: a measured wave.
    wavelet_file
        Text file of a measured wave: two columns, time in ns and amplitude, evenly sampled.
    wavelet_order
        1 to 8; 2 is a Ricker wavelet upside down.
    antenna_seed, antenna_bandwidth, antenna_ripple_db, antenna_decay_s
        Of the minimum-phase antenna: which one, its -10 dB band over its centre, how uneven its
        spectrum is (standard deviation), how fast it stops ringing (1/e).
    mode
        ``"impulse"``, or ``"sfcw"``: stepped frequency, where no wavelet matters.
    band_hz, tones, window, kaiser_beta
        Of the stepped frequencies: first and last, how many, their weights in the transform back.
    gate_s
        What the receiver of a stepped-frequency radar lets through, in s after the pulse; equal
        ends: everything.
    pattern_exponent
        One-way amplitude is cosⁿ of the angle from straight down.
    adc_bits, full_scale_counts
        Of the digitiser: steps of ``2 full_scale_counts / 2^adc_bits``; 0 bits: neither steps nor
        a limit.
    compression
        Share of full scale where the amplifier begins to bend; 1: straight up to the limit.
    trace_jitter_s, sample_jitter_s
        White error of the time zero of each trace, and of the place of each sample.
    rfi_counts, rfi_hz, rfi_width_hz, rfi_share, rfi_burst_s
        Foreign transmitters: amplitude of each, their carriers and widths, the share of the time
        they send, how long they send at once. Their phase at a trace is random.
    dropped_share
        Share of traces that the recorder loses.
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
    model: Model = "ray"
    wavelet: WaveletKind = "ricker"
    wavelet_file: str = ""
    wavelet_order: int = 1
    antenna_seed: int = 0
    antenna_bandwidth: float = 1.2
    antenna_ripple_db: float = 3.0
    antenna_decay_s: float = 2e-9
    mode: Mode = "impulse"
    band_hz: tuple[float, float] = (0.5e9, 2.5e9)
    tones: int = 201
    window: Window = "hann"
    kaiser_beta: float = 6.0
    gate_s: tuple[float, float] = (0.0, 0.0)
    pattern_exponent: float = 1.0
    adc_bits: int = 0
    full_scale_counts: float = 32_767.0
    compression: float = 1.0
    trace_jitter_s: float = 0.0
    sample_jitter_s: float = 0.0
    rfi_counts: float = 0.0
    rfi_hz: tuple[float, ...] = (433e6, 868e6, 900e6, 1.8e9, 2.44e9)
    rfi_width_hz: float = 5e6
    rfi_share: float = 0.2
    rfi_burst_s: float = 0.02
    dropped_share: float = 0.0

    def __post_init__(self) -> None:
        require_positive(
            self, "centre_hz", "samples", "sample_interval_s", "mirror_counts", "reach_m",
            "element_m", "ringing_decay_s", "antenna_separation_m", "antenna_bandwidth",
            "antenna_decay_s", "full_scale_counts", "compression", "rfi_burst_s",
        )  # fmt: skip
        require_not_negative(
            self, "crosstalk_counts", "ringing_counts", "antenna_reflection", "noise_counts",
            "gain_drift", "time_zero_drift_s", "time_zero_s", "wow_counts", "antenna_seed",
            "antenna_ripple_db", "kaiser_beta", "pattern_exponent", "adc_bits", "trace_jitter_s",
            "sample_jitter_s", "rfi_counts", "rfi_width_hz", "rfi_share", "dropped_share",
        )  # fmt: skip
        require_ascending(self, "band_hz")
        self._require_limits()
        self._require_fine_samples()

    @property
    def highest_hz(self) -> float:
        """Where the wanted spectrum ends, nearly: twice the centre, or the last tone."""
        return 2.0 * self.centre_hz if self.mode == "impulse" else self.band_hz[1]

    @property
    def unambiguous_s(self) -> float:
        """Time after which stepped frequencies repeat; infinite for an impulse."""
        if self.mode == "impulse":
            return float("inf")
        return (self.tones - 1) / (self.band_hz[1] - self.band_hz[0])

    def _require_limits(self) -> None:
        limits: dict[str, tuple[Any, bool]] = {
            "wavelet_order": ("1 to 8", 1 <= self.wavelet_order <= HIGHEST_ORDER),
            "wavelet_file": (
                "the file of the measured wave",
                self.wavelet != "file" or bool(self.wavelet_file),
            ),
            "tones": ("2 or more", self.tones > 1),
            "adc_bits": ("0 to 32", self.adc_bits <= MOST_BITS),
            "compression": ("at most 1", self.compression <= 1.0),
            "rfi_share": ("0 to 1", self.rfi_share <= 1.0),
            "rfi_hz": ("numbers above 0", all(one > 0.0 for one in self.rfi_hz)),
            "dropped_share": ("0 to less than 1", self.dropped_share < 1.0),
            "gate_s": ("two ascending times", 0.0 <= self.gate_s[0] <= self.gate_s[1]),
        }
        for name, (allowed, holds) in limits.items():
            if not holds:
                msg = f"scenario: {name} = {getattr(self, name)!r} of Radar; give {allowed}"
                raise UsageError(msg)

    def _require_fine_samples(self) -> None:
        longest = NYQUIST_SHARE / self.highest_hz
        if self.sample_interval_s > longest:
            what = "centre_hz" if self.mode == "impulse" else "band_hz"
            msg = (
                f"scenario: sample_interval_s = {self.sample_interval_s} is too long for "
                f"{what} = {getattr(self, what)}; give at most {longest:.3g}"
            )
            raise UsageError(msg)

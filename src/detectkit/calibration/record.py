"""Calibration record: what was measured of one instrument, with its errors, dated.

Every value carries its unit in its name and its standard error beside it (``time_zero_s``,
``time_zero_error_s``). A record is a value: two with the same content have the same `id`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Literal

from detectkit import __version__
from detectkit.core import UsageError

SCHEMA = 1
"""Version of the TOML form; a reader refuses a later one."""
ID_DIGITS = 12
"""Digits of a record's id that are shown to people."""

Floats = tuple[float, ...]
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class RadarCalibration:
    """What was measured of a radar; None or empty: not measured.

    Parameters
    ----------
    sample_interval_s, samples, first_twt_s
        Delay axis of the raw traces it was measured on; all times are on that axis.
    antenna_separation_m
        Transmitter to receiver, as it was used.
    unit
        Of the traces, ``"count"`` for raw digitiser values.
    time_zero_s, time_zero_error_s
        When the middle of the pulse leaves the antenna. An echo after a path p stands at
        ``time_zero_s + p / c``.
    time_zero_drift_s_per_s, time_zero_drift_error_s_per_s
        How it moved over the air shot. Told, never extrapolated to a flight.
    time_zero_wander_s
        Standard deviation of what time zero did beside the straight line.
    crosstalk, crosstalk_error
        (samples,) what the receiver hears with nothing in front of it: direct wave, ringing,
        offset; standard error of each sample.
    noise
        Standard deviation of one sample of one trace.
    wavelet, wavelet_origin_s, wavelet_error
        Answer to a perfect mirror, divided by its amplitude, at `sample_interval_s`; the time
        within it that marks the mirror; error as a share of its root mean square.
    band_hz
        Lowest and highest frequency at which it is above a tenth of its largest amplitude.
    mirror_amplitude, mirror_amplitude_error
        Largest magnitude of a perfect mirror's echo after one metre of path.
    pattern_angle_deg, pattern_db, pattern_error_db
        Two-way amplitude against the angle from straight down, 0 dB straight down.
    clipped_at
        Lowest and highest value at which samples stood clipped; None: none did.
    """

    sample_interval_s: float
    samples: int
    first_twt_s: float = 0.0
    antenna_separation_m: float = 0.0
    unit: str = "count"
    time_zero_s: float | None = None
    time_zero_error_s: float | None = None
    time_zero_drift_s_per_s: float | None = None
    time_zero_drift_error_s_per_s: float | None = None
    time_zero_wander_s: float | None = None
    crosstalk: Floats = ()
    crosstalk_error: float | None = None
    noise: float | None = None
    wavelet: Floats = ()
    wavelet_origin_s: float | None = None
    wavelet_error: float | None = None
    band_hz: tuple[float, float] | None = None
    mirror_amplitude: float | None = None
    mirror_amplitude_error: float | None = None
    pattern_angle_deg: Floats = ()
    pattern_db: Floats = ()
    pattern_error_db: Floats = ()
    clipped_at: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not self.sample_interval_s > 0.0 or self.samples < 1:
            msg = (
                f"radar calibration: sample_interval_s = {self.sample_interval_s}, samples = "
                f"{self.samples}; both must be above zero"
            )
            raise UsageError(msg)
        if self.crosstalk and len(self.crosstalk) != self.samples:
            msg = (
                f"radar calibration: crosstalk has {len(self.crosstalk)} values for "
                f"{self.samples} samples"
            )
            raise UsageError(msg)
        _same_lengths("radar calibration", self.pattern_angle_deg, self.pattern_db,
                      self.pattern_error_db)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DetectorChannel:
    """What was measured of one channel of a metal detector, over ground without metal.

    Parameters
    ----------
    name, unit
        Of the channel, as its recordings call it.
    offset, offset_error
        Level far from ground and metal.
    drift_per_s, drift_error_per_s
        How the level moves.
    noise
        Standard deviation of one row.
    ground_balance, ground_balance_error
        This channel's part of the unit vector along which the soil moves all channels. The
        projection on it is what a ground balance takes out. None: not measured.
    """

    name: str
    unit: str = ""
    offset: float = 0.0
    offset_error: float | None = None
    drift_per_s: float | None = None
    drift_error_per_s: float | None = None
    noise: float | None = None
    ground_balance: float | None = None
    ground_balance_error: float | None = None


@dataclass(frozen=True, slots=True)
class HeightResponse:
    """How one channel answers at several heights, and the law fitted to it.

    Parameters
    ----------
    body
        ``"soil"``: the ground itself; else the name of the reference body.
    channel
        Name of the channel.
    height_m
        Of the coil over the ground, or over the body.
    response, response_error
        At each height, in the channel's unit.
    exponent, exponent_error, reference_m
        Of ``(1 + height / reference_m) ** -exponent``; None: no law fits.
    """

    body: str
    channel: str
    height_m: Floats
    response: Floats
    response_error: Floats
    exponent: float | None = None
    exponent_error: float | None = None
    reference_m: float | None = None

    def __post_init__(self) -> None:
        _same_lengths(f"height response of {self.body!r}", self.height_m, self.response,
                      self.response_error)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DetectorCalibration:
    """What was measured of a metal detector: its channels, and how they answer with height."""

    channels: tuple[DetectorChannel, ...]
    heights: tuple[HeightResponse, ...] = ()


@dataclass(frozen=True, slots=True)
class MountCalibration:
    """Where the sensor sits and how late its stamps are, from passes over a marked point.

    Parameters
    ----------
    lever_arm_m, lever_arm_error_m
        From the antenna that gives the positions to the sensor: forward, right, down. What the
        passes do not tell keeps its nominal value, and the error says how well that was known.
    lag_s, lag_error_s
        By how much its stamps are late.
    passes
        How many passes it comes from.
    """

    lever_arm_m: Triple
    lever_arm_error_m: Triple
    lag_s: float = 0.0
    lag_error_s: float | None = None
    passes: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A recording that a record was made from.

    Parameters
    ----------
    role
        ``"air"``, ``"plate at 0.5 m"``, ``"pass 1"`` …
    file, sha256
        Its name and the digest of its bytes.
    """

    role: str
    file: str
    sha256: str = ""


Section = Literal["radar", "detector", "mount"]
SECTIONS: tuple[Section, ...] = ("radar", "detector", "mount")


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """Everything that was measured of one instrument on one day.

    Parameters
    ----------
    instrument, serial
        As its recordings tell them in `detectkit.core.Sensor`.
    made_utc
        When it was measured, with time zone.
    sensor_id
        Id of the sensor in the recordings, for the reader; it is not compared.
    valid_days
        How long it holds.
    simulated
        Name of the simulation whose virtual instrument it was measured on, "" for a real one.
    operator, notes
        Free text.
    radar, detector, mount
        Sections; a record has at least one.
    sources
        What it was made from.
    detectkit_version
        That made it.

    Examples
    --------
    >>> mount = MountCalibration((0.1, 0.0, 0.3), (0.01, 0.01, 0.02))
    >>> made = datetime(2026, 5, 4, tzinfo=UTC)
    >>> record = CalibrationRecord("Radar", "7", made, mount=mount, detectkit_version="1")
    >>> record.expires_utc.date().isoformat()
    '2026-06-03'
    """

    instrument: str
    serial: str
    made_utc: datetime
    sensor_id: str = ""
    valid_days: float = 30.0
    simulated: str = ""
    operator: str = ""
    notes: str = ""
    radar: RadarCalibration | None = None
    detector: DetectorCalibration | None = None
    mount: MountCalibration | None = None
    sources: tuple[Source, ...] = ()
    detectkit_version: str = __version__

    def __post_init__(self) -> None:
        if self.made_utc.tzinfo is None:
            msg = f"made_utc = {self.made_utc.isoformat()} has no time zone; add Z for UTC"
            raise UsageError(msg)
        if not self.valid_days > 0.0:
            msg = f"valid_days = {self.valid_days} must be above zero"
            raise UsageError(msg)
        if not self.sections:
            msg = f"a calibration needs at least one section of {', '.join(SECTIONS)}"
            raise UsageError(msg)

    @property
    def sections(self) -> tuple[Section, ...]:
        """Which sections it has."""
        return tuple(one for one in SECTIONS if getattr(self, one) is not None)

    @property
    def expires_utc(self) -> datetime:
        """From when on it does not hold any more."""
        return self.made_utc.astimezone(UTC) + timedelta(days=self.valid_days)

    @property
    def id(self) -> str:
        """The sha256 of its content, the same for the same content."""
        text = json.dumps(_plain(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def name(self) -> str:
        """Instrument, serial number, day and id, as a file's stem.

        Examples
        --------
        >>> made = datetime(2026, 5, 4, tzinfo=UTC)
        >>> radar = RadarCalibration(1e-10, 512)
        >>> CalibrationRecord("Radar X", "7", made, radar=radar).name.rpartition("-")[0]
        'radar-x-7-2026-05-04'
        """
        words = f"{self.instrument} {self.serial}".lower()
        kept = "".join(one if one.isascii() and one.isalnum() else " " for one in words)
        day = self.made_utc.astimezone(UTC).date().isoformat()
        return f"{'-'.join(kept.split()) or 'instrument'}-{day}-{self.id[:8]}"


def _plain(value: object) -> object:
    """Return a record as values that JSON knows, whole numbers as floats."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}  # type: ignore[arg-type]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # 4 and 4.0 are the same measurement
    return value


def _same_lengths(where: str, *columns: Iterable[float]) -> None:
    lengths = [len(tuple(one)) for one in columns]
    if len(set(lengths)) > 1:
        msg = f"{where}: its columns have {lengths} values; they must have as many each"
        raise UsageError(msg)

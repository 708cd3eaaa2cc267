"""Mission: which instruments fly, how they are mounted, and what is done with their data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from detectkit.core import DetectkitError, UsageError
from detectkit.core.settings import build
from detectkit.drivers import Instrument, build_instrument
from detectkit.learn.choose import Wish
from detectkit.mission.calibrations import mount_in, read_texts
from detectkit.volume.settings import ImageSettings

Action = Literal["nothing", "warn", "pause", "stop"]
"""What a condition does: is not looked at, is said, asks the pilot to hold, or to land."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One instrument of a mission: what it is, where it is reached, where it is mounted.

    Parameters
    ----------
    id
        Short name, unique in the mission; its streams are called after it.
    driver
        Name of the driver, see ``detectkit drivers``.
    connect
        Address; empty: the driver's own default.
    lever_arm_m
        From the antenna that gives the positions to the sensor: forward, right, down.
    lag_s
        By how much the instrument's stamps are late; from `detectkit.geo.estimate_lag`.
    required
        Whether the pre-flight check fails without it.
    settings
        The driver's own settings.
    calibration
        File of its calibration, beside the mission or in the library; empty: none.
    """

    id: str
    driver: str
    connect: str = ""
    lever_arm_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lag_s: float = 0.0
    required: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)
    calibration: str = ""

    def instrument(self) -> Instrument:
        """Return the instrument with its settings."""
        return build_instrument(self.driver, self.settings, where=f"instrument {self.id!r}")


@dataclass(frozen=True, slots=True)
class PositionSettings:
    """Where poses come from: each names an instrument, or ``"instrument.stream"``.

    Parameters
    ----------
    position, attitude, height
        Empty: the first instrument that gives it, receivers before autopilots, altimeters before
        autopilots.
    altimeter_arm_m
        From the position antenna to the altimeter: forward, right, down.
    longest_gap_s
        Positions farther apart than this are not interpolated between.
    longest_wait_s
        How long a trace waits for the position after it; then it has none, and is counted.
    """

    position: str = ""
    attitude: str = ""
    height: str = ""
    altimeter_arm_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    longest_gap_s: float = 0.5
    longest_wait_s: float = 1.0


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """When and how raw bytes are recorded.

    Parameters
    ----------
    begin
        ``"always"``: from the first byte. ``"takeoff"``: when the autopilot arms; what came in
        the `before_s` seconds before is kept too.
    before_s
        Length of what is kept from before take-off.
    sync_s
        Longest time between two syncs to the disk.
    minimum_free_bytes
        Recording stops, and says so, before the disk has less room.
    """

    begin: Literal["always", "takeoff"] = "always"
    before_s: float = 10.0
    sync_s: float = 0.5
    minimum_free_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """What each condition does; limits in SI units.

    Parameters
    ----------
    stalled, rate_low, rows_lost, clipped
        A stream without rows, below `lowest_rate` of its nominal rate, with more than
        `largest_loss` of its rows lost, or with more than `largest_clipping` of its samples at
        full scale.
    no_position, height_out
        Traces come without a position; the height leaves `height_m` while it moves.
    recorder_behind, recorder_stopped, disk_low
        The queue to the disk is half full; nothing is recorded any more; the disk is nearly full.
    processing_behind
        The live picture trails by more than `longest_lag_s`; the recording does not suffer.
    clock_jump
        A clock was set or an instrument began again.
    """

    stalled: Action = "pause"
    rate_low: Action = "warn"
    rows_lost: Action = "warn"
    clipped: Action = "warn"
    no_position: Action = "warn"
    height_out: Action = "warn"
    recorder_behind: Action = "warn"
    recorder_stopped: Action = "stop"
    disk_low: Action = "warn"
    processing_behind: Action = "warn"
    clock_jump: Action = "warn"
    lowest_rate: float = 0.8
    largest_loss: float = 0.02
    largest_clipping: float = 0.01
    height_m: tuple[float, float] = (0.1, 3.0)
    longest_lag_s: float = 2.0


@dataclass(frozen=True, slots=True)
class GroundSettings:
    """What is known of the ground, for the pipeline that is fitted when none is given.

    Parameters
    ----------
    velocity_m_per_s
        Velocity of the wave in it; None: assumed.
    velocity_error_m_per_s
        Its standard deviation; None: 5 % of a velocity that is given, 20 % of one assumed.
    band_m
        Shallowest and deepest depth to search; None: fitted to the wavelength.
    """

    velocity_m_per_s: float | None = None
    velocity_error_m_per_s: float | None = None
    band_m: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ReflySettings:
    """How the places of indications are flown to again, in the files for the ground station.

    Parameters
    ----------
    height_m
        Height above the ground.
    hold_s
        Time over each place.
    """

    height_m: float = 1.0
    hold_s: float = 5.0


@dataclass(frozen=True, slots=True)
class FlightImageSettings(ImageSettings):
    """Whether a volume is focused while it flies, and with what; the velocity is the ground's.

    Parameters
    ----------
    write
        Whether there is one.
    """

    height_m: float = 0.5
    write: bool = False


@dataclass(frozen=True, slots=True)
class SimulateSettings:
    """What ``fly --simulate`` flies: a scenario file, beside the mission or one that ships."""

    scenario: str = ""


@dataclass(frozen=True, slots=True)
class Mission:
    r"""Everything that decides a mission, and its text.

    Examples
    --------
    >>> text = 'name = "test"\n[[instrument]]\nid = "gpr"\ndriver = "zgpr"'
    >>> Mission.from_toml(text).mounts[0].id
    'gpr'
    """

    name: str
    mounts: tuple[Mount, ...]
    position: PositionSettings = PositionSettings()
    record: RecordSettings = RecordSettings()
    alarms: AlarmSettings = AlarmSettings()
    ground: GroundSettings = GroundSettings()
    refly: ReflySettings = ReflySettings()
    image: FlightImageSettings = FlightImageSettings()
    evidence: Wish = Wish()
    simulate: SimulateSettings = SimulateSettings()
    pipeline_toml: str = ""
    text: str = ""
    calibrations: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Mission:
        """Read a mission's TOML; a pipeline is looked for beside it.

        Raises
        ------
        UsageError
            The file cannot be read, or is wrong; all faults are named at once.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{path}: the mission cannot be read ({error})"
            raise UsageError(msg) from error
        return cls.from_toml(text, folder=path.parent)

    @classmethod
    def from_toml(
        cls,
        text: str,
        *,
        folder: Path | None = None,
        pipeline: str | None = None,
        calibrations: Mapping[str, str] | None = None,
    ) -> Mission:
        """Parse a mission.

        Parameters
        ----------
        text
            TOML.
        folder
            Where its pipeline file lies.
        pipeline
            Text of that file, so that it is not looked for.
        calibrations
            Texts of the calibrations by instrument. Neither they nor the pipeline are looked for
            where one of both is given.
        """
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            msg = f"the mission is not valid TOML: {error}"
            raise UsageError(msg) from error
        if pipeline is None and calibrations is None:
            return _Parser(document, folder).mission(text)
        document.pop("pipeline", None)
        mission = _Parser(document, None, calibrations or {}).mission(text)
        return replace(mission, pipeline_toml=pipeline or "")


SECTIONS: dict[str, type[Any]] = {
    "position": PositionSettings,
    "record": RecordSettings,
    "alarms": AlarmSettings,
    "ground": GroundSettings,
    "refly": ReflySettings,
    "image": FlightImageSettings,
    "evidence": Wish,
    "simulate": SimulateSettings,
}


class _Parser:
    """Collects all faults of a mission before it refuses it."""

    def __init__(
        self,
        document: dict[str, Any],
        folder: Path | None,
        calibrations: Mapping[str, str] | None = None,
    ) -> None:
        self._document = document
        self._calibrations = calibrations
        self._folder = folder
        self._faults: list[str] = []
        self._told: dict[str, frozenset[str]] = {}

    def mission(self, text: str) -> Mission:
        name = self._document.pop("name", "mission")
        mounts = self._mounts(self._document.pop("instrument", []))
        pipeline = self._pipeline(self._document.pop("pipeline", ""))
        sections = {one: self._section(one, kind) for one, kind in SECTIONS.items()}
        calibrations = self._calibrations
        if calibrations is None:
            calibrations, wrong = read_texts(mounts, self._folder)
            self._faults += wrong
        mounts = tuple(self._measured(one, calibrations.get(one.id, "")) for one in mounts)
        for unknown in self._document:
            self._faults.append(
                f"{unknown!r} means nothing here; a mission has name, pipeline, [[instrument]] "
                f"tables and the sections {', '.join(SECTIONS)}"
            )
        if self._faults:
            listed = "\n".join(f"  {number}. {one}" for number, one in enumerate(self._faults, 1))
            msg = f"the mission has {len(self._faults)} faults:\n{listed}"
            raise UsageError(msg)
        return Mission(str(name), mounts, **sections, pipeline_toml=pipeline, text=text,
                       calibrations=calibrations)  # fmt: skip

    def _mounts(self, tables: Any) -> tuple[Mount, ...]:
        if not isinstance(tables, list) or not tables:
            self._faults.append("it has no [[instrument]]; each needs an id and a driver")
            return ()
        mounts: list[Mount] = []
        for number, table in enumerate(tables, start=1):
            one = self._mount(number, dict(table) if isinstance(table, dict) else {})
            if one is not None and one.id in {other.id for other in mounts}:
                self._faults.append(f"two instruments are called {one.id!r}")
            mounts += [] if one is None else [one]
        return tuple(mounts)

    def _mount(self, number: int, table: dict[str, Any]) -> Mount | None:
        settings, told = table.pop("settings", {}), frozenset(table)
        try:
            mount = build(_MountTable, table, where=f"instrument {number}")
            one = Mount(mount.id, mount.driver, mount.connect, mount.lever_arm_m, mount.lag_s,
                        mount.required, settings, mount.calibration)  # fmt: skip
            if not one.id.replace("-", "").replace("_", "").isalnum():
                self._faults.append(f"instrument id {one.id!r}: use letters, digits, - and _")
            one.instrument()
        except DetectkitError as error:
            self._faults.append(str(error))
            return None
        self._told[one.id] = told
        return one

    def _measured(self, mount: Mount, calibration: str) -> Mount:
        """Return the mount with what was measured of it and the mission does not give."""
        found, told = mount_in(calibration), self._told.get(mount.id, frozenset())
        if found is not None and "lever_arm_m" not in told:
            mount = replace(mount, lever_arm_m=found.lever_arm_m)
        if found is not None and "lag_s" not in told:
            mount = replace(mount, lag_s=found.lag_s)
        return mount

    def _section(self, name: str, kind: type[Any]) -> Any:
        table = self._document.pop(name, {})
        try:
            return build(kind, dict(table), where=f"[{name}]")
        except DetectkitError as error:
            self._faults.append(str(error))
            return kind()

    def _pipeline(self, given: Any) -> str:
        if not given:
            return ""
        path = (self._folder or Path()) / str(given)
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self._faults.append(f"pipeline {path}: cannot be read ({error})")
            return ""


@dataclass(frozen=True, slots=True)
class _MountTable:
    """The plain settings of an ``[[instrument]]`` table."""

    id: str
    driver: str
    connect: str = ""
    lever_arm_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lag_s: float = 0.0
    required: bool = True
    calibration: str = ""

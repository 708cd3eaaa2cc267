"""What a corpus is made from, as a TOML document says it: sources, copies, labels."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from detectkit.core import UsageError
from detectkit.core.settings import build, settings_of

Pair = tuple[float, float]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """A dataset of `detectkit simulate dataset`; each sample is a lane.

    Parameters
    ----------
    path
        A Zarr folder or zip file, or the name of one that ships.
    split
        Takes all its sites into one split, e.g. ``"test"``; None: as the dataset has them.
    most_lanes
        Takes the first so many alone; None: all.
    """

    path: str
    split: Split | None = None
    most_lanes: int | None = None

    def __post_init__(self) -> None:
        _require(
            self.most_lanes is None or self.most_lanes > 0, "[[dataset]] most_lanes: 1 or more"
        )


@dataclass(frozen=True, slots=True)
class FlightSource:
    """A flight, simulated or flown, with what is known to lie under it; all its lines in one split.

    Parameters
    ----------
    path
        A recording with radar lines, and detector rows where there are any.
    truth
        Table of what lies there; empty: ``NAME.truth.csv`` beside it.
    split
        Of all its lines.
    site
        Flights over the same ground share a name; empty: the recording's.
    permittivity
        Of the ground, as it is; None: as the recording says.
    terrain, soil
        Words for the lanes' table.
    """

    path: str
    truth: str = ""
    split: Split = "train"
    site: str = ""
    permittivity: float | None = None
    terrain: str = ""
    soil: str = ""


@dataclass(frozen=True, slots=True)
class Background:
    """Real ground without targets, mixed under copies of simulated training lanes as clutter.

    Parameters
    ----------
    path
        A recording that `detectkit.io.open_recording` reads.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Copies:
    """Further copies of lanes with other instruments over the same ground.

    Ranges are [low, high] and drawn evenly; test lanes stay as they are.

    Parameters
    ----------
    count
        Passes over each lane in all; the first is as simulated.
    gain_db
        Of all counts.
    noise
        White noise on top, as a multiple of the radar's own.
    wavelet_echo, wavelet_late_periods
        A second wave in the wavelet: its share of the first, either sign, and how late it is.
    height_m
        The antenna higher (or lower) by so much: the ground's echoes later and weaker.
    height_error_m
        Of the told height, constant along the lane.
    background_share
        Size of real clutter, where backgrounds are given, as a share of the lane's own.
    background_lanes
        Share of the copies that get real clutter.
    """

    count: int = 2
    gain_db: Pair = (-6.0, 6.0)
    noise: Pair = (0.0, 2.0)
    wavelet_echo: Pair = (0.0, 0.35)
    wavelet_late_periods: Pair = (0.15, 0.6)
    height_m: Pair = (-0.05, 0.05)
    height_error_m: Pair = (-0.02, 0.02)
    background_share: Pair = (0.3, 1.0)
    background_lanes: float = 0.5

    def __post_init__(self) -> None:
        _require(self.count > 0, "[copies] count: 1 or more")
        for one in fields(self):
            value = getattr(self, one.name)
            ordered = not isinstance(value, tuple) or value[0] <= value[1]
            _require(ordered, f"[copies] {one.name} = {value}: give [low, high]")
        low = min(self.noise[0], self.wavelet_echo[0], self.background_share[0])
        _require(low >= 0.0, "[copies] noise, wavelet_echo, background_share: 0 or more")
        _require(0.0 <= self.background_lanes <= 1.0, "[copies] background_lanes: 0 to 1")


@dataclass(frozen=True, slots=True)
class Labels:
    """How a candidate gets its label.

    Parameters
    ----------
    halo_m
        A candidate is a body's where it is no farther from it than its radius and this.
    unsure_m
        Beyond that, up to so far, nobody says what it is: not known, not ground.
    permittivity_error
        The pipeline is told the ground's permittivity times 1 ± up to this.
    swath_m
        Width of ground that a lane surveys.
    threshold
        Lowest score of a radar candidate, in standard deviations; None: the preset's. Lower gives
        a model more to weigh.
    """

    halo_m: float = 0.25
    unsure_m: float = 0.1
    permittivity_error: float = 0.15
    swath_m: float = 0.6
    threshold: float | None = None

    def __post_init__(self) -> None:
        _require(self.threshold is None or self.threshold > 0.0, "[labels] threshold: above 0")
        least = min(self.halo_m, self.unsure_m, self.permittivity_error)
        _require(least >= 0.0 and self.swath_m > 0.0, "[labels]: lengths of 0 or more")
        _require(self.permittivity_error < 1.0, "[labels] permittivity_error: below 1")


SOURCES: dict[str, type[Any]] = {
    "dataset": DatasetSource, "flight": FlightSource, "background": Background,
}  # fmt: skip
"""Tables of the TOML document, by name."""


@dataclass(frozen=True, slots=True)
class CorpusSettings:
    r"""Everything that decides a corpus.

    Parameters
    ----------
    name, seed
        Of the corpus; the seed decides all copies.
    dataset, flight, background
        Its sources.
    copies, labels
        See `Copies`, `Labels`.
    alike
        Two patches of different splits with a correlation above this are the same.

    Examples
    --------
    >>> settings = CorpusSettings.from_toml('name = "a"\n[[dataset]]\npath = "tiny"')
    >>> settings.dataset[0].path, settings.copies.count
    ('tiny', 2)
    >>> CorpusSettings.from_toml(settings.to_toml()) == settings
    True
    """

    name: str
    seed: int = 1
    alike: float = 0.998
    dataset: tuple[DatasetSource, ...] = ()
    flight: tuple[FlightSource, ...] = ()
    background: tuple[Background, ...] = ()
    copies: Copies = field(default_factory=Copies)
    labels: Labels = field(default_factory=Labels)

    def __post_init__(self) -> None:
        _require(bool(self.dataset or self.flight), "give at least one [[dataset]] or [[flight]]")
        _require(0.5 < self.alike <= 1.0, f"alike = {self.alike}: above 0.5, at most 1")

    @classmethod
    def from_toml(cls, text: str, *, where: str = "corpus") -> CorpusSettings:
        """Read the settings.

        Raises
        ------
        UsageError
            No TOML, an unknown, missing or ill-typed setting; names it and what is allowed.
        """
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            msg = f"{where}: no TOML ({error})"
            raise UsageError(msg) from error
        sources: dict[str, Any] = {
            name: tuple(
                build(kind, one, where=f"{where}, [[{name}]]") for one in table.pop(name, [])
            )
            for name, kind in SOURCES.items()
        }
        copies = build(Copies, table.pop("copies", {}), where=f"{where}, [copies]")
        labels = build(Labels, table.pop("labels", {}), where=f"{where}, [labels]")
        plain = build(_Plain, table, where=where)
        return cls(plain.name, plain.seed, plain.alike, **sources, copies=copies, labels=labels)

    @classmethod
    def read(cls, path: str | Path) -> CorpusSettings:
        """Read a file; its relative paths are those from the file's folder."""
        place = Path(path)
        if not place.is_file():
            msg = f"{place}: there is no such file with a corpus's settings"
            raise UsageError(msg)
        settings = cls.from_toml(place.read_text(encoding="utf-8"), where=place.name)
        return settings.beside(place.parent)

    def beside(self, folder: Path) -> CorpusSettings:
        """Return the settings with paths from a folder, where there is something."""

        def found(path: str) -> str:
            beside = folder / path
            return str(beside) if path and beside.exists() else path

        return replace(
            self,
            dataset=tuple(replace(one, path=found(one.path)) for one in self.dataset),
            flight=tuple(
                replace(one, path=found(one.path), truth=found(one.truth)) for one in self.flight
            ),
            background=tuple(replace(one, path=found(one.path)) for one in self.background),
        )

    def to_toml(self) -> str:
        """Return the settings as TOML."""
        import tomli_w

        told: dict[str, Any] = {"name": self.name, "seed": self.seed, "alike": self.alike}
        for name in SOURCES:
            sources = [settings_of(one) for one in getattr(self, name)]
            told |= {name: sources} if sources else {}
        told |= {"copies": settings_of(self.copies), "labels": settings_of(self.labels)}
        return tomli_w.dumps(told)

    @property
    def fingerprint(self) -> str:
        """Sha256 over all settings but the name and where the sources lie."""
        bare = replace(
            self,
            name="",
            dataset=tuple(replace(one, path=Path(one.path).name) for one in self.dataset),
            flight=tuple(
                replace(one, path=Path(one.path).name, truth=Path(one.truth).name)
                for one in self.flight
            ),
            background=tuple(replace(one, path=Path(one.path).name) for one in self.background),
        )
        return hashlib.sha256(bare.to_toml().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Plain:
    name: str
    seed: int = 1
    alike: float = 0.998


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - a check, not a mode
    if not holds:
        msg = f"corpus: {what}"
        raise UsageError(msg)

"""What the user says instead of the file: ``--set sample_interval_s=1e-10``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from detectkit.core import UsageError
from detectkit.io.header import StreamHeader

T = TypeVar("T")

COMMON: dict[str, str] = {
    "sample_interval_s": "fast-time sample interval in s",
    "first_twt_s": "two-way travel time of the first sample in s",
    "trace_spacing_m": "distance between traces in m; 0 = the recording has none",
    "antenna_hz": "nominal centre frequency in Hz",
    "antenna_separation_m": "transmitter to receiver in m",
    "permittivity": "relative permittivity of the ground",
    "instrument": "maker and model",
}
"""Settings that every reader takes; a reader adds its own structural ones."""


class Overrides(Mapping[str, str]):
    """Settings by name, as text, with typed access and errors that say what is wrong."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._settings = dict(settings or {})

    @classmethod
    def parse(cls, assignments: Iterable[str]) -> Overrides:
        """Read ``NAME=VALUE`` texts.

        Examples
        --------
        >>> Overrides.parse(["trace_spacing_m=0.02"]).number("trace_spacing_m", None)
        0.02
        """
        settings: dict[str, str] = {}
        for text in assignments:
            name, equals, value = text.partition("=")
            if not equals or not name.strip() or not value.strip():
                msg = f"--set takes NAME=VALUE, got {text!r}; e.g. --set trace_spacing_m=0.02"
                raise UsageError(msg)
            settings[name.strip()] = value.strip()
        return cls(settings)

    def __getitem__(self, name: str) -> str:
        return self._settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def number(self, name: str, default: T) -> float | T:
        """Return a setting as a float, or `default` where it is not given."""
        if name not in self._settings:
            return default
        try:
            value = float(self._settings[name])
        except ValueError:
            value = float("nan")
        if value - value != 0.0:
            msg = f"--set {name}={self._settings[name]}: not a finite number"
            raise UsageError(msg)
        return value

    def integer(self, name: str, default: T) -> int | T:
        """Return a setting as an int, or `default` where it is not given."""
        if name not in self._settings:
            return default
        value = self.number(name, 0.0)
        if value != int(value) or value < 0:
            msg = f"--set {name}={self._settings[name]}: a whole number from 0 up is needed"
            raise UsageError(msg)
        return int(value)

    def choice(self, name: str, allowed: Iterable[str], default: T) -> str | T:
        """Return a setting that must be one of `allowed`, or `default` where not given."""
        if name not in self._settings:
            return default
        value = self._settings[name]
        options = list(allowed)
        if value not in options:
            msg = f"--set {name}={value}: use one of {', '.join(options)}"
            raise UsageError(msg)
        return value

    def check_names(self, structural: Mapping[str, str], *, format_name: str) -> None:
        """Refuse names that neither every reader nor this one takes."""
        allowed = {**COMMON, **structural}
        unknown = sorted(set(self._settings) - set(allowed))
        if unknown:
            table = "; ".join(f"{name} ({meaning})" for name, meaning in sorted(allowed.items()))
            msg = f"--set {unknown[0]}: {format_name} files take: {table}"
            raise UsageError(msg)


def with_overrides(header: StreamHeader, overrides: Overrides) -> StreamHeader:
    """Return the header with the common settings of the user in place of the file's."""
    spacing = overrides.number("trace_spacing_m", header.trace_spacing_m)
    interval = overrides.number("sample_interval_s", header.sample_interval_s)
    if interval <= 0.0 or (spacing is not None and spacing < 0.0):
        msg = (
            f"sample_interval_s={interval} must be above 0 and trace_spacing_m={spacing} not "
            "negative; correct the --set value"
        )
        raise UsageError(msg)
    sensor = replace(
        header.sensor,
        antenna_hz=overrides.number("antenna_hz", header.sensor.antenna_hz),
        antenna_separation_m=overrides.number(
            "antenna_separation_m", header.sensor.antenna_separation_m
        ),
        instrument=overrides.get("instrument", header.sensor.instrument),
    )
    return replace(
        header,
        sensor=sensor,
        sample_interval_s=interval,
        first_twt_s=overrides.number("first_twt_s", header.first_twt_s),
        trace_spacing_m=spacing or None,
        permittivity=overrides.number("permittivity", header.permittivity),
    )

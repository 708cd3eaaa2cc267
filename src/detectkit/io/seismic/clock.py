"""When traces were recorded, from the date fields of the trace header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.io.overrides import Overrides
from detectkit.io.remarks import Remarks

STRUCTURAL = {"time_basis": "clock of the trace headers: utc or local"}
_UTC_CODES = frozenset({2, 4})
_NOT_A_TIME = np.iinfo(np.int64).min
_RANGES = {
    "year": (1980, 2200),
    "day": (1, 366),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 60),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """How to read the date fields.

    Parameters
    ----------
    first_ns
        Time of the first trace with a date; None where the traces have no dates.
    utc
        True where the clock runs in UTC, so that `time_ns` may be told.
    milliseconds
        True where the weighting factor holds milliseconds, as drone loggers write them.
    """

    first_ns: int | None
    utc: bool
    milliseconds: bool

    def columns(self, head: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """Return elapsed time and, for a UTC clock, the time of each trace."""
        if self.first_ns is None:
            return {}
        times = nanoseconds(head, milliseconds=self.milliseconds)
        elapsed = np.where(times == _NOT_A_TIME, np.nan, (times - self.first_ns) * 1e-9)
        columns: dict[str, npt.NDArray[Any]] = {"elapsed_s": elapsed}
        if self.utc:
            columns["time_ns"] = times
        return columns


def nanoseconds(head: npt.NDArray[Any], *, milliseconds: bool) -> npt.NDArray[np.int64]:
    """Return the date fields as ns since 1970, the least int64 where they are no date."""
    valid = np.ones(head.shape, np.bool_)
    for name, (least, most) in _RANGES.items():
        valid &= (head[name] >= least) & (head[name] <= most)
    year = np.where(valid, head["year"], 1970).astype(np.int64) - 1970
    days = year.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    days += head["day"].astype(np.int64) - 1
    seconds = ((days * 24 + head["hour"]) * 60 + head["minute"]) * 60 + head["second"]
    result = seconds * 1_000_000_000
    if milliseconds:
        fraction = head["weighting"].astype(np.int64)
        result += np.where((fraction >= 0) & (fraction < 1000), fraction, 0) * 1_000_000
    return np.where(valid, result, _NOT_A_TIME)


def find_clock(
    heads: npt.NDArray[Any],
    overrides: Overrides,
    remarks: Remarks,
    *,
    drone: bool,
) -> Clock:
    """Decide from sampled trace headers whether they hold times and in which clock."""
    times = nanoseconds(heads, milliseconds=drone)
    dated = times[times != _NOT_A_TIME]
    if dated.size * 2 < times.size:
        return Clock(None, utc=False, milliseconds=drone)
    basis = overrides.choice("time_basis", ("utc", "local"), None)
    utc = basis == "utc" or (basis is None and int(heads["time_basis"][0]) in _UTC_CODES)
    if basis is None and not utc:
        utc = drone
        said = "UTC, as drone loggers write" if drone else "local, so no absolute time is told"
        text = f"the clock of the trace headers is taken as {said}"
        remarks.assumed(text, setting="time_basis")
    return Clock(int(dated[0]), utc, drone)

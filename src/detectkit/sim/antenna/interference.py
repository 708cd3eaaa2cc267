"""Foreign transmitters in the radar's band: broadcast, telephones, remote controls, Wi-Fi."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit
from detectkit.sim.antenna.settings import Radar
from detectkit.sim.antenna.spectrum import lines_of
from detectkit.sim.noise import Stream, nanoseconds, row_key, stream_key

Values = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_PART = 2.0**-32
_32, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True, eq=False)
class Carriers:
    """Transmitters that send in bursts; build them with `carriers_of`.

    Parameters
    ----------
    freq_hz, level_counts
        Of each carrier, (carriers,).
    keys
        One of each carrier, uint64 (carriers,).
    radar
        Says how often and how long they send, and the grid of the trace.
    """

    freq_hz: Values
    level_counts: Values
    keys: npt.NDArray[np.uint64]
    radar: Radar

    def add_to(self, rows: Values, time_s: Values) -> None:
        """Add them to traces taken at `time_s`.

        Whether a carrier sends is a function of the burst's number, its phase and its frequency
        within its width one of the trace's time: the radar's clock knows nothing of it.
        """
        slot = np.floor(time_s / self.radar.rfi_burst_s).astype(np.int64)
        rule = (self.radar.rfi_share, self.radar.rfi_width_hz, self.radar.sample_interval_s)
        _add_carriers(
            rows, nanoseconds(time_s), slot, (self.freq_hz, self.level_counts, self.keys), rule
        )


def carriers_of(radar: Radar, *, seed: int) -> Carriers:
    """Return the transmitters around a radar.

    An impulse radar hears each fully. One with stepped frequencies hears it only while it listens
    at that frequency: its level is the weight of the tone nearby, or nothing.
    """
    freq = np.asarray(radar.rfi_hz, np.float64)
    level = np.full(freq.size, radar.rfi_counts)
    if radar.mode == "sfcw":
        lines = lines_of(radar, 0.0)
        nearest = np.abs(lines.freq_hz[:, np.newaxis] - freq).argmin(axis=0)
        step = 1.0 / radar.unambiguous_s
        heard = np.abs(lines.freq_hz[nearest] - freq) <= 0.5 * (radar.rfi_width_hz + step)
        level = np.where(heard, level * np.abs(lines.weight[nearest]), 0.0)
    first = stream_key(seed, Stream.RADAR_RFI)
    keys = np.array([row_key(number, first) for number in range(freq.size)], np.uint64)
    return Carriers(freq, level, keys, radar)


@njit
def _add_carriers(
    rows: Values,
    time_ns: Integers,
    slot: Integers,
    carriers: tuple[Values, Values, npt.NDArray[np.uint64]],
    rule: tuple[float, float, float],
) -> None:
    freq, level, keys = carriers
    share, width, interval = rule
    for row in range(rows.shape[0]):
        for number in range(freq.shape[0]):
            sends = row_key(slot[row], keys[number])
            if float(sends >> _32) * _PART >= share or level[number] == 0.0:
                continue
            bits = row_key(time_ns[row], keys[number])
            phase = 2.0 * math.pi * float(bits >> _32) * _PART
            off = width * (float(bits & _LOW) * _PART - 0.5)
            turn = 2.0 * math.pi * (freq[number] + off) * interval
            for sample in range(rows.shape[1]):
                rows[row, sample] += level[number] * math.cos(turn * sample + phase)

"""Bytes of an X4 module to traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from detectkit.core import Sensor
from detectkit.drivers import WAIT, Frame, Layout, Note, StreamDecoder, Taken, damaged, good, skip
from detectkit_drivers.x4.conversion import CARRIER_HZ, SAMPLING_HZ, to_radio_frequency
from detectkit_drivers.x4.framing import BULK_HEAD, FLOATS_CODES, FLOATS_HEAD, LONGEST_BULK, cut
from detectkit_drivers.x4.messages import ERROR, ERROR_WORDS, SYSTEM, SYSTEM_WORDS, word_of

if TYPE_CHECKING:
    from detectkit_drivers.x4.instrument import X4

LARGEST = 1e30
SPEED_OF_LIGHT_M_PER_S = 299_792_458.0


class X4Decoder(StreamDecoder):
    """Frames of the module to one row for each radar frame, as real samples at 23.328 GHz.

    Bulk frames carry no checksum. One counts as damaged when its two lengths differ, when another
    begins inside it, or when it holds what is no number or none that a radar gives.
    """

    longest = BULK_HEAD.size + LONGEST_BULK

    def __init__(self, settings: X4) -> None:
        super().__init__()
        self._settings = settings
        self._layouts: dict[int, Layout] = {}

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one frame."""
        found = cut(held, at)
        if found.verdict == "wait":
            return WAIT
        if found.verdict == "skip":
            return skip(found.used)
        if found.verdict == "damaged":
            return damaged(found.used)
        return self._understood(found.used, found.data)

    def _understood(self, used: int, data: bytes) -> Taken:
        if data.startswith(FLOATS_CODES):
            return self._floats(used, data)
        code = word_of(data)
        if data[0] == ERROR:
            words = ERROR_WORDS.get(code, f"error {code}")
            return good(used, Note(f"command refused: {words}", "warning"))
        if data[0] == SYSTEM:
            return good(used, Note(SYSTEM_WORDS.get(code, f"system message {code}")))
        return good(used, ignored=True)

    def _floats(self, used: int, data: bytes) -> Taken:
        if len(data) < FLOATS_HEAD.size:
            return damaged(used)
        _, _, _, counter, size = FLOATS_HEAD.unpack_from(data)
        if not size or len(data) != FLOATS_HEAD.size + 4 * size:
            return damaged(used)
        floats = np.frombuffer(data, "<f4", size, FLOATS_HEAD.size).astype(np.float32)
        if not np.all(np.abs(floats) < LARGEST):  # false for what is not a number, too
            return damaged(used)
        if self._settings.output == "iq" and size % 2:
            return damaged(used)
        return good(used, self._frame(self._samples(floats), counter))

    def _samples(self, floats: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if self._settings.output == "rf":
            return floats
        half = floats.size // 2
        return to_radio_frequency(floats[:half] + 1j * floats[half:])

    def _frame(self, samples: npt.NDArray[np.float32], counter: int) -> Frame:
        if samples.size not in self._layouts:
            self._layouts = {samples.size: layout_of(samples.size, self._settings)}
        return Frame(
            self._layouts[samples.size],
            samples[np.newaxis],
            counter=np.array([counter], np.int64),
        )


def layout_of(samples: int, settings: X4) -> Layout:
    """Return what the samples mean: delay from the start of the frame area."""
    return Layout(
        stream="traces",
        sensor=Sensor(
            id=settings.name,
            kind=settings.kind,
            instrument=settings.title,
            antenna_hz=CARRIER_HZ,
            unit="1",
        ),
        samples=samples,
        sample_interval_s=1.0 / SAMPLING_HZ,
        first_twt_s=2.0 * settings.frame_start_m / SPEED_OF_LIGHT_M_PER_S,
        counter_modulus=1 << 32,
        rate_hz=settings.frames_per_second,
    )

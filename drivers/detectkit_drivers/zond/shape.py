"""The shape of a legacy trace: where samples end and which byte of them is first; by statistics.

Two public readers disagree: one reads n + n/16 little-endian samples from "lite" models and n from
others, one reads n big-endian samples from a Cobra and drops the last n/16. Nothing on the wire
tells. Radar traces are smooth, and each is much like the one before; that decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from detectkit.drivers import Note

LayoutName = Literal["zond", "lite", "cobra"]
ByteOrder = Literal["little", "big"]
SERVICE_PART = 16
"""One sixteenth of the samples is service data, where there is any."""
DECISIVE = 0.5
"""One reading decides where its statistic is below this part of the other's."""
STEP = 8.0
"""Service data begin with a step this many times the signal's own steps."""
RECORDS = 3
"""Traces that the statistics look at."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the bytes of a trace are read.

    Parameters
    ----------
    layout
        ``"zond"``: n samples; ``"lite"``: n and then n/16 of service data; ``"cobra"``: n of
        which the last n/16 are service data.
    order
        Byte order of the samples.
    samples
        The n of the settings.
    """

    layout: LayoutName
    order: ByteOrder
    samples: int

    @property
    def record_bytes(self) -> int:
        """Bytes from one trace to the next."""
        return 2 * (self.samples + (self._service if self.layout == "lite" else 0))

    @property
    def signal(self) -> int:
        """Samples of a trace that are signal."""
        return self.samples - (self._service if self.layout == "cobra" else 0)

    @property
    def dtype(self) -> np.dtype[np.int16]:
        """Number type on the wire."""
        return np.dtype("<i2" if self.order == "little" else ">i2")

    def rows(self, data: bytes) -> npt.NDArray[np.int16]:
        """Return whole traces, service data too, shape (traces, samples), in native order."""
        values = np.frombuffer(data, self.dtype).astype(np.int16, copy=False)
        return values.reshape(-1, self.record_bytes // 2)

    @property
    def _service(self) -> int:
        return self.samples // SERVICE_PART


def detection_bytes(samples: int) -> int:
    """Return how many bytes of traces `detect` wants."""
    return RECORDS * Shape("lite", "little", samples).record_bytes


def detect(
    data: bytes,
    samples: int,
    *,
    layouts: tuple[LayoutName, ...],
    orders: tuple[ByteOrder, ...],
) -> tuple[Shape, Note]:
    """Tell how traces are read.

    Parameters
    ----------
    data
        `detection_bytes` of traces, the first from its beginning.
    samples
        The n of the settings.
    layouts, orders
        What may be, the most likely first: it is taken where the statistics do not decide.

    Returns
    -------
    shape, note
        The shape and the evidence for it; a warning where a guess was needed.
    """
    order, evidence, sure = _order(data, orders)
    values = np.frombuffer(data, Shape("zond", order, samples).dtype).astype(np.int64)
    lite, repeats, is_repeat_sure = _is_lite(values, samples, layouts)
    if lite or layouts == ("lite",):
        layout: LayoutName = "lite"
    else:
        layout, step, is_step_sure = _service(values, samples, order, layouts)
        repeats += step
        is_repeat_sure = is_repeat_sure and is_step_sure
    sure = sure and is_repeat_sure
    words = "found" if sure else "assumed, set layout and byte_order to be sure"
    text = f"trace layout {layout!r}, {order}-endian ({words}): {evidence}{repeats}"
    return Shape(layout, order, samples), Note(text, "note" if sure else "warning")


def _order(data: bytes, orders: tuple[ByteOrder, ...]) -> tuple[ByteOrder, str, bool]:
    if len(orders) == 1:
        return orders[0], f"byte order {orders[0]} by setting", True
    rough = {one: _roughness(np.frombuffer(data, Shape("zond", one, 1).dtype)) for one in orders}
    text = f"mean step {rough['little']:.0f} little-endian, {rough['big']:.0f} big-endian"
    smooth = min(orders, key=lambda one: rough[one])  # the likelier of equal ones
    sure = rough[smooth] < DECISIVE * max(rough.values())
    return smooth if sure else orders[0], text, sure


def _is_lite(
    values: npt.NDArray[np.int64], samples: int, layouts: tuple[LayoutName, ...]
) -> tuple[bool, str, bool]:
    """Tell whether traces repeat after n + n/16 samples rather than after n."""
    if "lite" not in layouts or len(layouts) == 1:
        return layouts == ("lite",), f"; layout {' or '.join(layouts)} by setting", True
    longer = samples + samples // SERVICE_PART
    compared = values.size - longer
    apart = {
        lag: float(np.abs(values[lag : lag + compared] - values[:compared]).mean())
        for lag in (samples, longer)
    }
    text = (
        f"; from trace to trace {apart[samples]:.0f} at {samples}, {apart[longer]:.0f} at {longer}"
    )
    nearer = min(apart, key=lambda lag: apart[lag])
    sure = apart[nearer] < DECISIVE * max(apart.values())
    return (nearer == longer) if sure else layouts[0] == "lite", text, sure


def _service(
    values: npt.NDArray[np.int64],
    samples: int,
    order: ByteOrder,
    layouts: tuple[LayoutName, ...],
) -> tuple[LayoutName, str, bool]:
    """Tell whether the last sixteenth is service data, by the step where it would begin."""
    known = tuple(one for one in layouts if one != "lite")
    if len(known) == 1:
        return known[0], "", True
    service = samples // SERVICE_PART
    edge = samples - service
    rows = values[: RECORDS * samples].reshape(RECORDS, samples)
    steps = np.abs(np.diff(rows, axis=1))
    at_edge, before = steps[:, edge - 1].mean(), steps[:, edge - 1 - service : edge - 1].mean()
    text = f"; step to the last {service} samples {at_edge:.0f}, before it {before:.1f}"
    if at_edge > STEP * max(before, 1.0):
        return "cobra", text, True
    likely: LayoutName = "cobra" if order == "big" else "zond"  # as the two readers found them
    return likely, text, likely == "zond"


def _roughness(values: npt.NDArray[np.int16]) -> float:
    return float(np.abs(np.diff(values.astype(np.int64))).mean())

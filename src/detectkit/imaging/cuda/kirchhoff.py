"""Kirchhoff migration of a line by PyTorch: `kirchhoff_varying` on a graphics processor.

The same curves, weights and interpolation as the reference; sums run in float32 in another order.
The images agree within `TOLERANCE` of the largest value.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from detectkit.imaging.line_curves import RowCurves

Float32s = npt.NDArray[np.float32]

TOLERANCE = 1e-5
"""Largest difference to the numba kernels, as a share of the largest value of the image."""


def kirchhoff(
    filtered: Float32s, start: int, stop: int, curves: RowCurves, *, device: str = "cuda"
) -> Float32s:
    """Return the migrated rows `start` to `stop`; see `detectkit.imaging.kirchhoff_varying`.

    Parameters
    ----------
    filtered
        From `half_derivative`, (trace, delay), float32.
    start, stop
        Rows to answer.
    curves
        Of the rows of `filtered`; on the ground and in the air alike.
    device
        A PyTorch device. Memory: some ten arrays of the size of the image.
    """
    data = torch.from_numpy(np.ascontiguousarray(filtered)).to(device)
    known = torch.from_numpy(curves.low >= 0).to(device)
    low = torch.from_numpy(np.maximum(curves.low, 0)).to(device)
    high = torch.from_numpy(curves.high).to(device)
    part = torch.from_numpy(curves.part).to(device)[:, None]
    shift = torch.from_numpy(curves.shift).to(device)[:, None]
    position = torch.from_numpy(curves.position).to(device)
    weight = torch.from_numpy(curves.weight).to(device)
    image = torch.zeros((stop - start, position.shape[2]), device=device)
    for step in range(-curves.reach, curves.reach + 1):
        first = max(start, -step)
        last = min(stop, len(data) - step)
        if first >= last:
            continue
        source = slice(first + step, last + step)
        at = torch.lerp(
            position[low[source], abs(step)], position[high[source], abs(step)], part[source]
        )
        w = torch.lerp(
            weight[low[source], abs(step)], weight[high[source], abs(step)], part[source]
        )
        at = at + shift[source]
        inside = (at >= 0.0) & (at < data.shape[1] - 1) & known[source, None]
        whole = torch.where(inside, at, 0.0).to(torch.int64)
        before = data[source].gather(1, whole)
        after = data[source].gather(1, whole + 1)
        value = torch.lerp(before, after, torch.where(inside, at - whole, 0.0))
        image[first - start : last - start] += torch.where(inside, w * value, 0.0)
    image[~known[start:stop]] = 0.0
    return np.asarray(image.cpu().numpy(), np.float32)

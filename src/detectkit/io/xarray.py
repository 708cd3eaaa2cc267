"""Blocks as labelled arrays of xarray, for notebooks and plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectkit.core import VOCABULARY, Block, MissingDependencyError
from detectkit.core.vocabulary import unit_of

if TYPE_CHECKING:
    import xarray as xr


def to_xarray(block: Block) -> xr.DataArray:
    """Return a block as a DataArray with its coordinates, units and names.

    Parameters
    ----------
    block
        Any block; its samples are not copied and stay write-protected.

    Raises
    ------
    MissingDependencyError
        xarray is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> block = Block(np.zeros((2, 3)), coords={"twt_s": ("delay", np.arange(3) * 1e-10)})
    >>> to_xarray(block).coords["twt_s"].attrs["units"]
    's'
    """
    try:
        import xarray as xr
    except ImportError as error:
        msg = "to_xarray needs xarray; install it with: pip install 'detectkit[xarray]'"
        raise MissingDependencyError(msg) from error
    coords = {name: (along, values, _words(name)) for name, (along, values) in block.coords.items()}
    attributes = {
        **_words(block.quantity),
        "line": block.line,
        "first_trace": block.first_trace,
        "sensor": block.sensor.id,
        "instrument": block.sensor.instrument,
        "history": " > ".join(one.step for one in block.history),
    }
    return xr.DataArray(
        block.data, dims=block.dims, coords=coords, attrs=attributes, name=block.quantity
    )


def _words(name: str) -> dict[str, str]:
    term = VOCABULARY.get(name)
    return {"units": unit_of(name), "long_name": name if term is None else term.meaning}

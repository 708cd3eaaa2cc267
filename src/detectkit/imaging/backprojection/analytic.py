"""The analytic signal of traces, sampled so finely that lines may be drawn between its samples.

Upsampling is exact: zeros beyond the spectrum (Oppenheim and Schafer, Discrete-Time Signal
Processing, section 4.6). Rows take the same path however many come with them (see `signal._fft`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from detectkit.signal._fft import Spectrum, padded_length, through_spectrum

Traces = npt.NDArray[np.float32]
Signals = npt.NDArray[np.complex64]


def fine_analytic(traces: Traces, *, oversampling: int) -> Signals:
    """Return the analytic signal of each trace on a finer axis.

    Parameters
    ----------
    traces
        (n, samples), float32, finite.
    oversampling
        Output samples for each of the trace's.

    Returns
    -------
    Signals
        (n, (samples - 1) oversampling + 2), complex64; the last is 0, for whoever looks one
        sample ahead.

    Examples
    --------
    >>> wave = np.cos(0.5 * np.arange(200, dtype=np.float32))[np.newaxis]
    >>> fine = fine_analytic(wave, oversampling=4)
    >>> bool(np.allclose(fine[0, 200:600], np.exp(0.125j * np.arange(200, 600)), atol=0.02))
    True
    """
    rows, samples = traces.shape
    length = padded_length(samples, -(-samples // 4))
    wanted = (samples - 1) * oversampling + 1
    out = np.zeros((rows, wanted + 1), np.complex64)

    def work(_: Traces, spectrum: Spectrum, target: npt.NDArray[Any]) -> None:
        double = spectrum * np.float32(2 * oversampling)
        double[:, 0] *= np.float32(0.5)
        if length % 2 == 0:
            double[:, -1] *= np.float32(0.5)
        wide = np.zeros((len(double), length * oversampling), np.complex64)
        wide[:, : double.shape[1]] = double
        fine = scipy.fft.ifft(wide, axis=1, overwrite_x=True)
        target[:, :wanted] = fine[: len(target), :wanted]

    through_spectrum(traces, out, length=length, work=work)
    return out

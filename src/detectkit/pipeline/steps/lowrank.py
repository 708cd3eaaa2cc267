"""Steps that remove the background as what has low rank: SVD and robust PCA.

Windows are given as in `detectkit.pipeline.steps.background`; they are counted from the start
of the run of traces and overlap by a share of their length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.step import WholeLine
from detectkit.pipeline.steps.streamed import Stream, Streamed, overlap_of, window_traces_of
from detectkit.signal.lowrank import subtract_components, windowed_svd
from detectkit.signal.robust_pca import robust_split, windowed_robust_pca


@dataclass(frozen=True, slots=True)
class SvdBackground(WholeLine):
    """Remove the strongest singular components of the whole line.

    Method: ``Y = X - X V V'``, X the line (trace, delay), V its `components` strongest right
    singular vectors; no mean is subtracted before (eigenimages; Freire and Ulrych, Geophysics 53,
    1988).

    - `components`: 1 or 2 take a steady background, more take slow changes too.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "svd-background"
        components = 1
    """

    name: ClassVar[str] = "svd-background"
    live_substitute: ClassVar[str] = "windowed-svd-background"
    components: int = 1

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged; refuse more components than samples."""
        _check_components(self.name, self.components, spec.samples)
        return spec

    def apply(self, line: Block) -> Block:
        """Return the line without its strongest components."""
        return line.with_data(subtract_components(line.data, components=self.components))


@dataclass(frozen=True, slots=True)
class RpcaBackground(WholeLine):
    """Split the whole line into a low-rank background and a sparse rest, and keep the rest.

    `sparsity` 1 is the value of theory; more leaves less. Takes about 60 times as long as SVD.

    Method: ``Y = X - L`` with L and S that minimise ``|L|_* + lambda |S|_1`` where ``X = L + S``:
    ``|L|_*`` is the sum of L's singular values, ``|S|_1`` that of S's magnitudes,
    ``lambda = sparsity / sqrt(max(traces, samples))`` (principal component pursuit; Candès, Li, Ma
    and Wright, J. ACM 58, 2011; solved as by Lin, Chen and Ma, arXiv:1009.5055, 2010; on GPR
    Masarik et al., Proc. SPIE 9454, 2015).

    - `tolerance`: stop where ``|X - L - S| <= tolerance |X|``; below 1e-6 is not reached.
    - `max_iterations`: stop there at the latest.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "rpca-background"
        sparsity = 1.0
    """

    name: ClassVar[str] = "rpca-background"
    live_substitute: ClassVar[str] = "windowed-rpca-background"
    sparsity: float = 1.0
    tolerance: float = 1e-5
    max_iterations: int = 60

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged; refuse settings that are not positive."""
        _check_pursuit(self.name, self.sparsity, self.tolerance, self.max_iterations)
        return spec

    def apply(self, line: Block) -> Block:
        """Return the line without its low-rank background."""
        split = robust_split(
            line.data,
            sparsity=self.sparsity,
            tolerance=self.tolerance,
            max_iterations=self.max_iterations,
        )
        return line.with_data(split.foreground)


@dataclass(frozen=True, slots=True)
class _WindowedBackground(Streamed):
    """Windows at fixed places, cross-faded."""

    window_traces: int = 200
    window_m: float | None = None
    overlap: float = 0.25

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return a window less one trace to each side: the furthest that a row can depend on."""
        window, _ = self._windows(spec)
        return window - 1, window - 1

    def _windows(self, spec: BlockSpec) -> tuple[int, int]:
        """Return length and overlap in traces."""
        window = window_traces_of(
            self.name, spec, window_traces=self.window_traces, window_m=self.window_m
        )
        return window, overlap_of(self.name, window, self.overlap)


@dataclass(frozen=True, slots=True)
class WindowedSvdBackground(_WindowedBackground):
    """Remove the strongest singular components of each window of traces.

    Follows a background that changes along the line. The latency is the window.

    Method: that of `svd-background` on windows counted from the run's first trace; where two
    overlap, the result fades from one to the next with weights ``cos^2`` and ``sin^2``
    (eigenimages; Freire and Ulrych, Geophysics 53, 1988).

    - `window_m`: the window in metres; takes the place of `window_traces`.
    - `overlap`: share of the window, 0 to 0.5.
    - `components`: 1 or 2 take a steady background, more take slow changes too.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "windowed-svd-background"
        window_traces = 200
        overlap = 0.25
        components = 1
    """

    name: ClassVar[str] = "windowed-svd-background"
    components: int = 1

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged; refuse components that a window does not have."""
        window, _ = self._windows(spec)
        _check_components(self.name, self.components, min(spec.samples, window))
        return spec

    def stream(self, first: Block) -> Stream:
        """Return the windows of a run."""
        window, overlap = self._windows(first.spec)
        return windowed_svd(
            first.data.shape[1],
            window_traces=window,
            overlap_traces=overlap,
            components=self.components,
        )


@dataclass(frozen=True, slots=True)
class WindowedRpcaBackground(_WindowedBackground):
    """Split each window of traces into a low-rank background and a sparse rest; keep the rest.

    The latency is the window.

    Method: that of `rpca-background` on windows counted from the run's first trace; where two
    overlap, the result fades from one to the next with weights ``cos^2`` and ``sin^2`` (Candès, Li,
    Ma and Wright, J. ACM 58, 2011).

    - `window_m`: the window in metres; takes the place of `window_traces`.
    - `overlap`: share of the window, 0 to 0.5.
    - `sparsity`, `tolerance`, `max_iterations`: as for `rpca-background`.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "windowed-rpca-background"
        window_m = 4.0
        sparsity = 1.0
    """

    name: ClassVar[str] = "windowed-rpca-background"
    sparsity: float = 1.0
    tolerance: float = 1e-5
    max_iterations: int = 60

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged; refuse settings that are not positive."""
        self._windows(spec)
        _check_pursuit(self.name, self.sparsity, self.tolerance, self.max_iterations)
        return spec

    def stream(self, first: Block) -> Stream:
        """Return the windows of a run."""
        window, overlap = self._windows(first.spec)
        return windowed_robust_pca(
            first.data.shape[1],
            window_traces=window,
            overlap_traces=overlap,
            sparsity=self.sparsity,
            tolerance=self.tolerance,
            max_iterations=self.max_iterations,
        )


def _check_components(step: str, components: int, most: int) -> None:
    if not 1 <= components <= most:
        msg = f"step {step!r}: components = {components} must be 1 to {most}"
        raise PipelineError(msg)


def _check_pursuit(step: str, sparsity: float, tolerance: float, max_iterations: int) -> None:
    if not (sparsity > 0.0 and tolerance > 0.0 and max_iterations > 0):
        msg = (
            f"step {step!r}: sparsity = {sparsity}, tolerance = {tolerance} and max_iterations = "
            f"{max_iterations} must all be above 0"
        )
        raise PipelineError(msg)

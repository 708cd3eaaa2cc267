"""The card: a manifest for people, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from detectkit.learn.model.manifest import Manifest

CARD_FILE = "CARD.md"


def card_of(manifest: Manifest) -> str:
    """Return a model's card."""
    facts = manifest.facts
    lines = [
        f"# {facts.name}", "", facts.summary, "",
        "It weighs evidence that was found; it finds none by itself, and removes none. A low",
        "probability is no promise about the ground.", "",
        *_limits(manifest), *_how_good(manifest), *_calibration(manifest), *_thresholds(manifest),
        *_made_on(manifest), *_evidence(manifest),
    ]  # fmt: skip
    if facts.recipe:
        lines += ["## Recipe", "", "```toml", facts.recipe.strip(), "```", ""]
    return "\n".join(lines)


def _limits(manifest: Manifest) -> Iterator[str]:
    yield from ("## Limits", "")
    yield from (f"- {one}" for one in manifest.facts.limits)
    for name, (low, high) in manifest.validity.ranges.items():
        yield f'- `{name}` from {low:g} to {high:g}: outside of it the answer is "unknown"'
    threshold = manifest.novelty_threshold
    yield f'- evidence stranger than {100 * threshold:g} % of the known kind is "unknown"'
    yield ""


def _how_good(manifest: Manifest) -> Iterator[str]:
    yield from ("## How good", "")
    if not manifest.metrics:
        yield from ("Not measured.", "")
        return
    yield from ("| figure | value | 95 % interval | n | on |", "|---|---|---|---|---|")
    for one in manifest.metrics:
        interval = f"{one.low:.3g} to {one.high:.3g}"
        yield f"| {one.name} | {one.value:.3g} | {interval} | {one.count:,} | {one.on} |"
    yield ""


def _calibration(manifest: Manifest) -> Iterator[str]:
    made = manifest.calibration
    yield from ("## Calibration", "")
    yield (
        f"By {made.method} on {made.examples:,} examples ({made.targets:,} of targets) of "
        f"{made.sites} sites that it was not trained on. Its prior is their share of targets, "
        f"{made.prior:.3g}; give your own where you know better. Between sites the log-odds differ "
        f"by ± {made.site_spread:.2g} (one standard deviation)."
    )
    yield ""


def _thresholds(manifest: Manifest) -> Iterator[str]:
    """What was set before any test site was read; how it did there stands under "How good"."""
    made = manifest.decision
    if made is None:
        return
    yield from ("## Thresholds", "")
    yield (
        f"From {made.threshold:.3g} on, at a prior of {made.prior:.3g}, on average no more than "
        f"{made.miss_rate:g} of the targets that a sensor pointed at are missed on a further site "
        f"like the {made.sites} validation sites ({made.targets} targets) it was set on; on a "
        f"single site more may be. Where a miss costs as much as {made.cost_ratio:g} false alarms, "
        f"{made.cost_threshold:.2g} is cheapest. What is unknown counts as above both."
    )
    yield ""


def _made_on(manifest: Manifest) -> Iterator[str]:
    yield from ("## Made on", "", "| data | origin | use | sites | examples | targets | sha256 |")
    yield "|---|---|---|---|---|---|---|"
    for one in manifest.sources:
        yield (
            f"| {one.name} | {one.origin} | {one.use} | {one.sites} | {one.examples:,} | "
            f"{one.targets:,} | `{one.sha256[:12]}` |"
        )
    yield from ("", f"Seed {manifest.facts.seed}. Kind of pipeline:", "")
    yield from (f"    {manifest.facts.kind}", "")


def _evidence(manifest: Manifest) -> Iterator[str]:
    grid, network = manifest.grid, manifest.network
    yield from ("## Evidence and network", "")
    yield (
        f"Patches of {grid.columns} columns of {1e3 * grid.spacing_m:g} mm along the track and "
        f"{grid.rows} rows of {1e3 * grid.row_m:g} mm of depth from {grid.top_m:g} m; one at a "
        f"time. Network: {network.variant}, width {network.width}, {network.blocks} blocks a "
        f"stage. Weights: sha256 `{manifest.weights_sha256[:12]}`."
    )
    yield ""

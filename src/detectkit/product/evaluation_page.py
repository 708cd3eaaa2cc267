"""An evaluation as one HTML page: self-contained, readable in light and dark, printable."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from detectkit import __version__
from detectkit.detect.scoring.bootstrap import Comparison
from detectkit.detect.scoring.evaluation import Evaluation, Judged
from detectkit.product.evaluation_facts import sentences
from detectkit.product.evaluation_pictures import draw_of, png_of
from detectkit.product.writing import naming

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .2rem; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #8884;
         vertical-align: top; white-space: nowrap; }
th[scope=col] { white-space: normal; }
tr:last-child > * { border-bottom: 0; }
td + td, th[scope=row] { font-weight: normal; }
li { margin: .3rem 0; } ul { padding-left: 1.2rem; }
img { max-width: 100%; min-width: 30rem; background: #fff; border-radius: 4px; }
.wide { overflow-x: auto; }
.note { font-size: .88rem; opacity: .8; max-width: 46rem; }
.care { border-left: 4px solid #d55e00; padding: .1rem 1rem; margin: 1.2rem 0; }
details { margin: 1rem 0; } summary { cursor: pointer; }
@media print { details::details-content { content-visibility: visible; display: block; } }
"""
CAPTIONS = {
    "curve": (
        "Detected share against false alarms",
        (
            "Every threshold at once. To the left of the grey line the axis is even, beyond it "
            "logarithmic where the curve runs far. Dotted: the exact interval of so many targets. "
            "Shaded: what other draws of the same lanes would have given. Where curves run alike, "
            "the wider lie under the narrower."
        ),
    ),
    "map": (
        "What lay where, and what was indicated",
        "Grey: ground that counts as surveyed. White inside of the survey: no statement.",
    ),
    "parts": (
        "Where it works and where it does not",
        (
            "Each part of the targets for itself. Few targets mean a long interval: then a part "
            "can neither be praised nor blamed."
        ),
    ),
    "calibration": (
        "What the probabilities are worth",
        (
            "A point under the line: targets were there less often than said. A bar that crosses "
            "the line does not contradict it; from few indications hardly any could."
        ),
    ),
}
LIMITS = (
    "What was not indicated may still hold something: no indication does not mean that nothing is "
    "there. A share detected here holds for ground, targets, heights and instruments like these, "
    "and for no others."
)


def write_page(evaluation: Evaluation, path: Path) -> None:
    """Write the page."""
    title = f"{evaluation.run.name} against {evaluation.truth.name}"
    body = [
        f"<h1>{escape(title)}</h1>",
        *_sentences(evaluation),
        *_pictures(evaluation),
        *_thresholds(evaluation),
        *_compared(evaluation),
        *_calibration(evaluation),
        *_exactness(evaluation),
        *_false(evaluation),
        "<h2>How this was counted</h2>",
        *(f'<p class="note">{escape(one)}</p>' for one in _rules(evaluation)),
    ]
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )
    with naming(path):
        path.write_text(page, encoding="utf-8", newline="\n")


def _sentences(evaluation: Evaluation) -> Iterable[str]:
    """Yield what must not be overlooked in a box, then the rest as a list."""
    said = sentences(evaluation)
    care = [said.pop(0), LIMITS] if evaluation.truth.kind == "simulated" else [LIMITS]
    yield f'<div class="care">{"".join(f"<p>{escape(one)}</p>" for one in care)}</div>'
    yield f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in said)}</ul>"


def _pictures(evaluation: Evaluation) -> Iterable[str]:
    for name, figure in draw_of(evaluation).items():
        heading, caption = CAPTIONS[name]
        data = base64.b64encode(png_of(figure)).decode("ascii")
        yield f"<h2>{escape(heading)}</h2>"
        picture = f'<img alt="{escape(caption)}" src="data:image/png;base64,{data}">'
        yield f'<div class="wide">{picture}</div>'
        yield f'<p class="note">{escape(caption)}</p>'


def _thresholds(evaluation: Evaluation) -> Iterable[str]:
    """Yield the table of the head, and those of the others to unfold."""
    yield "<h2>Thresholds</h2>"
    yield _points(evaluation.head, evaluation)
    others = [one for one in evaluation.judged if one is not evaluation.head]
    if others:
        yield "<details><summary>The same for other halos and confidences</summary>"
        yield from (_points(one, evaluation) for one in others)
        yield "</details>"


def _points(judged: Judged, evaluation: Evaluation) -> str:
    rows = [
        (asked, "not reached", "", "")
        if point is None
        else (asked, _confidence(point.threshold), str(point.pd), str(point.far))
        for asked, point in judged.points(evaluation.threshold_of(judged))
    ]
    heading = f"{judged.system.name}, halo {judged.halo_m:.2f} m"
    caption = (
        f"Confidence: {judged.system.means}. Of the targets in surveyed ground all indications "
        f"detect {judged.covered.at_threshold(-math.inf).pd}."
    )
    if judged.bands is not None:
        until = f"mean up to {evaluation.settings.to_far_per_m2:g} per m²"
        total = f"{judged.bands.partial_area}, {judged.curve.targets} targets"
        rows.append((until, "", total, ""))
    top = f'<h3>{escape(heading)}</h3><p class="note">{escape(caption)}</p>'
    return top + _table(("asked", "confidence", "detected", "false alarms"), rows)


def _confidence(threshold: float) -> str:
    return f"{threshold:.4g}" if math.isfinite(threshold) else "above all"


def _compared(evaluation: Evaluation) -> Iterable[str]:
    if not evaluation.compared:
        return
    head = evaluation.head.system.name
    yield "<h2>Compared, lane by lane</h2>"
    yield f'<p class="note">{escape(head)} less the other, in the same draws of lanes.</p>'
    yield _table(
        ("with", "false alarms per m² at 90 % detected", "as a ratio", "mean detected share",
         "draws in which both get there"),
        [
            (system.name, *_rates(one), str(one.area_difference),
             f"{100.0 * one.reached:.0f} % of those from {one.groups} lanes")
            for system, one in evaluation.compared
        ],
    )  # fmt: skip


def _rates(one: Comparison) -> tuple[str, str]:
    """Return difference and ratio of the false alarms, where both systems get so far at all."""
    if not math.isfinite(one.far_difference.value):
        return "not reached by both", ""
    ratio = "no false alarms to divide by" if math.isnan(one.far_ratio.value) else one.far_ratio
    return str(one.far_difference), str(ratio)


def _calibration(evaluation: Evaluation) -> Iterable[str]:
    found = evaluation.calibration
    if found is None:
        return
    yield "<h2>Calibration in numbers</h2>"
    rows = [
        ("indications at a target", str(found.there)),
        ("mean probability said", f"{found.said:.3f}"),
        ("expected calibration error", (f"{found.expected_error:.3f} from {found.there.of} "
         f"indications; perfect probabilities would have given {found.chance_error:.3f}")),
        ("Brier score, log loss", f"{found.brier:.4f}, {found.log_loss:.4f}"),
    ]  # fmt: skip
    if found.worst_group is not None:
        name, count, error = found.worst_group
        rows.append(("worst lane", f"{name}: {error:.3f} from {count} indications"))
    yield _table((), rows)


def _exactness(evaluation: Evaluation) -> Iterable[str]:
    exact = evaluation.exactness
    if exact.place_rmse_m is None:
        return
    yield "<h2>How exact hits are</h2>"
    rows = [
        ("place, root mean square", f"{exact.place_rmse_m:.3f} m from {exact.hits} hits"),
        ("place, median", f"{exact.place_median_m:.3f} m"),
    ]
    if exact.depth_bias_m is not None:
        rows.append(
            ("depth, said less true", (f"{exact.depth_bias_m:+.3f} m on average, "
             f"{exact.depth_rmse_m:.3f} m root mean square, from {exact.depths} hits"))
        )  # fmt: skip
    yield _table((), rows)


def _false(evaluation: Evaluation) -> Iterable[str]:
    false = evaluation.head.scored.false
    if not false:
        return
    kinds = sorted({one.lies_at for one in false})
    yield "<h2>False alarms, by what lies there</h2>"
    rows = [
        (one.replace("_", " ") if one != "none" else "nothing known",
         str(sum(each.lies_at == one for each in false)))
        for one in kinds
    ]  # fmt: skip
    yield _table(("what", "false alarms"), rows)


def _rules(evaluation: Evaluation) -> list[str]:
    settings = evaluation.settings
    ground = settings.ground
    return [
        (
            "An indication hits a target within the target's radius and the halo. The surest comes "
            "first, each takes the nearest target that is left; a second one on the same target is "
            "neither hit nor false."
        ),
        (
            f"Surveyed is what lies within {ground.swath_m / 2:g} m of a track, of rows no higher "
            f"than {ground.highest_m:g} m and placed to {ground.worst_error_m:g} m or better. "
            "False alarms are counted per m² of it, less the halos. Targets outside count as "
            "missed."
        ),
        (
            "Intervals of detected shares are those of Clopper and Pearson, of false alarms those "
            f"of Garwood, all of 95 %. Lanes were drawn {settings.draws} times, seed "
            f"{settings.seed}."
        ),
        f"detectkit {__version__}.",
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, its first column the rows' names; one without a head has no line for it."""
    top = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
    lines = (
        f'<th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(one)}</td>" for one in rest)
        for name, *rest in rows
    )
    body = "".join(f"<tr>{one}</tr>" for one in ([top] if head else []))
    body += "".join(f"<tr>{one}</tr>" for one in lines)
    return f'<div class="wide"><table>{body}</table></div>'

"""Calibration: what a network's log-odds are worth, learned on sites that it has not seen.

A network's own probabilities are too sure of themselves and rest on the share of targets that it
was trained with. On validation sites it is seen how often a target lay where it gave which
log-odds; a rising curve through that is the calibration. Curves on offer:

- ``temperature``: one factor (Guo et al., On calibration of modern neural networks, ICML 2017);
- ``platt``: a factor and an offset (Platt, Advances in Large Margin Classifiers, 1999);
- ``beta``: one factor to each side, and an offset (Kull et al., Beta calibration, AISTATS 2017);
- ``isotonic``: any rising curve (Zadrozny & Elkan, KDD 2002), through the centres of its level
  pieces (Oron & Flournoy, Centered isotonic regression, 2017), so that it keeps the order.

``auto`` takes the one with the least log-loss on validation sites left out in turn.

The interval of an indication answers: at a further site of this sort, between which limits does the
share of targets among places with this log-odds lie, nine times in ten? Its variance, in log-odds,
is that of the curve when whole sites are drawn anew (bootstrap by site), plus the variance between
sites (DerSimonian & Laird, Controlled Clinical Trials 7, 1986, on each site's offset). Its width is
Student's with two degrees less than sites, as that of a prediction (Higgins et al., Journal of the
Royal Statistical Society A 172, 2009). What it does not hold is ground of a sort that no site had:
that is what novelty is for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logsumexp, stdtrit

from detectkit.core import UsageError
from detectkit.core.indication import TARGETS

Values = npt.NDArray[np.float64]
Method = Literal["auto", "temperature", "platt", "beta", "isotonic"]
Curve = Callable[[Values], Values]

METHODS: tuple[Method, ...] = ("temperature", "platt", "beta", "isotonic")
NINETY_PERCENT = 1.6448536269514722
"""Standard deviations to each side of a normal's middle nine tenths."""
KNOTS = 65
FOLDS = 10
NEWTON_STEPS = 12
SCORING_STEPS = 30


@dataclass(frozen=True, slots=True)
class CalibrationSettings:
    """How a calibration is fitted.

    Parameters
    ----------
    method
        See the module's text.
    replicates
        How often the sites are drawn anew for the interval.
    seed
        Of those draws.
    """

    method: Method = "auto"
    replicates: int = 200
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A rising curve from a network's log-odds of a target to calibrated ones, with its spread.

    Parameters
    ----------
    method
        Which curve it was fitted as.
    knots, odds
        The curve, linear between the knots and beyond them, (knots,).
    spread
        One standard deviation of the curve, in log-odds, at each knot.
    site_spread
        One standard deviation between sites, in log-odds.
    temperature
        What logits are divided by, for the categories among themselves.
    prior
        Share of targets among the examples of the fit.
    examples, targets, sites
        How many it rests on.
    """

    method: str
    knots: Values
    odds: Values
    spread: Values
    site_spread: float
    temperature: float
    prior: float
    examples: int
    targets: int
    sites: int

    def calibrated(self, raw: npt.ArrayLike) -> Values:
        """Return calibrated log-odds of a network's, at the prior of the fit."""
        return _curve(np.asarray(raw, np.float64), self.knots, self.odds)

    def half_width(self, raw: npt.ArrayLike) -> Values:
        """Return half the width of the 90 % interval, in log-odds."""
        spread = np.interp(np.asarray(raw, np.float64), self.knots, self.spread)
        deviations = stdtrit(max(self.sites - 2, 1), 0.95)
        return np.asarray(deviations * np.sqrt(spread**2 + self.site_spread**2))

    def to_table(self) -> dict[str, Any]:
        """Return it as values of JSON."""
        pairs = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in pairs
        }

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> Calibration:
        """Read it back.

        Raises
        ------
        ValueError
            Values are missing, not finite, or the curve falls.
        """
        arrays = {name: np.array(table[name], np.float64) for name in ("knots", "odds", "spread")}
        made = cls(**{**table, **arrays})
        whole = all(one.shape == made.knots.shape for one in arrays.values())
        numbers = [*made.knots, *made.odds, *made.spread, made.site_spread, made.temperature]
        rising = whole and (np.diff(made.knots) > 0).all() and (np.diff(made.odds) >= 0).all()
        if not (rising and all(map(math.isfinite, numbers)) and 0.0 < made.prior < 1.0):
            msg = "its curve must rise over rising knots, all of it finite, prior within 0..1"
            raise ValueError(msg)
        return made


def target_odds(logits: npt.ArrayLike) -> Values:
    """Return the log-odds of a target, (examples,), of logits (examples, categories).

    Examples
    --------
    >>> target_odds([[0.0, 0.0, 0.0, 0.0, -100.0]]).round(6)
    array([0.])
    """
    values = np.asarray(logits, np.float64)
    first = len(TARGETS)
    targets, others = (
        np.logaddexp.reduce(one, axis=1) for one in (values[:, :first], values[:, first:])
    )
    return np.asarray(targets - others)


def fit_calibration(
    logits: npt.ArrayLike,
    category: npt.ArrayLike,
    site: npt.ArrayLike,
    settings: CalibrationSettings | None = None,
) -> Calibration:
    """Fit a calibration on evidence of validation sites.

    Parameters
    ----------
    logits
        (examples, categories), of the network that is calibrated.
    category
        (examples,): number in `detectkit.core.indication.CATEGORIES`.
    site
        (examples,): whole sites are drawn and left out, never single examples.
    settings
        None: the defaults.

    Raises
    ------
    UsageError
        Fewer than two sites, no target, nothing but targets, or log-odds that are not finite.
    """
    settings = settings or CalibrationSettings()
    code, place = np.asarray(category), np.unique(np.asarray(site), return_inverse=True)[1]
    raw, target = target_odds(logits), (code >= 0) & (code < len(TARGETS))
    _check(raw, target, place)
    method = settings.method
    if method == "auto":
        method = min(METHODS, key=lambda one: _left_out_loss(one, raw, target, place))
    knots = np.linspace(raw.min(), raw.max(), KNOTS) if np.ptp(raw) > 0 else raw[0] + np.arange(2.0)
    curve = _fit(method, raw, target)
    return Calibration(
        method=method,
        knots=knots,
        odds=np.maximum.accumulate(curve(knots)),
        spread=_spread(method, raw, target, place, knots, settings),
        site_spread=between_sites(curve(raw), target, place),
        temperature=_category_temperature(np.asarray(logits, np.float64), code),
        prior=float(target.mean()),
        examples=len(raw),
        targets=int(target.sum()),
        sites=int(place.max()) + 1,
    )


def _check(raw: Values, target: npt.NDArray[np.bool_], place: npt.NDArray[np.intp]) -> None:
    if not np.isfinite(raw).all():
        msg = f"{(~np.isfinite(raw)).sum()} of {raw.size} log-odds are not finite; train it anew"
        raise UsageError(msg)
    if place.size == 0 or place.max() < 1:
        msg = "a calibration needs examples of at least two sites: split the corpus by site"
        raise UsageError(msg)
    if target.all() or not target.any():
        msg = f"{target.sum()} of {target.size} examples are targets; both kinds are needed"
        raise UsageError(msg)


def _fit(method: Method, raw: Values, target: npt.NDArray[np.bool_]) -> Curve:
    return _isotonic(raw, target) if method == "isotonic" else _parametric(method, raw, target)


def _parametric(method: Method, raw: Values, target: npt.NDArray[np.bool_]) -> Curve:
    """Return the likeliest curve under a weak prior for none, so that no fit runs off.

    Without it, examples that one threshold divides would drive the factors to infinity. Fisher's
    scoring in the logarithm of the factors, each step halved until the loss falls.
    """
    columns = _columns(method, raw)
    factors = columns.shape[1] - (method != "temperature")
    narrowness = np.array([1.0] * factors + [1.0 / 9.0] * (columns.shape[1] - factors))

    def weights(at: Values) -> Values:
        return np.concatenate([np.exp(at[:factors]), at[factors:]])

    def loss(at: Values) -> float:
        odds = columns @ weights(at)
        fits = np.logaddexp(0.0, odds).sum() - odds[target].sum()
        return float(fits + 0.5 * (narrowness * at**2).sum())

    at, least = np.zeros(columns.shape[1]), loss(np.zeros(columns.shape[1]))
    for _ in range(SCORING_STEPS):
        weight = weights(at)
        slope = columns * np.concatenate([weight[:factors], np.ones(weight.size - factors)])
        chance = expit(columns @ weight)
        gradient = slope.T @ (chance - target) + narrowness * at
        curvature = (slope * (chance * (1.0 - chance))[:, None]).T @ slope + np.diag(narrowness)
        step = np.linalg.solve(curvature, gradient)
        found = next(
            (next_at for half in range(12) if loss(next_at := at - step * 0.5**half) < least), None
        )
        if found is None:
            break
        at, before, least = found, least, loss(found)
        if before - least < 1e-9 * (1.0 + before):
            break
    final = weights(at)
    return lambda odds: np.asarray(_columns(method, odds) @ final)


def _columns(method: Method, raw: Values) -> Values:
    """Return what a curve is a sum of: log-odds, or ln p and -ln(1 - p); and 1."""
    if method == "temperature":
        return raw[:, None]
    ones = np.ones_like(raw)
    if method == "platt":
        return np.stack([raw, ones], axis=1)
    return np.stack([-np.logaddexp(0.0, -raw), np.logaddexp(0.0, raw), ones], axis=1)


def _isotonic(raw: Values, target: npt.NDArray[np.bool_]) -> Curve:
    from sklearn.isotonic import isotonic_regression

    order = np.argsort(raw, kind="stable")
    level = isotonic_regression(target[order].astype(np.float64))
    piece = np.unique(level, return_inverse=True)[1]
    count = np.bincount(piece)
    hits = np.bincount(piece, weights=target[order])
    share = (hits + 0.5) / (count + 1.0)  # half a hit and half a miss more: no piece is certain
    centre = np.bincount(piece, weights=raw[order]) / count
    odds = np.maximum.accumulate(np.log(share / (1.0 - share)))
    if centre.size == 1:
        centre, odds = np.append(centre, centre + 1.0), np.append(odds, odds)
    apart = np.append(True, np.diff(centre) > 0)
    return lambda at: _curve(at, centre[apart], odds[apart])


def _curve(at: Values, knots: Values, odds: Values) -> Values:
    """Return a curve that goes on beyond its ends as it ends."""
    inside = np.interp(at, knots, odds)
    if knots.size < 2:
        return inside
    first, last = (
        (odds[1] - odds[0]) / (knots[1] - knots[0]),
        (odds[-1] - odds[-2]) / (knots[-1] - knots[-2]),
    )
    return np.asarray(
        inside + first * np.minimum(at - knots[0], 0.0) + last * np.maximum(at - knots[-1], 0.0)
    )


def _left_out_loss(
    method: Method, raw: Values, target: npt.NDArray[np.bool_], place: npt.NDArray[np.intp]
) -> float:
    """Return the mean log-loss on sites left out in turn, in at most `FOLDS` folds."""
    fold = place % min(FOLDS, int(place.max()) + 1)
    loss = 0.0
    for one in range(int(fold.max()) + 1):
        rest, out = fold != one, fold == one
        if target[rest].all() or not target[rest].any():
            return math.inf
        odds = _fit(method, raw[rest], target[rest])(raw[out])
        loss += float(np.logaddexp(0.0, np.where(target[out], -odds, odds)).sum())
    return loss / raw.size


def _spread(
    method: Method,
    raw: Values,
    target: npt.NDArray[np.bool_],
    place: npt.NDArray[np.intp],
    knots: Values,
    settings: CalibrationSettings,
) -> Values:
    """Return the standard deviation of the curve at the knots, over sites drawn anew.

    Half the middle nine tenths of the draws, as a normal's: a few wild draws do not count.
    """
    random = np.random.default_rng(settings.seed)
    members = [np.flatnonzero(place == one) for one in range(int(place.max()) + 1)]
    curves = []
    for _ in range(settings.replicates):
        drawn = np.concatenate(
            [members[one] for one in random.integers(len(members), size=len(members))]
        )
        if target[drawn].any() and not target[drawn].all():
            curves.append(_fit(method, raw[drawn], target[drawn])(knots))
    if len(curves) < 2:
        return np.zeros(knots.size)
    low, high = np.quantile(curves, [0.05, 0.95], axis=0)
    return np.asarray((high - low) / (2.0 * NINETY_PERCENT))


def between_sites(
    odds: Values, target: npt.NDArray[np.bool_], place: npt.NDArray[np.intp]
) -> float:
    """Return the standard deviation between sites of their offset in log-odds.

    Each site's offset is its likeliest, by Newton's steps; a site without targets, or with nothing
    else, has none. What the others scatter more than chance makes them is DerSimonian and Laird's
    variance between groups.
    """
    hits, count = np.bincount(place, weights=target), np.bincount(place)
    known = (hits > 0) & (hits < count)
    offset, weight = np.zeros(count.size), np.ones(count.size)
    for _ in range(NEWTON_STEPS):
        chance = expit(odds + offset[place])
        weight = np.maximum(np.bincount(place, weights=chance * (1.0 - chance)), 1e-9)
        step = (hits - np.bincount(place, weights=chance)) / weight
        offset = np.where(known, offset + np.clip(step, -1.0, 1.0), 0.0)
    weight, offset = weight[known], offset[known]
    if weight.size < 2:
        return 0.0
    middle = (weight * offset).sum() / weight.sum()
    surplus = (weight * (offset - middle) ** 2).sum() - (weight.size - 1)
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    return math.sqrt(max(0.0, float(surplus / scale)))


def _category_temperature(logits: Values, code: npt.NDArray[Any]) -> float:
    """Return the temperature with the least log-loss of the categories, of which 1 is likeliest."""
    known = code >= 0
    scores, number = logits[known], code[known].astype(np.int64)

    def loss(at: Values) -> float:
        scaled = scores * math.exp(-float(at[0]))
        taken = scaled[np.arange(number.size), number]
        return float((logsumexp(scaled, axis=1) - taken).sum() + 0.5 * float(at[0]) ** 2)

    return math.exp(float(minimize(loss, np.zeros(1), method="L-BFGS-B").x[0]))

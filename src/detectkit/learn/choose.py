"""Which model or rule weighs the evidence of a run: the one named, else the best that fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from detectkit.core import DetectkitError, PipelineError, UsageError
from detectkit.detect.assess import Assessor
from detectkit.detect.rule import load_rule
from detectkit.pipeline import Pipeline

AUTO, RULE, NONE = "auto", "rule", "none"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user wants the evidence weighed with.

    Parameters
    ----------
    model
        ``"auto"``: the default model where it fits and torch is installed, else the rule where it
        fits, else nothing. ``"rule"``, ``"none"``, the name of a model that ships, its folder, or
        the TOML file of a rule.
    prior
        Share of targets among candidates; None: as the model was calibrated.
    force
        ``"other-pipeline"``: weigh evidence of pipelines that the model was not made on too.
    """

    model: str = AUTO
    prior: float | None = None
    force: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and why nothing better."""

    assessor: Assessor | None
    remarks: tuple[str, ...] = ()


def choose(wish: Wish, pipelines: Sequence[Pipeline]) -> Choice:
    """Return what weighs the evidence of a run.

    Parameters
    ----------
    wish
        What the user wants.
    pipelines
        Of the run's lines: one model weighs all of them, or none.

    Raises
    ------
    UsageError
        There is no such model, or the prior is none.
    PipelineError
        The model that was named does not fit the pipelines.
    """
    if wish.model == NONE:
        return Choice(None)
    if wish.model != AUTO:
        return Choice(_fitting(_named(wish), wish, pipelines))
    remarks = []
    for made in _candidates(wish):
        if isinstance(made, str):
            remarks.append(made)
            continue
        try:
            return Choice(_fitting(made, wish, pipelines), tuple(remarks))
        except PipelineError as error:
            remarks.append(f"{str(error).splitlines()[0]}; not used")
    return Choice(None, tuple(remarks))


def _fitting(assessor: Assessor, wish: Wish, pipelines: Sequence[Pipeline]) -> Assessor:
    for pipeline in {one.fingerprint: one for one in pipelines}.values():
        if not wish.force:
            assessor.check(pipeline)
    return assessor if wish.prior is None else assessor.with_prior(wish.prior)


def _candidates(wish: Wish) -> Iterator[Assessor | str]:
    """Yield what ships, the best first; words where it cannot be had."""
    from detectkit.learn.model.shipped import DEFAULT, shipped_models

    if DEFAULT in shipped_models():
        if find_spec("torch") is None:
            yield "no torch: the network is left out; pip install 'detectkit[learn]'"
        else:
            yield _network(DEFAULT, wish)
    try:
        yield load_rule()
    except DetectkitError as error:
        yield str(error)


def _named(wish: Wish) -> Assessor:
    if wish.model == RULE:
        return load_rule()
    if Path(wish.model).suffix == ".toml":
        return load_rule(wish.model)
    if find_spec("torch") is None:
        msg = f"model {wish.model!r} needs torch: pip install 'detectkit[learn]'; or --model rule"
        raise UsageError(msg)
    return _network(wish.model, wish)


def _network(name: str, wish: Wish) -> Assessor:
    from detectkit.learn.model.assessor import NetworkAssessor
    from detectkit.learn.model.files import load_model

    return NetworkAssessor(load_model(name), kinds="any" if wish.force else "own")

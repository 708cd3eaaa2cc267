"""Building a corpus: scene by scene, in processes, resumable; checked for leakage at the end."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from detectkit.core import FormatError, UsageError
from detectkit.detect.evidence import EvidencePatch, no_evidence
from detectkit.learn.corpus.dataset_lanes import opened, scene_passages, scenes_in
from detectkit.learn.corpus.flight_lines import flight_digest, flight_passage
from detectkit.learn.corpus.layout import PARTS, digest_of, write_store
from detectkit.learn.corpus.leakage import check_alike, check_grounds
from detectkit.learn.corpus.passage import Passage
from detectkit.learn.corpus.processing import Processed, processed
from detectkit.learn.corpus.settings import CorpusSettings
from detectkit.learn.corpus.tables import EXAMPLES, LANES, TARGETS, Table, table_of
from detectkit.synthesis.dataset import Here, Processes

Progress = Callable[[int], None]
Task = tuple[int, int]
"""Number of the source, and of its scene."""
SETTINGS = "corpus.toml"
SOURCES = "sources.json"
Arrays = dict[str, Any]


def tasks_of(settings: CorpusSettings) -> list[Task]:
    """Return the pieces of work, in the order of the corpus."""
    scenes = [
        (number, scene)
        for number, source in enumerate(settings.dataset)
        for scene in range(scenes_in(opened(source.path), source))
    ]
    return scenes + [(len(settings.dataset) + number, 0) for number in range(len(settings.flight))]


def passages_of(settings: CorpusSettings, task: Task) -> Iterator[Passage]:
    """Yield what a piece of work is about: the lanes of a scene and their copies, or a flight."""
    if task[0] < len(settings.dataset):
        yield from scene_passages(settings, *task)
    else:
        yield flight_passage(settings, task[0])


def build_corpus(
    settings: CorpusSettings,
    path: str | Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> Path:
    """Build a corpus, or go on where an earlier attempt stopped; return its path.

    Parameters
    ----------
    settings
        What it is made from.
    path
        Of the store; a finished one of the same settings is left as it is.
    workers
        Processes; they change no bit.
    progress
        Called with the number of scenes just done.

    Raises
    ------
    UsageError
        A corpus of other settings or other data lies there.
    LeakageError
        The same ground or patch is in two splits.
    FormatError
        A source cannot be used, or they give evidence of several kinds of pipelines.
    """
    place = Path(path)
    tasks, sources = tasks_of(settings), _sources(settings)
    if _finished(settings, place, sources):
        if progress is not None:
            progress(len(tasks))
        return place
    parts = place / PARTS
    parts.mkdir(parents=True, exist_ok=True)
    (place / SETTINGS).write_text(settings.to_toml(), encoding="utf-8")
    (place / SOURCES).write_text(json.dumps(sources, indent=1) + "\n", encoding="utf-8")
    missing = [task for task in tasks if not _part(parts, task).is_file()]
    if progress is not None:
        progress(len(tasks) - len(missing))
    for _ in _done(settings, parts, missing, workers):
        if progress is not None:
            progress(1)
    _joined(settings, place, [_part(parts, task) for task in tasks], sources)
    shutil.rmtree(parts)
    return place


def _sources(settings: CorpusSettings) -> dict[str, str]:
    """Return the sha256 of each source, by its number and name."""
    digests = [(one.path, opened(one.path).digest) for one in settings.dataset]
    digests += [(one.path, flight_digest(one)) for one in settings.flight]
    return {f"{number} {Path(path).name}": found for number, (path, found) in enumerate(digests)}


def _finished(settings: CorpusSettings, place: Path, sources: dict[str, str]) -> bool:
    """Tell whether the corpus is there; refuse another one."""
    told = place / SETTINGS
    if not told.is_file():
        return False
    other = CorpusSettings.read(told)
    if other.fingerprint != settings.fingerprint:
        msg = f"{place}: a corpus of other settings lies there ({told.name}); give another path"
        raise UsageError(msg)
    known = place / SOURCES
    if known.is_file() and json.loads(known.read_text(encoding="utf-8")) != sources:
        msg = (
            f"{place}: a corpus of the same settings lies there, made from other data "
            f"({known.name}); give another path"
        )
        raise UsageError(msg)
    return not (place / PARTS).exists()


def _part(parts: Path, task: Task) -> Path:
    return parts / f"{task[0]:02d}-{task[1]:05d}.npz"


def _done(settings: CorpusSettings, parts: Path, tasks: list[Task], workers: int) -> Iterator[None]:
    """Yield once for each piece of work that is on disk."""
    who = Processes(workers) if workers > 1 else Here()
    for _ in who.answers(partial(_work, settings, parts, tasks), range(len(tasks))):
        yield


def _work(settings: CorpusSettings, parts: Path, tasks: list[Task], number: int) -> None:
    """Process a piece of work and write it, whole or not at all."""
    task = tasks[number]
    found = [processed(one, settings.labels) for one in passages_of(settings, task)]
    part = _part(parts, task)
    unfinished = part.with_suffix(f".{os.getpid()}.part.npz")
    np.savez(unfinished, **_arrays(found))
    unfinished.replace(part)


def _arrays(found: list[Processed]) -> Arrays:
    """Return evidence and tables of some passages, lanes counted through all of them."""
    names = [one.name for one in fields(EvidencePatch)]
    patches = [patch for one in found for patch in one.patches]
    empty = no_evidence()
    arrays: Arrays = {
        name: np.stack([getattr(one, name) for one in patches])
        if patches
        else np.zeros((0, *getattr(empty, name).shape), getattr(empty, name).dtype)
        for name in names
    }
    before = np.cumsum([0] + [len(one.lanes) for one in found])
    for name, columns in (("examples", EXAMPLES), ("lanes", LANES), ("targets", TARGETS)):
        rows = [table_of(columns, list(getattr(one, name))) for one in found]
        if name != "lanes":
            for table, first in zip(rows, before, strict=False):
                table["lane"] += first
        arrays[name] = np.concatenate(rows)
    arrays["grounds"] = np.array([one.ground for one in found for _ in one.lanes])
    arrays["traces"] = np.array([digest for one in found for digest in one.traces])
    arrays["kinds"] = np.array(sorted({one.kind for one in found}))
    return arrays


def _joined(
    settings: CorpusSettings, place: Path, parts: list[Path], sources: dict[str, str]
) -> None:
    """Check all parts together and write the store."""
    loaded = []
    for part in parts:
        with np.load(part) as held:
            loaded.append({name: held[name] for name in held.files})
    before = np.cumsum([0] + [len(one["lanes"]) for one in loaded])
    for one, first in zip(loaded, before, strict=False):
        one["examples"]["lane"] += first
        one["targets"]["lane"] += first
    arrays = {name: np.concatenate([one[name] for one in loaded]) for name in loaded[0]}
    kinds = sorted(set(arrays.pop("kinds").tolist()))
    if len(kinds) != 1:
        msg = f"{place}: its sources give evidence of {len(kinds)} kinds of pipelines: {kinds}"
        raise FormatError(msg)
    lanes: Table = arrays["lanes"]
    _number_sites(lanes, arrays["examples"])
    splits = lanes["split"].tolist()
    check_grounds(zip(arrays.pop("grounds").tolist(), splits, strict=True))
    traces = [f"the raw radargram {digest[:12]}" for digest in arrays.pop("traces").tolist()]
    check_grounds(zip(traces, splits, strict=True))
    check_alike(arrays["radar"], arrays["examples"]["split"], alike=settings.alike)
    attributes = {
        "settings": settings.to_toml(),
        "fingerprint": settings.fingerprint,
        "kind": kinds[0],
        "sources": sources,
        "digest": digest_of(arrays),
    }
    write_store(place, arrays, attributes)


def _number_sites(lanes: Table, examples: Table) -> None:
    names = {name: number for number, name in enumerate(dict.fromkeys(lanes["site_name"].tolist()))}
    lanes["site"] = [names[name] for name in lanes["site_name"].tolist()]
    examples["site"] = lanes["site"][examples["lane"]]

"""Corpora: labelled evidence from simulated datasets, through the pipeline of a flight."""

from __future__ import annotations

from detectkit.learn.corpus.build import build_corpus
from detectkit.learn.corpus.reader import Corpus, open_corpus
from detectkit.learn.corpus.settings import CorpusSettings

__all__ = ["Corpus", "CorpusSettings", "build_corpus", "open_corpus"]

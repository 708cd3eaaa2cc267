"""The network runs elsewhere too: one file that says the same as torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectkit.learn.model.making import Sites
from detectkit.learn.model.model import INPUTS, Model, inputs_of


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_onnx_agrees_with_torch_in_one_file(
    model: Model, test_sites: Sites, tmp_path: Path
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    from detectkit.learn.model.onnx import export_onnx

    path = tmp_path / "spots.onnx"
    assert export_onnx(model, path) < 1e-4
    assert [one.name for one in tmp_path.iterdir()] == ["spots.onnx"]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for patch in test_sites.examples.patches()[:5]:
        tensors = inputs_of(patch, model.manifest.validity)
        said = session.run(
            None, {name: one.numpy() for name, one in zip(INPUTS, tensors, strict=True)}
        )
        np.testing.assert_allclose(said[0][0], model.answer(patch).logits, atol=1e-4)

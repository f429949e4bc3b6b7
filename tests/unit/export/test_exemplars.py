from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np

from export.exemplars import choose_exemplars

pytestmark = pytest.mark.train


def test_up_to_eight_of_each_class_distinct_and_its_own() -> None:
    chance = np.random.default_rng(0)
    class_ids = np.repeat([0, 1, 2], [20, 3, 9])
    embeddings = chance.normal(size=(32, 5)).astype(np.float32)

    chosen = choose_exemplars(embeddings, class_ids, ("A", "B", "C"))

    assert np.bincount(chosen.class_ids).tolist() == [8, 3, 8]
    assert len(np.unique(chosen.embeddings, axis=0)) == 19
    for embedding, class_id in zip(chosen.embeddings, chosen.class_ids, strict=True):
        same = np.abs(embeddings - embedding.astype(np.float32)).max(axis=1) < 1e-2
        assert class_ids[same].tolist() == [class_id]

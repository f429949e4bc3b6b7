"""A RUN folder as something to explain: the torch model it keeps."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.head import Head
from train.evaluate import embeddings_of
from train.explanation.feature_map import FeatureMap
from train.explanation.subject import Subject
from train.models import Model
from train.run import CHECKPOINT, RunFolder
from train.run_head import run_head


def run_subject(path: Path) -> Subject:
    """Open the model of a RUN.

    Raises
    ------
    RunError
        If the folder is no run, or holds no trained model.
    """
    folder = RunFolder(path)
    report, recipe = folder.read_report(), folder.read_recipe()
    model = folder.read_model(CHECKPOINT, recipe, len(report.classes)).requires_grad_(False)
    head = run_head(model, report, folder.read_spectra())
    return Subject(
        name=report.name,
        grid=recipe.preprocess.grid(),
        classes=report.classes,
        confidence=head.confidence,
        look=FeatureMap(model).look,
        known=None if report.calibration is None else partial(_known, model, head),
    )


def _known(model: Model, head: Head, intensity: NDArray[np.float32]) -> bool:
    embedding, _ = embeddings_of(model, intensity[np.newaxis])
    return bool(head.known(head.probabilities(embedding), embedding)[0])

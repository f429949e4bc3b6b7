"""A RUN folder as something to explain: the torch model it keeps."""

from __future__ import annotations

from pathlib import Path

from train.explanation.feature_map import FeatureMap
from train.explanation.subject import Subject
from train.run import CHECKPOINT, RunFolder


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
    calibration = report.calibration
    return Subject(
        name=report.name,
        grid=recipe.preprocess.grid(),
        classes=report.classes,
        temperature=1.0 if calibration is None else calibration.temperature,
        known_probability=None if calibration is None else calibration.known_probability,
        look=FeatureMap(model).look,
    )

"""Parity: does each exported precision say what the trained model says?

Asked of spectra that neither training nor calibration has seen: every fold's model of the
cross-validation is exported and quantized like the final one and compared on what its fold holds
out; the folds are pooled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from edge.bundle.manifest import Precision
from export.errors import ParityError
from export.precisions import PRECISIONS, make_backbones
from export.trained import apply_head, trained_embedding
from train.fold_result import fold_arrays, fold_checkpoint
from train.models import Model
from train.recipe import Recipe
from train.run import RunFolder, RunSpectra

LEAST_AGREEMENT = 0.99
LARGEST_LOSS = 0.005
_FP32_LARGEST_DIFFERENCE = 1e-2  # of an embedding value, whose scale is about 16


class PrecisionParity(BaseModel):
    """One precision against the trained model, spectrum by spectrum."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    precision: Precision = Field(description="which file")
    n: int = Field(ge=1, description="spectra compared, each held out of its model's training")
    agreement: float = Field(ge=0, le=1, description="share with the same most probable mineral")
    top1: float = Field(ge=0, le=1, description="accuracy of this precision")
    top1_trained: float = Field(ge=0, le=1, description="accuracy of the trained model")
    embedding_difference: float = Field(ge=0, description="largest, of any embedding value")
    logit_difference: float = Field(ge=0, description="largest, of any logit")

    @property
    def loss(self) -> float:
        """Accuracy lost against the trained model, fraction; negative where it gained."""
        return self.top1_trained - self.top1


class ParityReport(BaseModel):
    """`parity.json`: how the exported precisions compare with the trained model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = Field(description="on which spectra, with which models")
    precisions: tuple[PrecisionParity, ...] = Field(description="one entry a file")


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a model says about spectra: embeddings (N, D) and logits (N, K), float32."""

    embeddings: NDArray[np.float32]
    logits: NDArray[np.float32]


def measure_parity(
    run: RunFolder,
    recipe: Recipe,
    spectra: RunSpectra,
    classes: int,
    folds: int,
    tell: Callable[[str], None],
) -> ParityReport:
    """Export every fold's model and compare on the spectra it has not seen."""
    truth: list[NDArray[np.int64]] = []
    trained: list[Said] = []
    exported: list[dict[Precision, Said]] = []
    for number in range(1, folds + 1):
        tell(f"parity: fold {number} of {folds}")
        model = run.read_model(fold_checkpoint(number), recipe, classes)
        held_out = run.read_arrays(fold_arrays(number))["held_out"]
        batch = spectra.intensity[held_out][:, np.newaxis]
        truth.append(spectra.true_ids[held_out])
        trained.append(_said(model, trained_embedding(model, batch)))
        exported.append(_said_exported(model, spectra, held_out, batch))
    rows = tuple(
        compare(
            precision,
            np.concatenate(truth),
            _pool(trained),
            _pool([said[precision] for said in exported]),
        )
        for precision in PRECISIONS
    )
    method = f"{folds} folds pooled; each fold's model on the spectra it was not trained on"
    return ParityReport(method=method, precisions=rows)


def _said(model: Model, embeddings: NDArray[np.float32]) -> Said:
    return Said(embeddings, apply_head(model, embeddings))


def _said_exported(
    model: Model,
    spectra: RunSpectra,
    held_out: NDArray[np.int64],
    batch: NDArray[np.float32],
) -> dict[Precision, Said]:
    """Return what each precision says; quantization sees only what the model was trained on."""
    seen = np.setdiff1d(np.arange(len(spectra.class_ids)), held_out)
    backbones = make_backbones(model, spectra.intensity[seen], spectra.class_ids[seen])
    with backbones.runners() as runners:
        return {name: _said(model, runner.infer(batch)) for name, runner in runners.items()}


def _pool(parts: Sequence[Said]) -> Said:
    return Said(
        np.concatenate([part.embeddings for part in parts]),
        np.concatenate([part.logits for part in parts]),
    )


def compare(
    precision: Precision, truth: NDArray[np.int64], trained: Said, exported: Said
) -> PrecisionParity:
    """Compare a precision with the trained model on spectra of known classes (N,)."""
    expected, got = trained.logits.argmax(axis=1), exported.logits.argmax(axis=1)
    return PrecisionParity(
        precision=precision,
        n=len(truth),
        agreement=float((expected == got).mean()),
        top1=float((got == truth).mean()),
        top1_trained=float((expected == truth).mean()),
        embedding_difference=float(np.abs(trained.embeddings - exported.embeddings).max()),
        logit_difference=float(np.abs(trained.logits - exported.logits).max()),
    )


def check_parity(report: ParityReport) -> None:
    """Refuse an export that does not say what was trained.

    Raises
    ------
    ParityError
        If fp32 differs numerically, or a quantized precision agrees on less than 99 % of the
        spectra or loses more than 0.5 points of accuracy.
    """
    for row in report.precisions:
        if row.precision == "fp32" and row.embedding_difference > _FP32_LARGEST_DIFFERENCE:
            raise ParityError(
                row.precision,
                "largest difference of an embedding value",
                _FP32_LARGEST_DIFFERENCE,
                row.embedding_difference,
            )
        if row.agreement < LEAST_AGREEMENT:
            raise ParityError(
                row.precision, "agreement with the trained model", LEAST_AGREEMENT, row.agreement
            )
        if row.loss > LARGEST_LOSS:
            raise ParityError(row.precision, "accuracy lost", LARGEST_LOSS, row.loss)

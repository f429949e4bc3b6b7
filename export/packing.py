"""Everything a run gives, laid out as the members of a bundle and its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from edge.bundle import Manifest
from edge.bundle.archive import describe_members
from edge.bundle.bundle import BACKBONE, EXEMPLARS, GOLDEN, HEAD
from edge.bundle.golden import Golden, pack_golden
from edge.bundle.manifest import SCHEMA_VERSION, GridSpec, Precision, TrainingData
from edge.head import Head, pack_head
from export.errors import UnfinishedRunError
from export.exemplars import Exemplars, pack_exemplars
from export.parity import ParityReport
from export.precisions import Backbones
from export.trained import head_arrays
from train.models import Model
from train.recipe import Recipe
from train.report import Report

PARITY = "parity.json"


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a bundle is made of."""

    backbones: Backbones
    head: Head
    exemplars: Exemplars
    golden: Golden
    parity: ParityReport

    def members(self) -> dict[str, bytes]:
        """Return the files of the bundle by name."""
        backbones = {
            BACKBONE.format(precision=precision): content
            for precision, content in self.backbones.files.items()
        }
        return backbones | {
            HEAD: pack_head(self.head),
            EXEMPLARS: pack_exemplars(self.exemplars),
            GOLDEN: pack_golden(self.golden),
            PARITY: self.parity.model_dump_json(indent=1).encode(),
        }


def make_head(model: Model, report: Report, backbone_id: str) -> Head:
    """Return the model's head with the calibration of its run."""
    if report.calibration is None:
        raise UnfinishedRunError(f"{report.name}: the run is not calibrated; cross-validate it")
    weights, bias = head_arrays(model)
    return Head(
        weights=weights.astype(np.float32),
        bias=bias.astype(np.float32),
        classes=report.classes,
        backbone_id=backbone_id,
        temperature=report.calibration.temperature,
        known_probability=report.calibration.known_probability,
        set_probability=report.calibration.set_probability,
    )


def make_manifest(
    recipe: Recipe,
    report: Report,
    parts: Parts,
    members: Mapping[str, bytes],
    precision: dict[str, Precision],
    name: str,
    release: int,
    created: datetime,
    lag_points: tuple[int, ...] = (),
) -> Manifest:
    """Say what the bundle is; every word of it comes from the run."""
    if report.cross_validation is None:
        raise UnfinishedRunError(f"{report.name}: the run was not cross-validated")
    grid = recipe.preprocess
    return Manifest(
        schema_version=SCHEMA_VERSION,
        release=release,
        name=name,
        created_utc=created.isoformat(timespec="seconds"),
        licence=recipe.data.licence,
        backbone_id=parts.backbones.backbone_id,
        embedding_size=parts.head.embedding_size,
        grid=GridSpec(axis_kind=grid.axis_kind, start=grid.start, step=grid.step, count=grid.count),
        classes=report.classes,
        laser_wavelengths_nm=report.laser_wavelengths_nm,
        training_data=TrainingData(
            description=recipe.data.description,
            citation=recipe.data.citation,
            spectra=report.spectra,
            specimens=max(1, report.specimens),
        ),
        cross_validation=report.cross_validation,
        drift_envelope=report.drift_envelope,
        lags=tuple(points * grid.step for points in lag_points),
        precision=precision,
        members=describe_members(members),
    )

"""Everything a run gives, laid out as the members of a bundle and its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from edge.bundle import Manifest
from edge.bundle.archive import describe_members
from edge.bundle.bundle import BACKBONE, EXEMPLARS, GOLDEN, HEAD
from edge.bundle.derived import derive
from edge.bundle.exemplars import Exemplars, pack_exemplars
from edge.bundle.golden import Golden, pack_golden
from edge.bundle.manifest import SCHEMA_VERSION, Derived, GridSpec, Precision, TrainingData
from edge.head import Head, pack_head
from export.errors import UnfinishedRunError
from export.fold_parity import as_kept
from export.parity_report import ParityReport
from export.precisions import Backbones
from train.models import Model
from train.recipe import Recipe
from train.report import Report
from train.run import RunSpectra
from train.run_head import run_head

PARITY = "parity.json"


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a bundle is made of."""

    backbones: Backbones
    head: Head
    exemplars: Exemplars
    golden: Golden
    parity: ParityReport
    bundled: tuple[Precision, ...]

    def members(self) -> tuple[dict[str, bytes], dict[str, Derived]]:
        """Return the files of the bundle by name, and those that are told by a difference."""
        backbones, derived = derive(
            {
                BACKBONE.format(precision=precision): self.backbones.files[precision]
                for precision in self.bundled
            }
        )
        others = {
            HEAD: pack_head(self.head),
            EXEMPLARS: pack_exemplars(self.exemplars),
            GOLDEN: pack_golden(self.golden),
            PARITY: self.parity.model_dump_json().encode(),
        }
        return backbones | others, derived


def make_head(model: Model, report: Report, spectra: RunSpectra, backbone_id: str) -> Head:
    """Return the model's head with the calibration of its run, rounded to what its file keeps.

    Parameters
    ----------
    model : trained on all spectra
    report : of its run
    spectra : that it was trained on; what is familiar is known by them
    backbone_id : sha256 of the fp32 ONNX
    """
    if report.calibration is None:
        raise UnfinishedRunError(f"{report.name}: the run is not calibrated; cross-validate it")
    return as_kept(run_head(model, report, spectra, backbone_id))


def make_manifest(
    recipe: Recipe,
    report: Report,
    parts: Parts,
    members: Mapping[str, bytes],
    derived: dict[str, Derived],
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
        calibration=report.believed,
        unknown=report.unknown,
        lags=tuple(points * grid.step for points in lag_points),
        precision=parts.parity.precision,
        members=describe_members(members),
        derived=derived,
    )

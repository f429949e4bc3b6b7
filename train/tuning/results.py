"""What was tried, compared, as a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from train.tuning.candidates import Candidate
from train.tuning.choice import Rule, Standing, choose, ranked
from train.tuning.drift import Drift
from train.tuning.envelope import Envelope, Judgement, judge, standard_error
from train.tuning.pooling import RepeatedPooling, ShiftPooling
from train.tuning.report import CandidateReport, DriftReport, TuningReport


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A candidate, its number of parameters and its accuracy against displacement."""

    candidate: Candidate
    parameters: int
    envelope: Envelope


def report_of(
    drift: Drift, rule: Rule, tried: Sequence[Tried], **circumstances: Any
) -> TuningReport:
    """Compare what was tried and choose.

    Parameters
    ----------
    drift : what was expected
    rule : how one is chosen
    tried : at least one
    circumstances : the fields of the report that tell of data and folds
    """
    judged = {one.candidate.pooling.name: judge(one.envelope, drift) for one in tried}
    standings = [_standing(one, judged[one.candidate.pooling.name]) for one in tried]
    choice = choose(standings, rule)
    by_name = {one.candidate.pooling.name: one for one in tried}
    return TuningReport(
        drift=DriftReport(
            kind=drift.kind,
            cm1=drift.cm1,
            reach_cm1=drift.reach_cm1,
            trained_cm1=drift.trained_cm1,
        ),
        criterion=drift.criterion,
        rule=rule,
        chosen=choice.chosen,
        best=choice.best,
        runner_up=choice.runner_up,
        candidates=tuple(
            _candidate(by_name[one.name], judged[one.name], judged[choice.best])
            for one in ranked(standings)
        ),
        **circumstances,
    )


def _standing(one: Tried, judgement: Judgement) -> Standing:
    return Standing(
        one.candidate.pooling.name,
        one.candidate.pooling.family,
        one.candidate.width_cm1,
        judgement.criterion,
        judgement.standard_error,
        judgement.mean,
    )


def _candidate(one: Tried, judgement: Judgement, best: Judgement) -> CandidateReport:
    pooling, envelope = one.candidate.pooling, one.envelope
    behind = np.array(best.criterion_folds) - np.array(judgement.criterion_folds)
    unshifted = envelope.top1[np.abs(envelope.displacement_cm1).argmin()]
    return CandidateReport(
        name=pooling.name,
        family=pooling.family,
        label=pooling.label,
        shift_cm1=pooling.shift_cm1 if isinstance(pooling, ShiftPooling) else None,
        pooling_size=pooling.size if isinstance(pooling, RepeatedPooling) else None,
        pooling_layers=pooling.layers if isinstance(pooling, RepeatedPooling) else None,
        width_cm1=one.candidate.width_cm1,
        parameters=one.parameters,
        criterion=judgement.criterion,
        standard_error=judgement.standard_error,
        criterion_folds=judgement.criterion_folds,
        behind_best=best.criterion - judgement.criterion,
        behind_best_standard_error=standard_error(behind),
        mean=judgement.mean,
        worst=judgement.worst,
        worst_at_cm1=judgement.worst_at_cm1,
        unshifted=float(unshifted),
        displacement_cm1=tuple(envelope.displacement_cm1.tolist()),
        top1=tuple(envelope.top1.tolist()),
        top1_folds=tuple(tuple(of_fold) for of_fold in envelope.top1_folds.tolist()),
    )

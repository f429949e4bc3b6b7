"""A report as text: the table on the screen, the rows of `envelope.csv`, the recipe's header."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from train.tuning.drift import Drift
from train.tuning.report import CandidateReport, TuningReport

_COLUMNS = ("candidate", "criterion", "behind best", "mean", "worst", "at", "unshifted")


def summary(report: TuningReport, out: Path) -> str:
    """Say a report in a table and a few lines; accuracies in percent."""
    rows = [_COLUMNS, *(_row(candidate) for candidate in report.candidates)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [
        f"drift {_drift(report).words}; criterion: {report.criterion}; ± is one standard error "
        f"over {report.folds} folds",
        "",
    ]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        mark = f"  {_mark(report, number - 1)}" if number else ""
        lines.append("  ".join(cells) + mark)
    return "\n".join([*lines, "", _chosen(report), _runner_up(report), _written(out)])


def _row(one: CandidateReport) -> tuple[str, ...]:
    return (
        one.label,
        _value(one),
        f"{100 * one.behind_best:.1f} ± {100 * one.behind_best_standard_error:.1f}",
        f"{one.mean:.1%}",
        f"{one.worst:.1%}",
        f"{one.worst_at_cm1:+g} cm⁻¹",
        f"{one.unshifted:.1%}",
    )


def _value(one: CandidateReport) -> str:
    return f"{one.criterion:.1%} ± {100 * one.standard_error:.1f}"


def _mark(report: TuningReport, place: int) -> str:
    name = report.candidates[place].name
    marks = [("chosen", report.chosen), ("best", report.best)]
    return ", ".join(word for word, marked in marks if marked == name)


def _drift(report: TuningReport) -> Drift:
    return Drift(report.drift.kind, report.drift.cm1)


def _chosen(report: TuningReport) -> str:
    chosen = report.named(report.chosen)
    return f"chosen: {chosen.label}, {report.criterion} {_value(chosen)}; {reason(report)}"


def _runner_up(report: TuningReport) -> str:
    if report.runner_up is None:
        return "runner-up: none, this was the only candidate"
    one = report.named(report.runner_up)
    return f"runner-up: {one.label}, {_value(one)}"


def _written(out: Path) -> str:
    return f"written to {out}: recipe.toml, tuning.json, envelope.csv, envelope.png"


def reason(report: TuningReport) -> str:
    """Say why the chosen one was chosen."""
    best = report.named(report.best)
    if report.rule == "best":
        return "the best"
    words = "the smallest pooling within one standard error of the best"
    if report.chosen == report.best:
        return f"{words}, which is the best itself"
    return f"{words} ({best.label}, {_value(best)}; rule of Breiman et al. 1984)"


def header(report: TuningReport) -> str:
    """Return the comment above the recipe that is written."""
    chosen = report.named(report.chosen)
    kept = "grouped by specimen" if report.group == "specimen" else "stratified, not grouped"
    return "\n".join(
        [
            f"Pooling tuned by `outcrop tune` to drift that is {_drift(report).words}.",
            f"Chosen of {len(report.candidates)}: {chosen.label}, {reason(report)}.",
            f"Criterion, {report.criterion}:",
            f"{_value(chosen)} (standard error over {report.folds} folds {kept}, "
            f"seed {report.seed}).",
            "It was chosen on those folds. For figures on other folds train with another seed, as",
            "  outcrop train recipe.toml --data DATA --out RUN --cross-validate 5 "
            f"--seed {0 if report.seed else 1}",
        ]
    )


def table(report: TuningReport) -> str:
    """Return `envelope.csv`: candidate, displacement in cm⁻¹, top-1 as a fraction."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("candidate", "displacement_cm1", "top1"))
    for one in report.candidates:
        for displacement_cm1, top1 in zip(one.displacement_cm1, one.top1, strict=True):
            rows.writerow((one.name, f"{displacement_cm1:g}", f"{top1:.6f}"))
    return text.getvalue()

"""Table 2 of Soysal et al. 2025: SVM and KNN on counted wavelet peaks, raw and clean.

Stratified five-fold cross-validation; RBF kernel, C = 10, γ = 0.01; k = 1. A footnote prints the
mean distances of count vectors within and between classes. Which minerals the raw figures are of is
not said: the 63 whose spectra are published, or all 102 of the text; both are measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from train.comparators import make_comparator
from train.model_parts import ComparatorPart, PeakKnnPart, PeakSvmPart
from train.reproduction.counted_peaks import (
    counting_s,
    counts_of,
    mean_distances,
    top1_of_folds,
)
from train.reproduction.fitting import as_printed
from train.reproduction.held_out import PROTOCOLS, Protocol, divide
from train.reproduction.outcome import Outcome, Row
from train.reproduction.sets import SetName, notes_on, of_seeds, piece_key, row_key, spectra_of
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_FOLDS = 5
_RULES: dict[str, ComparatorPart] = {
    "svm": PeakSvmPart(name="peak_svm", peaks="wavelet"),
    "knn": PeakKnnPart(name="peak_knn", peaks="wavelet"),
}
_RAW = {"svm": 49.0, "knn": 51.0, "intra": 6.5, "inter": 13.1}
_PAPER: dict[SetName, dict[str, float]] = {
    "raw": _RAW,
    "raw102": _RAW,
    "clean": {"svm": 72.0, "knn": 70.0, "intra": 2.2, "inter": 6.1},
}
_WORDS: dict[SetName, str] = {
    "raw": "raw, 63 minerals",
    "raw102": "raw, all minerals with 8 spectra",
    "clean": "clean",
}


@dataclass(frozen=True, slots=True)
class Table2:
    """Both rules on all three sets, in both protocols; and the distances."""

    title: str = "Table 2: SVM and KNN on counted peaks, raw and clean spectra"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a set, protocol and seed; the first of a set counts its peaks."""
        return [
            Piece(
                piece_key(which, protocol, seed),
                counting_s("wavelet", which, place) if not number else 5.0,
                partial(_measure, place, which, protocol, seed),
            )
            for which in _WORDS
            for number, (protocol, seed) in enumerate(product(PROTOCOLS, place.seeds))
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return one row a set, rule and protocol, then the distances."""
        rows = []
        for which, rule, protocol in product(_WORDS, _RULES, PROTOCOLS):
            measured = of_seeds(place, found, which, protocol)
            row = Row(
                key=row_key(f"{rule}.{which}", protocol),
                quantity=f"{rule.upper()}, {_WORDS[which]}, top-1",
                paper=_PAPER[which][rule],
                ours=tuple(one[rule] for one in measured),
                protocol=PROTOCOLS[protocol],
                n=measured[0]["n"],
            )
            rows.append(row)
        rows += [
            _distance_row(place, found, which, distance)
            for which, distance in product(_WORDS, ("intra", "inter"))
        ]
        own = (
            "The distances are of all pairs of spectra of a set; nothing is divided, so that every "
            "seed gives the same."
        )
        return Outcome(tuple(rows), (*notes_on(place, "raw", "raw102", "clean"), own))


def _distance_row(
    place: Workplace, found: Mapping[str, Measured], which: SetName, distance: str
) -> Row:
    one = of_seeds(place, found, which, "paper")[0]
    return Row(
        key=f"{distance}.{which}",
        quantity=f"mean {distance}-class distance of counts, {_WORDS[which]}",
        paper=_PAPER[which][distance],
        ours=(one[distance],),
        protocol="all pairs",
        unit="peaks",
        n=one["spectra"],
    )


def _measure(
    place: Workplace, which: SetName, protocol: Protocol, seed: int, tell: Tell
) -> Measured:
    tell(0.0, "counting peaks")
    dataset = spectra_of(place, which)
    counts = counts_of(dataset, "wavelet")
    intra, inter = mean_distances(counts, dataset.class_ids)
    measured: Measured = {"intra": intra, "inter": inter, "spectra": len(dataset)}
    folds = divide(dataset, protocol, _FOLDS, seed)
    for name, part in _RULES.items():
        rule = make_comparator(as_printed(part)).rule
        measured[name], measured["n"] = top1_of_folds(dataset, counts, rule, folds)
    return measured


TARGET: Target = Table2()

"""Table 1 of Soysal et al. 2025: which peaks a nearest neighbour should count.

Stratified five-fold cross-validation, k = 1, Euclidean distance of peak counts in 116 bins of
12 cm⁻¹. That it is on the clean spectra follows from table 2, which repeats its 70 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from train.comparators import make_comparator
from train.comparators.peaks import PeakFinder
from train.model_parts import PeakKnnPart
from train.reproduction.counted_peaks import counting_s, counts_of, top1_of_folds
from train.reproduction.fitting import as_printed
from train.reproduction.held_out import PROTOCOLS, Protocol, divide
from train.reproduction.outcome import Outcome, Row
from train.reproduction.sets import notes_on, of_seeds, piece_key, row_key, spectra_of
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_FOLDS = 5
_PAPER: dict[PeakFinder, float] = {"wavelet": 70.0, "local_maxima": 59.0}
_WORDS: dict[PeakFinder, str] = {"wavelet": "wavelet peaks", "local_maxima": "local maxima"}


@dataclass(frozen=True, slots=True)
class Table1:
    """KNN by both peak finders, in both protocols."""

    title: str = "Table 1: KNN on wavelet peaks and on local maxima, clean spectra"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a finder, protocol and seed; the first of a finder counts the peaks."""
        return [
            Piece(
                piece_key(finder, protocol, seed),
                counting_s(finder, "clean", place) if not number else 3.0,
                partial(_measure, place, finder, protocol, seed),
            )
            for finder in _PAPER
            for number, (protocol, seed) in enumerate(product(PROTOCOLS, place.seeds))
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return one row a finder and protocol."""
        rows = []
        for finder, protocol in product(_PAPER, PROTOCOLS):
            measured = of_seeds(place, found, finder, protocol)
            row = Row(
                key=row_key(f"knn.{finder}", protocol),
                quantity=f"KNN on {_WORDS[finder]}, top-1",
                paper=_PAPER[finder],
                ours=tuple(one["top1"] for one in measured),
                protocol=PROTOCOLS[protocol],
                n=measured[0]["n"],
            )
            rows.append(row)
        return Outcome(tuple(rows), notes_on(place, "clean"))


def _measure(
    place: Workplace, finder: PeakFinder, protocol: Protocol, seed: int, tell: Tell
) -> Measured:
    tell(0.0, "counting peaks")
    dataset = spectra_of(place, "clean")
    counts = counts_of(dataset, finder)
    rule = make_comparator(as_printed(PeakKnnPart(name="peak_knn", peaks=finder))).rule
    top1, n = top1_of_folds(dataset, counts, rule, divide(dataset, protocol, _FOLDS, seed))
    return {"top1": top1, "n": n}


TARGET: Target = Table1()

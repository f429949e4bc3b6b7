"""Figure 4 of Sun et al. 2021: the binned network with 1 to 16 bins."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from train.hed.binned import MOST_EPOCHS, fit_binned, share_of_class_1
from train.hed.confidence import confidence, find_boundary
from train.hed.protocol import BINNED_COPIES, binned_training_set
from train.reproduction.diffractograms import notes_on, of_seeds, piece_key, protocol_of, ramp_of
from train.reproduction.outcome import Outcome, Row
from train.reproduction.pictures import COLOURS, picture
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_BINS = range(1, 17)
_QUICK_BINS, _QUICK_COPIES, _QUICK_EPOCHS = (1, 4, 16), 3, 60
_CONFIDENCES = (94.3, 98.9, 98.6, 99.1, 99.4, 98.0, 99.1, 99.1, 99.4, 99.1, 100.0, 98.6, 99.4, 98.6)
_PAPER_CONFIDENCE = dict(zip(_BINS, (*_CONFIDENCES, 100.0, 100.0), strict=True))
_PAPER_SECONDS: Mapping[int, float | str] = {
    1: 70.0,
    **dict.fromkeys(range(2, 7), 82.0),
    10: 31.0,
    **dict.fromkeys(range(14, 17), "18 to 21"),
}
_PAPER_EPOCHS: Mapping[int, float | str] = {
    **dict.fromkeys(range(1, 7), 550),
    10: 155,
    **dict.fromkeys(range(14, 17), "50 to 74"),
}
_EPOCH_S = 0.2
_PLOT = "bins.png"
_NOTES = (
    "Rows are examples; the majority of its rows labels a spectrum. Training ends after 550 "
    "epochs, with more than 99 % of rows right, or with a loss below 0.15.",
    "The rate is 2e-3 and the decay 2e-5, as for the other networks without attention. Positions "
    "are told from 0 to 16 degrees; batch norm makes their unit indifferent.",
    "The gradient of a step is gathered from 16 parts, the same four spectra in each.",
    "Where verdicts do not go from class 0 to class 1 the confidence is 0.",
)


@dataclass(frozen=True, slots=True)
class HedFig4:
    """Confidence, seconds and epochs by number of bins."""

    title: str = "Figure 4 of Sun et al.: the binned network by number of bins"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a number of bins and seed."""
        return [
            Piece(
                _key(place, bins, seed),
                _estimate_s(place, bins),
                partial(_measure, place, bins, seed),
            )
            for bins in _bins(place)
            for seed in place.seeds
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return three rows a number of bins, and draw them."""
        rows = [
            row
            for bins in _bins(place)
            for row in _rows(bins, of_seeds(place, found, f"bins{bins}"), protocol_of(place))
        ]
        _draw(place, found)
        return Outcome(tuple(rows), (*notes_on(place)[:1], *_NOTES, *_rehearsal(place)), (_PLOT,))


def _bins(place: Workplace) -> Sequence[int]:
    return _QUICK_BINS if place.quick else _BINS


def _key(place: Workplace, bins: int, seed: int) -> str:
    return piece_key(place, f"bins{bins}", seed)


def _estimate_s(place: Workplace, bins: int) -> float:
    if place.quick:
        return 8.0
    epochs = MOST_EPOCHS if bins <= 6 else 150
    return _EPOCH_S * epochs + 8.0


def _measure(place: Workplace, bins: int, seed: int, tell: Tell) -> Measured:
    tell(0.0, "diffractograms")
    ramp = ramp_of(place, seed)
    copies, epochs = BINNED_COPIES, MOST_EPOCHS
    if place.quick:
        copies, epochs = _QUICK_COPIES, _QUICK_EPOCHS
    training = binned_training_set(ramp, seed, copies)

    def on_epoch(epoch: int) -> None:
        tell(epoch / epochs, f"{bins} bins: epoch {epoch} of at most {epochs}")

    before = time.perf_counter()
    fitted = fit_binned(bins, training, seed, on_epoch, epochs)
    seconds = time.perf_counter() - before
    share = share_of_class_1(fitted.model, ramp)
    verdicts = share > 0.5
    boundary = find_boundary(verdicts)
    return {
        "confidence": 100 * confidence(verdicts),
        "boundary": None if boundary is None else list(boundary),
        "seconds": seconds,
        "epochs": fitted.epochs,
        "rows_right": 100 * fitted.rows_right,
        "loss": fitted.loss,
    }


def _rows(bins: int, measured: Sequence[Measured], protocol: str) -> list[Row]:
    papers: dict[str, tuple[float | str | None, str]] = {
        "confidence": (_PAPER_CONFIDENCE[bins], "%"),
        "seconds": (_PAPER_SECONDS.get(bins), "s"),
        "epochs": (_PAPER_EPOCHS.get(bins), ""),
        "rows_right": (None, "%"),
    }
    return [
        Row(
            f"bins{bins}.{key}",
            f"{bins} bin{'s' if bins > 1 else ''}: {key.replace('_', ' ')}",
            paper,
            tuple(float(one[key]) for one in measured),
            protocol,
            unit,
        )
        for key, (paper, unit) in papers.items()
    ]


def _rehearsal(place: Workplace) -> tuple[str, ...]:
    if not place.quick:
        return ()
    return (
        f"Rehearsal: {_QUICK_COPIES} noisy copies, not 15, and at most {_QUICK_EPOCHS} epochs.",
    )


def _draw(place: Workplace, found: Mapping[str, Measured]) -> None:
    bins = _bins(place)
    with picture(place, _PLOT, columns=3, inches=(9, 3)) as panels:
        for panel, key, unit in zip(
            panels, ("confidence", "seconds", "epochs"), ("%", "s", ""), strict=True
        ):
            for seed in place.seeds:
                ours = [found[_key(place, count, seed)][key] for count in bins]
                panel.plot(bins, ours, ".-", color=COLOURS[0], label="here" if not seed else None)
            if key == "confidence":
                printed = [_PAPER_CONFIDENCE[count] for count in bins]
                panel.plot(bins, printed, "x--", color=COLOURS[1], label="printed")
                panel.legend(frameon=False)
            panel.set(xlabel="bins", ylabel=f"{key}, {unit}".rstrip(", "))


TARGET: Target = HedFig4()

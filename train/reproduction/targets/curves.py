"""Figures S9 to S20 of Soysal et al. 2025: losses of MLPs and CNN, and fine-tuning.

The figures print no numbers. What is read off the loss curves: the least validation loss, the
epoch of it, the training loss at the end, and how far the validation loss lies above it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from train.reproduction.fine_tuning_curves import (
    EPOCHS,
    PAPER,
    RATE,
    asked,
    draw_fine_tuning,
    measure_fine_tuning,
)
from train.reproduction.held_out import PROTOCOLS, Protocol
from train.reproduction.learning_curves import (
    NETWORKS,
    WORDS,
    Curve,
    draw_curves,
    measure_curve,
)
from train.reproduction.outcome import Outcome, Row
from train.reproduction.sets import (
    SetName,
    notes_on,
    of_seeds,
    piece_key,
    row_key,
)
from train.reproduction.target import Measured, Piece, Target, Workplace

_SHOWN: dict[tuple[SetName, Protocol], tuple[float, float]] = {
    ("raw", "paper"): (15.0, 110.0),
    ("raw", "specimen"): (15.0, 110.0),
    ("clean", "paper"): (40.0, 290.0),
}
"""What is shown, and about how long an MLP and the CNN take, s."""

_FIGURES = {
    "least": ("least validation loss", "nats"),
    "least_at": ("epoch of it", "epoch"),
    "train_end": ("training loss at the end", "nats"),
    "gap_end": ("validation above training loss at the end", "nats"),
}
_FINE_TUNING_S = 90.0


@dataclass(frozen=True, slots=True)
class Curves:
    """Four networks on raw and clean spectra, and a head on new minerals."""

    title: str = "Figures S9 to S20: losses while learning, top-1 while fine-tuning"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a network, set, protocol and seed, and those of the fine-tuning."""
        learning = [
            Piece(
                piece_key(f"{network}.{name}", protocol, seed),
                5.0 if place.quick else cnn_s if network == "cnn" else mlp_s,
                partial(measure_curve, place, network, name, protocol, seed),
            )
            for (name, protocol), (mlp_s, cnn_s) in _SHOWN.items()
            for network, seed in product(NETWORKS, place.seeds)
        ]
        fine_tuning = [
            Piece(
                f"fine_tuning.seed{seed}",
                10.0 if place.quick else _FINE_TUNING_S,
                partial(measure_fine_tuning, place, seed),
            )
            for seed in place.seeds
        ]
        return [*learning, *fine_tuning]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return what is read off the curves; draw those of the first seed."""
        rows = [
            row
            for (name, protocol), network in product(_SHOWN, NETWORKS)
            for row in _loss_rows(
                network, name, protocol, of_seeds(place, found, f"{network}.{name}", protocol)
            )
        ]
        tuned = [found[f"fine_tuning.seed{seed}"] for seed in place.seeds]
        rows += [
            _fine_tuning_row(count, protocol, [one[protocol][str(count)] for one in tuned])
            for protocol, count in product(PROTOCOLS, asked(place))
        ]
        return Outcome(
            tuple(rows), (*notes_on(place, "raw", "clean"), *_NOTES), _draw(place, found)
        )


_NOTES = (
    "Losses are class-weighted cross-entropies; the spectra they are validated on are held out of "
    "everything, the plateau rule watches others. Plots are of the first seed.",
    "The clean set is shown in the paper's protocol only, for the time a CNN takes.",
    f"Fine-tuning: one CNN on 43 minerals serves all c (the paper trains one on 63 - c each); new "
    f"softmax by Adam at {RATE:g}, {EPOCHS} epochs, a quarter held out, top-1 among the c; the "
    "paper's figures are those of table 11. At that rate the curves still rise when they end: they "
    "say how slowly it learns, not how much can be learned.",
)


def _loss_rows(
    network: str, name: SetName, protocol: Protocol, measured: Sequence[Measured]
) -> list[Row]:
    curves = [Curve.of(one).figures for one in measured]
    return [
        Row(
            key=row_key(f"{network}.{name}.{key}", protocol),
            quantity=f"{WORDS[network]}, {name}, {words}",
            paper=None,
            ours=tuple(curve[key] for curve in curves),
            protocol=PROTOCOLS[protocol],
            unit=unit,
            n=measured[0]["n"],
        )
        for key, (words, unit) in _FIGURES.items()
    ]


def _fine_tuning_row(count: int, protocol: Protocol, measured: Sequence[Measured]) -> Row:
    return Row(
        key=row_key(f"fine_tuning.c{count}", protocol),
        quantity=f"fine-tuning, c = {count}, validation top-1 at the end",
        paper=PAPER.get(count),
        ours=tuple(one["validation"][-1] for one in measured),
        protocol=PROTOCOLS[protocol],
        n=measured[0]["n"],
    )


def _draw(place: Workplace, found: Mapping[str, Measured]) -> tuple[str, ...]:
    seed, plots = place.seeds[0], []
    for name, protocol in _SHOWN:
        curves = [
            (WORDS[network], Curve.of(found[piece_key(f"{network}.{name}", protocol, seed)]))
            for network in NETWORKS
        ]
        plots.append(f"losses_{name}_{protocol}.png")
        draw_curves(place, plots[-1], f"{name}, {PROTOCOLS[protocol]}", curves)
    for protocol in PROTOCOLS:
        plots.append(f"fine_tuning_{protocol}.png")
        draw_fine_tuning(place, plots[-1], found[f"fine_tuning.seed{seed}"][protocol])
    return tuple(plots)


TARGET: Target = Curves()

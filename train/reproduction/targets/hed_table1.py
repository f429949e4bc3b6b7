"""Table 1 of Sun et al. 2021: seven networks find a phase transition."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from train.hed.confidence import confidence, find_boundary
from train.hed.fitting import fit_network, probabilities_of
from train.hed.networks import NETWORKS, PaperNetwork
from train.hed.protocol import training_set
from train.reproduction.diffractograms import (
    copies_of,
    notes_on,
    of_seeds,
    piece_key,
    protocol_of,
    ramp_of,
    telling,
)
from train.reproduction.outcome import Outcome, Row
from train.reproduction.pictures import GREY, picture
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_SECONDS: Mapping[str, float] = {
    "sun_fcnn": 90.0,
    "sun_cnn": 35.0,
    "sun_resnet": 170.0,
    "sun_lstm": 35.0,
    "sun_transformer": 15.0,
    "sun_sct": 45.0,
    "sun_sc": 55.0,
}
"""About how long each takes to train with 50 copies, s."""

_QUICK_SHARE = 0.08
_PLOT = "probabilities.png"
_NOTES = (
    "The printed seconds are of a Tesla P100, ours of the processor this ran on, one thread.",
    "ResNets: the printed count includes a layer from 4023 to 512 that no spectrum passes through; "
    "it is left out here (294,247 + 2,060,288 = 2,354,535).",
    "SCT, LSTM and Transformer see the test as one sequence of 349: their verdict on a spectrum "
    "depends on the others, and there is none on a spectrum alone.",
    "The gradient of a step is gathered from parts of the training set, the same 31 spectra in "
    "every one; batch norm counts each part.",
    "SCT is given five steps at a rate of 8e-3, as printed. From some first weights that is too "
    "few: it then tells nothing apart, not even the training spectra.",
    "Boundary is the last spectrum of class 0; where verdicts stray there is an interval, and its "
    "first spectrum is given; a seed whose verdicts do not go from 0 to 1 has no boundary and a "
    "confidence of 0.",
)


@dataclass(frozen=True, slots=True)
class HedTable1:
    """Parameters, boundary, confidence, seconds and epochs of the seven."""

    title: str = "Table 1 of Sun et al.: seven networks on a phase transition"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a network and seed."""
        return [
            Piece(
                piece_key(place, network.name, seed),
                _SECONDS[network.name] * (_QUICK_SHARE if place.quick else 1.0) + 5.0,
                partial(_measure, place, network, seed),
            )
            for network in NETWORKS
            for seed in place.seeds
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return the columns of the table, network by network, and how far boundaries spread."""
        rows = [
            row
            for network in NETWORKS
            for row in _rows(network, of_seeds(place, found, network.name), protocol_of(place))
        ]
        _draw(place, found)
        return Outcome((*rows, _spread(place, found)), (*notes_on(place), *_NOTES), (_PLOT,))


def _measure(place: Workplace, network: PaperNetwork, seed: int, tell: Tell) -> Measured:
    tell(0.0, "diffractograms")
    ramp = ramp_of(place, seed)
    training = training_set(ramp, seed, copies_of(place))
    before = time.perf_counter()
    model = fit_network(network, training, seed, telling(tell, network))
    seconds = time.perf_counter() - before
    probabilities = probabilities_of(model, ramp)
    verdicts = probabilities >= 0.5
    boundary = find_boundary(verdicts)
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "boundary": None if boundary is None else list(boundary),
        "confidence": 100 * confidence(verdicts),
        "seconds": seconds,
        "epochs": network.epochs,
        "probabilities": probabilities.round(4).tolist(),
    }


def _rows(network: PaperNetwork, measured: Sequence[Measured], protocol: str) -> list[Row]:
    printed = network.printed

    def row(
        key: str, quantity: str, paper: float | str, ours: tuple[float, ...] | str, unit: str
    ) -> Row:
        return Row(
            f"{network.name}.{key}", f"{network.title}: {quantity}", paper, ours, protocol, unit
        )

    confidences = tuple(one["confidence"] for one in measured)
    boundaries = tuple(float(one["boundary"][0]) for one in measured if one["boundary"])
    parameters = (float(measured[0]["parameters"]),)
    return [
        row("parameters", "parameters", printed.parameters, parameters, ""),
        row("confidence", "confidence", 100.0, confidences, "%"),
        row("boundary", "boundary", printed.boundary[0], boundaries or "none", "spectrum"),
        row("seconds", "training", printed.time_s, tuple(m["seconds"] for m in measured), "s"),
        row("epochs", "epochs", network.epochs, tuple(m["epochs"] for m in measured), ""),
    ]


def _spread(place: Workplace, found: Mapping[str, Measured]) -> Row:
    """Return how far the boundaries of the networks spread, seed by seed, of those with one."""
    spreads = []
    for seed in place.seeds:
        measured = [found[piece_key(place, network.name, seed)] for network in NETWORKS]
        ends = [one["boundary"][0] for one in measured if one["boundary"]]
        if ends:
            spreads.append(100 * (max(ends) - min(ends)) / len(measured[0]["probabilities"]))
    return Row(
        "boundaries.spread",
        "from the first to the last boundary, of 349 spectra",
        4.3,
        tuple(spreads) or "none",
        protocol_of(place),
    )


def _draw(place: Workplace, found: Mapping[str, Measured]) -> None:
    """Draw the probability of class 1 along the ramp: figure 5, with what lies behind it."""
    seed = place.seeds[0]
    with picture(place, _PLOT, inches=(8, 3.6)) as (panel,):
        panel.axvspan(150, 200, color=GREY, alpha=0.15, lw=0)
        for network in NETWORKS:
            panel.plot(
                found[piece_key(place, network.name, seed)]["probabilities"], label=network.title
            )
        panel.axhline(0.5, color=GREY, lw=0.8)
        panel.set(
            xlim=(0, 349),
            xlabel="diffractogram (grey: between the training spectra of the classes)",
            ylabel="probability of class 1",
        )
        panel.legend(frameon=False, fontsize=8)


TARGET: Target = HedTable1()

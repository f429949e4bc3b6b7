"""Figures 6, 7 and A7 of Sun et al. 2021: where in a diffractogram the loss is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from train.hed.confidence import confidence
from train.hed.fitting import fit_network, probabilities_of
from train.hed.importance import (
    overlap_of,
    ramp_gradients,
    roughness,
    share_in,
    summed_gradient,
    zero_in,
)
from train.hed.networks import NETWORKS, PaperNetwork
from train.hed.protocol import training_set
from train.models.sun_fcnn import SunFcnn
from train.reproduction.diffractograms import (
    copies_of,
    notes_on,
    of_seeds,
    piece_key,
    protocol_of,
    ramp_of,
    telling,
)
from train.reproduction.importance_plots import draw_curves, draw_ramp, draw_weights
from train.reproduction.outcome import Outcome, Row
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_COPIES = 16
_SECONDS: Mapping[str, float] = {
    "sun_fcnn": 35.0,
    "sun_cnn": 15.0,
    "sun_resnet": 75.0,
    "sun_lstm": 15.0,
    "sun_transformer": 7.0,
    "sun_sct": 22.0,
    "sun_sc": 20.0,
}
_QUICK_SHARE = 0.2
_PAPER = {
    "sun_fcnn": "smoothest",
    "sun_lstm": "a little noisy",
    "sun_transformer": "a little noisy",
    "sun_sct": "like the FCNN's",
}
_SHOWN_SPECTRA, _SHOWN_POINTS = 5, 8  # of A7: every fifth spectrum, every eighth point
_SHOWN_NEURONS, _SHOWN_INPUTS = 32, (8, 2, 4)  # of figure 7: neurons; inputs, every so many'th
_NOTES = (
    f"Trained with {_COPIES} noisy copies of each training spectrum, not 50, for the time it "
    "takes; gradients are added up over these. The copies differ in their noise only.",
    "Roughness: what is left of a curve when one smoothed over 10 points is taken away, as a share "
    "of its root mean square. Overlap: points at which the mean training spectra of the classes "
    "differ by less than 5 % of their largest difference. Zero: below 1 % of the largest "
    "importance.",
    "Networks run as in the test: batch norm by its running means, nothing dropped. SCT, LSTM and "
    "Transformer see sequences of 31, and of 349 in figure A7.",
)


@dataclass(frozen=True, slots=True)
class HedImportance:
    """A curve a network, and what it looks like in three figures."""

    title: str = "Figures 6, 7 and A7 of Sun et al.: importance by input gradients"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a network and seed."""
        return [
            Piece(
                piece_key(place, network.name, seed),
                _SECONDS[network.name] * (_QUICK_SHARE if place.quick else 1.0) + 4.0,
                partial(_measure, place, network, seed),
            )
            for network in NETWORKS
            for seed in place.seeds
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return what the curves look like, and draw them, A7 and the weights of the FCNN."""
        rows = [
            row
            for network in NETWORKS
            for row in _rows(network, of_seeds(place, found, network.name), protocol_of(place))
        ]
        first = {n.title: found[piece_key(place, n.name, place.seeds[0])] for n in NETWORKS}
        plots = (
            draw_curves(place, first),
            draw_ramp(place, first["SCT"]["ramp"]),
            draw_weights(place, first["1D FCNN"]["weights"]),
        )
        return Outcome((*rows, _overlap(place, found)), (*notes_on(place), *_NOTES), plots)


def _measure(place: Workplace, network: PaperNetwork, seed: int, tell: Tell) -> Measured:
    tell(0.0, "diffractograms")
    ramp = ramp_of(place, seed)
    training = training_set(ramp, seed, copies_of(place, _COPIES))
    model = fit_network(network, training, seed, telling(tell, network))
    curve = summed_gradient(model, training)
    overlap = overlap_of(training)
    found: Measured = {
        "confidence": 100 * confidence(probabilities_of(model, ramp) >= 0.5),
        "roughness": 100 * roughness(curve),
        "in_overlap": 100 * share_in(curve, overlap),
        "zero_in_overlap": 100 * zero_in(curve, overlap),
        "overlap": 100 * float(overlap.mean()),
        "curve": _short(curve / np.abs(curve).max()),
        "ends": [_short(spectrum) for spectrum in training.sequences[0, [0, -1]]],
        "axis": [float(ramp.two_theta_deg[0]), float(ramp.two_theta_deg[-1])],
    }
    if network.name == "sun_sct":
        each = ramp_gradients(model, ramp)[::_SHOWN_SPECTRA, ::_SHOWN_POINTS]
        found["ramp"] = [_short(one / np.abs(one).max()) for one in each]
    if isinstance(model, SunFcnn):
        layers = (model.dense1[0], model.dense2[0], model.dense3[0])
        weights = [layer.weight.detach().numpy() for layer in layers]  # type: ignore[operator]
        found["weights"] = [
            [_short(neuron[::step]) for neuron in weight[:_SHOWN_NEURONS]]
            for weight, step in zip(weights, _SHOWN_INPUTS, strict=True)
        ]
    return found


def _short(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> list[float]:
    """Return values as JSON needs few digits for."""
    return [round(float(value), 4) for value in values]


def _rows(network: PaperNetwork, measured: Sequence[Measured], protocol: str) -> list[Row]:
    quantities: dict[str, tuple[str, str | None]] = {
        "roughness": ("roughness of the curve", _PAPER.get(network.name)),
        "in_overlap": ("importance where the classes overlap", None),
        "zero_in_overlap": (
            "zero where they overlap",
            "some even zero" if network.name == "sun_sct" else None,
        ),
        "confidence": ("confidence of the network", None),
    }
    return [
        Row(
            f"{network.name}.{key}",
            f"{network.title}: {words}",
            paper,
            tuple(float(one[key]) for one in measured),
            protocol,
        )
        for key, (words, paper) in quantities.items()
    ]


def _overlap(place: Workplace, found: Mapping[str, Measured]) -> Row:
    measured = of_seeds(place, found, NETWORKS[0].name)
    return Row(
        "overlap.points",
        "share of points where the classes overlap: what importance spread evenly would have there",
        None,
        tuple(float(one["overlap"]) for one in measured),
        protocol_of(place),
    )


TARGET: Target = HedImportance()

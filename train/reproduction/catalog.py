"""The targets by name; a module is imported only when its target is asked for."""

from __future__ import annotations

from importlib import import_module

from train.reproduction.target import Target

TARGETS: dict[str, str] = {
    "table1": "KNN on wavelet peaks and local maxima",
    "table2": "SVM and KNN on counted peaks, raw and clean",
    "table3": "pooling size m against displacement",
    "table4": "number of pooling layers n against displacement",
    "table5": "what PyrosmaliteFe is taken for, by n",
    "table6": "what PyrosmaliteFe is taken for, by m",
    "table7": "semi-supervised GAN, by share of labels",
    "table8": "contrastive learning, by share of labels",
    "table9": "the first two layers trained on few samples, then frozen",
    "table10": "autoencoder, by share of labels",
    "table11": "new classes on a frozen network",
    "fig7": "CNN, CNN + KNN, MLP, KNN; raw and clean; with and without augmentation",
    "confidence-gap": "how far the most probable mineral leads, raw and clean",
    "curves": "losses of MLPs and CNN (S9 to S16), fine-tuning (S17 to S20)",
    "gradcam": "what the CNN looks at in six minerals",
    "figures": "histograms, look-alikes, peaks, a displaced pair",
    "hed-table1": "seven networks on a phase transition",
    "hed-fig4": "confidence and time by number of bins",
    "hed-importance": "where in a diffractogram the loss is decided",
    "hed-attention": "what the attention networks attend to",
    "pace-cov": "PACE and comparators on the COVID-19 serum set",
    "few-labels": "ours: the flagship with few labels",
    "unknowns": "ours: unknown minerals, calibration, prediction sets",
    "mixtures": "ours: two minerals in one spectrum",
}
"""Name and what it is, in the order of the papers; what we add comes last."""


def load_target(name: str) -> Target:
    """Import and return the target of a name in `TARGETS`."""
    module = import_module(f"train.reproduction.targets.{name.replace('-', '_')}")
    target: Target = module.TARGET
    return target

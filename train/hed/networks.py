"""The seven networks of table 1: settings, how they are trained, what the paper prints of them."""

from __future__ import annotations

from dataclasses import dataclass

from train.model_parts import (
    SunCnnModelPart,
    SunFcnnModelPart,
    SunLstmModelPart,
    SunPart,
    SunResnetModelPart,
    SunScModelPart,
    SunSctModelPart,
    SunTransformerModelPart,
)

_RATE, _DECAY = 2e-3, 2e-5
_ATTENTION_RATE, _ATTENTION_DECAY = 8e-3, 2e-4


@dataclass(frozen=True, slots=True)
class Printed:
    """A line of table 1.

    Parameters
    ----------
    parameters : trainable
    time_s : of training, on a Tesla P100, s
    memory_gb : GB
    boundary : last of class 0 and first of class 1
    """

    parameters: int
    time_s: float
    memory_gb: float
    boundary: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PaperNetwork:
    """A network and its training.

    Parameters
    ----------
    title : as the paper calls it
    part : its settings
    epochs : as printed; one step each, for the batch is the whole training set
    printed : its line of table 1
    learning_rate, weight_decay : of Adam, as printed; the decay is added to the gradient
    sequences_at_once : the gradient of a step is gathered from parts of so many sequences
    """

    title: str
    part: SunPart
    epochs: int
    printed: Printed
    learning_rate: float = _RATE
    weight_decay: float = _DECAY
    sequences_at_once: int = 17

    @property
    def name(self) -> str:
        """The name in recipes."""
        return self.part.name


FCNN = PaperNetwork(
    "1D FCNN",
    SunFcnnModelPart(name="sun_fcnn"),
    300,
    Printed(1_204_335, 1.576, 0.1, (188, 189)),
    sequences_at_once=51,
)
CNN = PaperNetwork(
    "CNN", SunCnnModelPart(name="sun_cnn"), 5, Printed(23_307, 0.753, 0.0, (173, 174))
)
RESNET = PaperNetwork(
    "ResNets", SunResnetModelPart(name="sun_resnet"), 6, Printed(2_354_535, 8.208, 7.1, (178, 179))
)
LSTM = PaperNetwork(
    "LSTM",
    SunLstmModelPart(name="sun_lstm"),
    25,
    Printed(6_273_391, 0.463, 0.9, (175, 176)),
    sequences_at_once=51,
)
TRANSFORMER = PaperNetwork(
    "Transformer",
    SunTransformerModelPart(name="sun_transformer"),
    30,
    Printed(1_830_511, 0.449, 0.1, (185, 186)),
    sequences_at_once=51,
)
SCT = PaperNetwork(
    "SCT",
    SunSctModelPart(name="sun_sct"),
    5,
    Printed(1_953_353, 1.269, 0.5, (188, 189)),
    _ATTENTION_RATE,
    _ATTENTION_DECAY,
)
SC = PaperNetwork(
    "SC",
    SunScModelPart(name="sun_sc"),
    8,
    Printed(659_525, 1.652, 0.4, (182, 183)),
    _ATTENTION_RATE,
    _ATTENTION_DECAY,
)

NETWORKS = (FCNN, CNN, RESNET, LSTM, TRANSFORMER, SCT, SC)
"""In the order of table 1."""

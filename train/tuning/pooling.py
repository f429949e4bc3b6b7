"""What is swept: S of the template network, m and n of the CNN of Soysal et al. 2025."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

Family = Literal["template", "soysal_cnn"]
FAMILIES: tuple[Family, ...] = get_args(Family)

_SHARES = (0.0, 0.5, 1.0, 1.5, 2.0)  # of the drift trained for
_SIZES, _LAYERS = (2, 8, 64), (1, 4, 10)
_PAIR = re.compile(r"(\d{1,3})x(\d{1,3})")


@dataclass(frozen=True, slots=True)
class ShiftPooling:
    """Templates slide by up to `shift_cm1` to each side: S, cm⁻¹."""

    family: ClassVar[Family] = "template"
    shift_cm1: float

    @property
    def name(self) -> str:
        """Name in files."""
        return f"{self.family}-s{self.shift_cm1:g}"

    @property
    def label(self) -> str:
        """Name in figures.

        >>> ShiftPooling(24.0).label
        'S = 24 cm⁻¹'
        """
        return f"S = {self.shift_cm1:g} cm⁻¹"


@dataclass(frozen=True, slots=True)
class RepeatedPooling:
    """The last pooling of the CNN has window m and is done n times in a row."""

    family: ClassVar[Family] = "soysal_cnn"
    size: int
    layers: int

    @property
    def name(self) -> str:
        """Name in files."""
        return f"{self.family}-m{self.size}-n{self.layers}"

    @property
    def label(self) -> str:
        """Name in figures.

        >>> RepeatedPooling(64, 1).label
        'CNN m = 64, n = 1'
        """
        return f"CNN m = {self.size}, n = {self.layers}"


Pooling = ShiftPooling | RepeatedPooling


def read_poolings(text: str) -> tuple[Pooling, ...]:
    """Read poolings separated by commas: S in cm⁻¹ as a number, m and n as `m`x`n`.

    Raises
    ------
    ValueError
        If one is neither, or out of bounds, with that one.

    >>> [pooling.name for pooling in read_poolings("0, 24, 64x1")]
    ['template-s0', 'template-s24', 'soysal_cnn-m64-n1']
    """
    return tuple(_read(item.strip()) for item in text.split(","))


def _read(item: str) -> Pooling:
    pair = _PAIR.fullmatch(item)
    if pair:
        size, layers = int(pair[1]), int(pair[2])
        if not (2 <= size <= 64 and 1 <= layers <= 10):
            raise ValueError(f"{item}: expected m from 2 to 64 and n from 1 to 10")
        return RepeatedPooling(size, layers)
    try:
        shift_cm1 = float(item)
    except ValueError:
        shift_cm1 = math.nan
    if not 0 <= shift_cm1 < math.inf:
        raise ValueError(f"{item!r}: expected S in cm⁻¹, as 24, or m and n of the CNN, as 64x1")
    return ShiftPooling(shift_cm1)


def usual_shifts(trained_cm1: float) -> tuple[ShiftPooling, ...]:
    """Return S from none to twice the drift that is trained for, cm⁻¹."""
    return tuple(ShiftPooling(share * trained_cm1) for share in _SHARES)


def usual_repeats() -> tuple[RepeatedPooling, ...]:
    """Return the figure's pooling with m varied, then with n varied.

    >>> [(pooling.size, pooling.layers) for pooling in usual_repeats()]
    [(2, 1), (8, 1), (64, 1), (2, 4), (2, 10)]
    """
    sizes = tuple(RepeatedPooling(size, 1) for size in _SIZES)
    return (*sizes, *(RepeatedPooling(2, layers) for layers in _LAYERS[1:]))


def on_stride(pooling: ShiftPooling, stride_cm1: float) -> ShiftPooling:
    """Round S to what the network can do: whole steps of its feature map, half a step up.

    >>> on_stride(ShiftPooling(20.0), 8.0).shift_cm1
    24.0
    """
    steps = math.floor(pooling.shift_cm1 / stride_cm1 + 0.5)
    return ShiftPooling(round(steps * stride_cm1, 9))

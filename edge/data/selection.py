"""Which of a source's spectra a command works on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from edge.data.block import Block
from edge.data.sample import Fault, Sample
from edge.data.sources import read_data, read_pieces
from edge.errors import DataError


def read_all(paths: Iterable[Path]) -> Iterator[Sample | Fault]:
    """Yield the spectra of several sources; one that cannot be read at all is a fault."""
    for path in paths:
        try:
            yield from read_data(path)
        except DataError as error:
            yield Fault(error.source, 0, error.reason)


def read_all_blocks(paths: Iterable[Path]) -> Iterator[Block | Fault]:
    """Yield the spectra of several sources as `read_all` does, in blocks that share an axis."""
    for path in paths:
        try:
            for piece in read_pieces(path):
                yield Block.of(piece) if isinstance(piece, Sample) else piece
        except DataError as error:
            yield Fault(error.source, 0, error.reason)


def draw(samples: list[Sample], count: int | None, seed: int) -> list[Sample]:
    """Return `count` samples drawn without repetition, in random order; all if `count` is None.

    The same samples, count and seed give the same draw, so that what is sent over a serial
    line can be evaluated directly as well.
    """
    order = np.random.default_rng(seed).permutation(len(samples))[:count]
    return [samples[index] for index in order]

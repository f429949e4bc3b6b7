"""The head: one linear softmax layer over the backbone's embedding, in numpy.

Refitting it never touches the backbone; at inference it costs some tens of microseconds,
telling the unknown included.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.confidence import Confidence, softmax
from edge.errors import HeadError
from edge.novelty import Centres, Novelty, Weights
from edge.npz import DAMAGE, open_npz

__all__ = ["Head", "pack_head", "softmax", "unpack_head"]

_CENTRES = "novelty_centres"
_CALLING_THREAD = 2**18  # multiplications: OpenBLAS starts threads above that


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear softmax layer, calibrated.

    Parameters
    ----------
    weights : (D, K) float32
    bias : (K,) float32
    classes : (K,) names of the minerals, in the order of the columns
    backbone_id : sha256 of the fp32 ONNX whose embeddings it reads
    temperature : logits are divided by it; fitted on validation folds
    known_probability : a largest probability below this means "never seen such a thing", where
        there is no `novelty`; 95 % of the validation spectra lie above
    set_probability : classes at least this probable form the prediction set, which held the truth
        for the share of validation spectra that the manifest tells (split conformal, least
        ambiguous sets)
    version : counts the refits of this head
    slope : the log-odds of the largest probability are multiplied with it
    offset : and this is added; fitted on validation folds, as `temperature`
    novelty : what tells the unknown; None in bundles made before there was any

    Attributes
    ----------
    confidence : what makes probabilities of logits

    Raises
    ------
    HeadError
        If the arrays do not fit each other or hold values that are not numbers.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    classes: tuple[str, ...]
    backbone_id: str
    temperature: float = 1.0
    known_probability: float = 0.0
    set_probability: float = 0.0
    version: int = 1
    slope: float = 1.0
    offset: float = 0.0
    novelty: Novelty | None = None
    confidence: Confidence = field(init=False, repr=False)

    def __post_init__(self) -> None:
        classes = len(self.classes)
        if not classes:
            raise HeadError("a head without classes")
        if (
            self.weights.ndim != 2
            or self.weights.shape[1] != classes
            or self.bias.shape != (classes,)
        ):
            raise HeadError(
                f"weights {self.weights.shape} and bias {self.bias.shape} do not fit "
                f"{classes} classes"
            )
        if len(set(self.classes)) != classes:
            raise HeadError("two classes have the same name")
        if not (np.isfinite(self.weights).all() and np.isfinite(self.bias).all()):
            raise HeadError("weights hold values that are not numbers")
        if self.novelty is not None and self.novelty.centres.points.shape[0] != classes:
            raise HeadError(
                f"novelty statistics of {self.novelty.centres.points.shape[0]} classes do not fit "
                f"{classes} classes"
            )
        # refuses what is no temperature, slope or offset
        confidence = Confidence(self.temperature, self.slope, self.offset)
        object.__setattr__(self, "confidence", confidence)

    @property
    def embedding_size(self) -> int:
        """D, the length of the embedding this head reads."""
        return int(self.weights.shape[0])

    def probabilities(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return calibrated class probabilities.

        Parameters
        ----------
        embedding : (N, D) float32

        Returns
        -------
        (N, K) float32, rows sum to one
        """
        if embedding.ndim != 2 or embedding.shape[1] != self.embedding_size:
            raise HeadError(f"expected (N, {self.embedding_size}), got {embedding.shape}")
        return self.confidence.probabilities(_product(embedding, self.weights) + self.bias)

    def known(
        self, probabilities: NDArray[np.float32], embedding: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Return whether anything like spectra was seen in training, (N,) bool.

        Parameters
        ----------
        probabilities : (N, K), as `probabilities` gives them
        embedding : (N, D) float32
        """
        known: NDArray[np.bool_]
        if self.novelty is None:
            known = probabilities.max(axis=1) >= self.known_probability
        else:
            known = self.novelty.familiarity(probabilities, embedding) >= self.novelty.least
        return known


def _product(embedding: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `embedding @ weights`, computed in the calling thread.

    OpenBLAS gives larger products to threads of its own. They gain nothing here, and where several
    threads classify, or a core is busy, they wait for each other longer than the product takes.
    """
    rows = max(1, _CALLING_THREAD // weights.size)
    if len(embedding) <= rows:
        return embedding @ weights
    product = np.empty((len(embedding), weights.shape[1]), np.result_type(embedding, weights))
    for start in range(0, len(embedding), rows):
        some = slice(start, start + rows)
        np.matmul(embedding[some], weights, out=product[some])
    return product


def pack_head(head: Head) -> bytes:
    """Return the bytes of `head.npz`, weights in float16.

    What is measured of a head is to be measured after packing and unpacking it.
    """
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        **_novelty_arrays(head.novelty),
        weights=_as_float16(head.weights),
        bias=head.bias,
        classes=np.array(head.classes),
        backbone_id=np.array(head.backbone_id),
        temperature=np.float64(head.temperature),
        known_probability=np.float64(head.known_probability),
        set_probability=np.float64(head.set_probability),
        version=np.int64(head.version),
        slope=np.float64(head.slope),
        offset=np.float64(head.offset),
    )
    return buffer.getvalue()


def unpack_head(content: bytes) -> Head:
    """Read the bytes of `head.npz`, with or without what later versions added.

    Raises
    ------
    HeadError
        If an array is missing, of the wrong kind, or contradicts another.
    """
    try:
        with open_npz(content) as arrays:
            return Head(
                weights=arrays["weights"].astype(np.float32),
                bias=arrays["bias"].astype(np.float32),
                classes=tuple(str(name) for name in arrays["classes"]),
                backbone_id=str(arrays["backbone_id"]),
                temperature=float(arrays["temperature"]),
                known_probability=float(arrays["known_probability"]),
                set_probability=float(arrays["set_probability"]),
                version=int(arrays["version"]),
                slope=float(arrays["slope"]) if "slope" in arrays else 1.0,
                offset=float(arrays["offset"]) if "offset" in arrays else 0.0,
                novelty=_novelty(arrays) if _CENTRES in arrays else None,
            )
    except (KeyError, TypeError, AttributeError, *DAMAGE) as error:
        raise HeadError(f"head.npz is not readable: {error}") from error


def _as_float16(weights: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """Return weights (D, K) in float16; as they are where one is too large for it."""
    if np.abs(weights).max(initial=0.0) > np.finfo(np.float16).max:
        return weights
    return weights.astype(np.float16)


def _novelty_arrays(novelty: Novelty | None) -> dict[str, Any]:
    if novelty is None:
        return {}
    weights = novelty.weights
    return {
        _CENTRES: novelty.centres.points.astype(np.float16),
        "novelty_projection": novelty.centres.projection.astype(np.float16),
        "novelty_weights": np.array([weights.intercept, weights.distance, weights.strongest]),
        "novelty_least": np.float64(novelty.least),
    }


def _novelty(arrays: Mapping[str, NDArray[Any]]) -> Novelty:
    intercept, distance, strongest = (float(value) for value in arrays["novelty_weights"])
    return Novelty(
        centres=Centres(
            projection=arrays["novelty_projection"].astype(np.float32),
            points=arrays[_CENTRES].astype(np.float32),
        ),
        weights=Weights(intercept, distance, strongest),
        least=float(arrays["novelty_least"]),
    )

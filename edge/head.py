"""The head: one linear softmax layer over the backbone's embedding, in numpy.

Refitting it never touches the backbone; at inference it costs some ten microseconds.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import HeadError
from edge.npz import DAMAGE


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
    known_probability : a largest probability below this means "never seen such a thing";
        95 % of the validation spectra lie above
    set_probability : classes at least this probable form the prediction set, which held
        the truth for 90 % of the validation spectra (split conformal, least ambiguous sets)
    version : counts the refits of this head

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
        if not self.temperature > 0:
            raise HeadError(f"temperature must be positive, got {self.temperature}")

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
        return softmax((embedding @ self.weights + self.bias) / np.float32(self.temperature))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax over the last axis, safe from overflow.

    >>> softmax(np.array([[1000.0, 1000.0]], dtype=np.float32))
    array([[0.5, 0.5]], dtype=float32)
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    scaled: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return scaled


def pack_head(head: Head) -> bytes:
    """Return the bytes of `head.npz`."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        weights=head.weights,
        bias=head.bias,
        classes=np.array(head.classes),
        backbone_id=np.array(head.backbone_id),
        temperature=np.float64(head.temperature),
        known_probability=np.float64(head.known_probability),
        set_probability=np.float64(head.set_probability),
        version=np.int64(head.version),
    )
    return buffer.getvalue()


def unpack_head(content: bytes) -> Head:
    """Read the bytes of `head.npz`.

    Raises
    ------
    HeadError
        If an array is missing, of the wrong kind, or contradicts another.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return Head(
                weights=arrays["weights"].astype(np.float32),
                bias=arrays["bias"].astype(np.float32),
                classes=tuple(str(name) for name in arrays["classes"]),
                backbone_id=str(arrays["backbone_id"]),
                temperature=float(arrays["temperature"]),
                known_probability=float(arrays["known_probability"]),
                set_probability=float(arrays["set_probability"]),
                version=int(arrays["version"]),
            )
    except (KeyError, TypeError, AttributeError, *DAMAGE) as error:
        raise HeadError(f"head.npz is not readable: {error}") from error

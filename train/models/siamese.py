"""A Siamese network: spectra of one mineral lie close together, those of two far apart.

Koch, Zemel and Salakhutdinov 2015; on spectra Liu et al. (Chemom. Intell. Lab. Syst. 2019, 184,
175); Soysal et al. 2025 weigh it against the refitting of a softmax. They print no layers. Here the
tower is the three convolutions of Soysal et al.'s CNN, a dense layer, and unit norm.

*Training.* In each step every spectrum of the batch is paired with one training spectrum of each
mineral, drawn anew; the same tower reads both twins, and the loss is the cross-entropy of a softmax
over the negative squared distances of the pairs: the contrastive loss with one pair of the same
and K − 1 of different minerals at a time (Sohn 2016; a prototypical network of one shot, Snell et
al. 2017). A pair at a time, as in Koch et al., learns the same and much slower.

*Classification.* A mineral is the mean μ of its training spectra's embeddings, and the nearest
mean wins. Of −s‖f − μ‖² only s(2μ·f − ‖μ‖²) differs between minerals, which is linear in f: a head
of weights 2sμ and biases −s‖μ‖². So it is a model like any other, and a mineral can be added in
the field. Comparing with every mean costs O(k), as in any Siamese network, and so does a head.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from train.model_parts import SiameseModelPart
from train.models.base import Model

_BATCH = 256
_FARTHEST = 4.0  # squared, of unit vectors
_FORGETTING = 0.1  # of the means that follow the training, a step


class Siamese(Model):
    """Three convolutions with pooling, a dense layer, unit norm; a head of class means.

    Parameters
    ----------
    part : the recipe's `[model]`
    bands : B, points of the grid
    classes : K
    """

    source: ClassVar[str] = (
        "Koch et al. 2015; on spectra Liu et al. 2019; the tower of Soysal et al. 2025"
    )
    last_convolution = "convolution3"

    def __init__(self, part: SiameseModelPart, bands: int, classes: int) -> None:
        super().__init__(part.embedding_size, classes)
        self.sharpness = part.sharpness
        self.convolution1 = nn.Conv2d(1, 16, (1, 21), padding=(0, 10))
        self.convolution2 = nn.Conv2d(16, 32, (1, 11), padding=(0, 5))
        self.convolution3 = nn.Conv2d(32, 64, (1, 5), padding=(0, 2))
        self.pool = nn.MaxPool2d((1, 2))
        self.dense = nn.Linear(64 * (bands // 8), part.embedding_size)
        self._twins: Tensor | None = None
        self._twin_ids: Tensor | None = None

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, D) of unit norm of preprocessed spectra (N, 1, B)."""
        x = intensity[:, None]  # (N, 1, 1, B)
        x = self.pool(functional.leaky_relu(self.convolution1(x)))  # (N, 16, 1, B/2)
        x = self.pool(functional.leaky_relu(self.convolution2(x)))  # (N, 32, 1, B/4)
        x = self.pool(functional.leaky_relu(self.convolution3(x)))  # (N, 64, 1, B/8)
        return functional.normalize(self.dense(x.flatten(1)))  # (N, D)

    def views(self, intensity: Tensor) -> tuple[Tensor, ...]:
        """Return logits (N, K): distances to one twin of each mineral, drawn anew."""
        if self._twins is None or self._twin_ids is None:
            return (self(intensity),)
        drawn, known = draw_one_each(self._twin_ids, self.head.out_features)  # (K,), (K,)
        both = self.embed(torch.cat([intensity, self._twins[drawn]]))  # (N + K, D)
        asked, twins = both[: len(intensity)], both[len(intensity) :]  # (N, D), (K, D)
        means = self.head.weight.detach() / (2 * self.sharpness)  # (K, D)
        self._set_means(means.lerp(twins.detach(), _FORGETTING), known)
        logits = 2 * self.sharpness * (asked @ twins.T - 1)  # (N, K): −s‖a − b‖² of unit vectors
        return (logits.masked_fill(~known, -_FARTHEST * self.sharpness),)

    def start_from(self, intensity: Tensor, class_ids: Tensor) -> None:
        """Keep the training spectra (n, 1, B): the twins are drawn from them."""
        self._twins, self._twin_ids = intensity, class_ids
        self._means_of(intensity, class_ids)

    def finish_from(self, intensity: Tensor, class_ids: Tensor) -> None:
        """Set the head to the means of the training spectra, and let those go."""
        self._twins = self._twin_ids = None
        self._means_of(intensity, class_ids)

    @torch.no_grad()
    def _means_of(self, intensity: Tensor, class_ids: Tensor) -> None:
        embedding = torch.cat([self.embed(part) for part in torch.split(intensity, _BATCH)])
        own = functional.one_hot(class_ids, self.head.out_features).to(embedding)  # (n, K)
        counts = own.sum(dim=0)  # (K,)
        self._set_means(own.T @ embedding / counts.clamp_min(1)[:, None], counts > 0)

    @torch.no_grad()
    def _set_means(self, means: Tensor, known: Tensor) -> None:
        """Set the head to means (K, D); a mineral without spectra is farther than any other."""
        bias = torch.where(known, -means.square().sum(dim=1), -_FARTHEST)
        self.head.weight.copy_(2 * self.sharpness * means * known[:, None])
        self.head.bias.copy_(self.sharpness * bias)


def draw_one_each(class_ids: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Draw one spectrum of each class.

    Parameters
    ----------
    class_ids : (n,)
    classes : K

    Returns
    -------
    (K,) positions, any for a class without spectra; (K,) bool, which classes have some
    """
    own = class_ids == torch.arange(classes)[:, None]  # (K, n)
    drawn = (torch.rand(own.shape) + own).argmax(dim=1)  # (K,)
    return drawn, own.any(dim=1)

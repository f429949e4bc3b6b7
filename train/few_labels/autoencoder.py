"""A sparse autoencoder of spectra, frozen, and a classifier that reads its code.

Soysal et al. 2025, §7: dense layers only, a code of 256 values, squared error and sparsity. It is
trained without labels on spectra that the classifier is not trained on.

What the paper leaves open, and what is chosen here: one layer of 512 with ReLU on each side of the
code; the code is not negative (ReLU), and the mean of its values times a weight is the sparsity
loss; the classifier is what follows the convolutions in the paper's CNN, a dense tanh layer of 2048
with dropout and the softmax. So of the recipe the network is not used, only how it is trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from train.dataset import Dataset
from train.evaluate import Predict, logits_of
from train.few_labels.labels import Tell, check_labels, check_unlabelled, half
from train.few_labels.rest import train_rest
from train.few_labels.supply import Supply
from train.models import Model
from train.recipe import Recipe
from train.schedule import OneCycle

_METHOD = "an autoencoder"
_HIDDEN = 512
_DENSE = 2048


@dataclass(frozen=True, slots=True)
class AutoencoderSettings:
    """What the recipe does not say.

    Parameters
    ----------
    code_size : values of the code
    epochs : passes of the autoencoder over the unlabelled spectra
    learning_rate : of the autoencoder
    sparsity : weight of the code's mean beside the squared error
    dropout : share of the classifier's dense layer dropped in training
    """

    code_size: int = 256
    epochs: int = 100
    learning_rate: float = 1e-3
    sparsity: float = 1e-3
    dropout: float = 0.5


class Autoencoder(nn.Module):
    """Dense layers down to a code and up again.

    Parameters
    ----------
    bands : B, points of the grid
    code_size : H
    """

    def __init__(self, bands: int, code_size: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(bands, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, code_size), nn.ReLU()
        )
        self.decoder = nn.Sequential(
            nn.Linear(code_size, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, bands)
        )

    def forward(self, intensity: Tensor) -> tuple[Tensor, Tensor]:
        """Return spectra (N, B) rebuilt from (N, B), and their codes (N, H)."""
        code = self.encoder(intensity)  # (N, H)
        return self.decoder(code), code


class CodeClassifier(Model):
    """A frozen encoder, a dense tanh layer of 2048, dropout, a linear head.

    Parameters
    ----------
    encoder : (N, B) → (N, H)
    settings : of the autoencoder
    classes : K
    """

    def __init__(self, encoder: nn.Module, settings: AutoencoderSettings, classes: int) -> None:
        super().__init__(_DENSE, classes)
        self.encoder = encoder.requires_grad_(False)
        self.norm = nn.BatchNorm1d(settings.code_size)
        self.dense = nn.Linear(settings.code_size, _DENSE)
        self.dropout = nn.Dropout(settings.dropout)

    def embed(self, intensity: Tensor, lag_mask: Tensor | None = None) -> Tensor:
        """Return embeddings (N, 2048) of preprocessed spectra (N, 1, B)."""
        code = self.norm(self.encoder(intensity[:, 0]))  # (N, H)
        embedding: Tensor = self.dropout(torch.tanh(self.dense(code)))  # (N, 2048)
        return embedding


def fit_autoencoder(
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    seed: int,
    tell: Tell,
    settings: AutoencoderSettings = AutoencoderSettings(),
) -> Predict:
    """Train an autoencoder on unlabelled spectra and a classifier of its code on labelled ones.

    Parameters
    ----------
    recipe : augmentation, and how the classifier is trained
    dataset : all spectra
    labelled : (n,) positions of spectra whose label is used; the autoencoder does not see them
    unlabelled : (m,) positions of spectra whose label is not looked at
    seed : of first weights, order, augmentation
    tell : told after each epoch
    settings : of the autoencoder

    Raises
    ------
    TooFewLabelsError
        If a mineral has no labelled spectrum.
    NoUnlabelledError
        If there are fewer than two unlabelled spectra.
    """
    check_labels(dataset, labelled)
    told = half(tell, 0.0, "autoencoder")
    encoder = train_autoencoder(recipe, dataset, unlabelled, seed, told, settings).encoder
    model = CodeClassifier(encoder, settings, len(dataset.classes))
    train_rest(model, recipe, dataset, labelled, seed, half(tell, 0.5, "classifier"))

    def predict(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
        return logits_of(model, intensity)

    return predict


def train_autoencoder(
    recipe: Recipe,
    dataset: Dataset,
    unlabelled: NDArray[np.int64],
    seed: int,
    tell: Tell,
    settings: AutoencoderSettings = AutoencoderSettings(),
) -> Autoencoder:
    """Train an autoencoder; arguments and errors as of `fit_autoencoder`."""
    check_unlabelled(_METHOD, unlabelled, least=2)
    torch.manual_seed(seed)
    supply = Supply(recipe, dataset, unlabelled, torch.Generator().manual_seed(seed))
    autoencoder = Autoencoder(dataset.grid.count, settings.code_size)
    count = min(recipe.fit.batch_size, len(supply))
    per_epoch = -(-len(supply) // count)
    optimizer = torch.optim.Adam(autoencoder.parameters(), settings.learning_rate, fused=True)
    rate = OneCycle(optimizer, settings.epochs * per_epoch)
    for epoch in range(1, settings.epochs + 1):
        for _ in range(per_epoch):
            intensity = supply.next(count)[0][:, 0]  # (n, B)
            rebuilt, code = autoencoder(intensity)  # (n, B), (n, H)
            loss = functional.mse_loss(rebuilt, intensity) + settings.sparsity * code.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rate.after_step()
        tell(epoch / settings.epochs, f"epoch {epoch} loss {loss.item():.4f}")
    return autoencoder.eval()

"""SimCLR for spectra: an encoder learned without labels, frozen, and a linear head on top.

Soysal et al. 2025, §6.1 and supplement eq. 19–20, after Chen et al. 2020: each spectrum of a batch
is augmented twice; the encoder (any backbone of the registry) and a projection map both views, and
the cosine of a pair is raised against the 2(N − 1) others by the NT-Xent loss. Then the projection
is discarded, the encoder frozen, and a head fitted on the labelled spectra.

What the paper leaves open, and what is chosen here: τ = 0.1; a projection of one hidden layer
with ReLU, 256 and 128 values; AdamW on one cycle of the learning rate; the head is a logistic
regression on the embeddings of the labelled spectra and of augmented copies, its C fixed. Labelled
spectra serve for the encoder too, without their labels. Views are augmented as the recipe says.
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
from train.few_labels.labels import Tell, check_labels, check_single, check_unlabelled
from train.few_labels.linear_head import fit_head
from train.few_labels.supply import Supply
from train.models import Model, make_model
from train.recipe import Recipe
from train.schedule import OneCycle

_METHOD = "contrastive learning"


@dataclass(frozen=True, slots=True)
class ContrastiveSettings:
    """What the recipe does not say.

    Parameters
    ----------
    temperature : τ of the NT-Xent loss
    hidden_size, projection_size : of the projection
    copies : augmented copies of each labelled spectrum that the head is fitted on
    c : inverse of the penalty on the head's weights
    """

    temperature: float = 0.1
    hidden_size: int = 256
    projection_size: int = 128
    copies: int = 4
    c: float = 1.0


def fit_contrastive(
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    seed: int,
    tell: Tell,
    settings: ContrastiveSettings = ContrastiveSettings(),
) -> Predict:
    """Learn an encoder without labels and fit a head with them.

    Parameters
    ----------
    recipe : of a network of single spectra; its augmentation, batch size, epochs, learning rate
    dataset : all spectra
    labelled : (n,) positions of spectra whose label is used
    unlabelled : (m,) positions of spectra whose label is not looked at
    seed : of first weights, order, augmentation
    tell : told after each epoch
    settings : of the loss and the head

    Raises
    ------
    TooFewLabelsError
        If a mineral has no labelled spectrum.
    NoUnlabelledError
        If there is no unlabelled spectrum.
    RecipeError
        If the recipe is of no network, or of one of sequences.
    """
    check_labels(dataset, labelled)
    check_unlabelled(_METHOD, unlabelled)
    seen = np.concatenate([labelled, unlabelled])
    encoder = pretrain(recipe, dataset, seen, seed, tell, settings)
    return classify_by(encoder, recipe, dataset, labelled, seed, settings)


def pretrain(
    recipe: Recipe,
    dataset: Dataset,
    seen: NDArray[np.int64],
    seed: int,
    tell: Tell,
    settings: ContrastiveSettings = ContrastiveSettings(),
) -> Model:
    """Return a model whose embedding was learned without any label; its head is untrained.

    Parameters
    ----------
    seen : (n,) positions to learn from
    recipe, dataset, seed, tell, settings : as of `fit_contrastive`

    Raises
    ------
    NoUnlabelledError
        If there are fewer than two spectra: the others of a batch are what one is told apart from.
    RecipeError
        As `fit_contrastive`.
    """
    check_unlabelled(_METHOD, seen, least=2)
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    model = make_model(recipe, len(dataset.classes))
    check_single(recipe.name, model)
    projection = nn.Sequential(
        nn.Linear(model.embedding_size, settings.hidden_size),
        nn.ReLU(),
        nn.Linear(settings.hidden_size, settings.projection_size),
    )
    supply = Supply(recipe, dataset, seen, random)
    count = min(recipe.fit.batch_size, len(supply))
    per_epoch = -(-len(supply) // count)
    optimizer = torch.optim.AdamW(
        [*model.parameters(), *projection.parameters()],
        recipe.fit.learning_rate,
        weight_decay=recipe.fit.weight_decay,
        fused=True,
    )
    rate = OneCycle(optimizer, recipe.fit.epochs * per_epoch)
    model.train()
    for epoch in range(1, recipe.fit.epochs + 1):
        for _ in range(per_epoch):
            views = torch.cat(supply.next_pair(count))  # (2n, 1, B)
            loss = nt_xent(projection(model.embed(views)), settings.temperature)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
            optimizer.step()
            rate.after_step()
        tell(epoch / recipe.fit.epochs, f"epoch {epoch} loss {loss.item():.2f}")
    return model.eval()


def classify_by(
    encoder: Model,
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    seed: int,
    settings: ContrastiveSettings = ContrastiveSettings(),
) -> Predict:
    """Fit the head of a frozen encoder anew; the encoder may serve for several sets of labels.

    Parameters
    ----------
    encoder : as `pretrain` returns it
    labelled : (n,) positions of spectra whose label is used
    recipe, dataset, seed, settings : as of `fit_contrastive`

    Raises
    ------
    TooFewLabelsError
        If a mineral has no labelled spectrum.
    """
    check_labels(dataset, labelled)
    plain = torch.from_numpy(dataset.intensity[labelled])[:, None]  # (n, 1, B)
    class_ids = torch.from_numpy(dataset.class_ids[labelled])
    encoder.eval().finish_from(plain, class_ids)
    supply = Supply(recipe, dataset, labelled, torch.Generator().manual_seed(seed))
    batches = [(plain, class_ids)] + [supply.next(len(labelled)) for _ in range(settings.copies)]
    fit_head(encoder, batches, settings.c)

    def predict(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
        return logits_of(encoder, intensity)

    return predict


def nt_xent(projected: Tensor, temperature: float) -> Tensor:
    """Return the normalized, temperature-scaled cross-entropy, nats, mean over all 2N views.

    Parameters
    ----------
    projected : (2N, Z); row i and row i + N are views of one spectrum
    temperature : τ

    >>> nt_xent(torch.eye(4)[[0, 1, 0, 1]], 0.5).item() < nt_xent(torch.eye(4), 0.5).item()
    True
    """
    unit = functional.normalize(projected, dim=1)  # (2N, Z)
    similar = unit @ unit.T / temperature  # (2N, 2N)
    similar = similar.masked_fill(torch.eye(len(unit), dtype=torch.bool), -torch.inf)
    other_view = torch.arange(len(unit)).roll(len(unit) // 2)  # (2N,)
    return functional.cross_entropy(similar, other_view)

"""A semi-supervised GAN: a classifier that also tells generated spectra from real ones.

Soysal et al. 2025, §6.1 and supplement eq. 18, after Odena 2016: any network of the registry with
K + 1 outputs, the last for generated spectra, is trained on

- labelled spectra by −log p(y | x, y ≤ K), weighted by class as in the recipe,
- unlabelled ones by −log(1 − p(K+1 | x)),
- generated ones by −log p(K+1 | x).

What the paper leaves open, and what is chosen here: the labelled spectra serve as real ones too;
the generator of `generator.py` is trained on −log(1 − p(K+1)) of its spectra and, after Salimans et
al. 2016, on the distance of their mean embedding from that of real ones; both networks by Adam, the
classifier on the schedule of the recipe. An epoch is one pass over labelled and unlabelled spectra.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.dataset import Dataset
from train.evaluate import Predict, logits_of
from train.few_labels.generator import Generator
from train.few_labels.labels import Tell, check_labels, check_single, check_unlabelled
from train.few_labels.supply import Supply
from train.loop import class_weights
from train.models import Model, make_model
from train.recipe import Recipe
from train.schedule import OneCycle

_METHOD = "a semi-supervised GAN"


@dataclass(frozen=True, slots=True)
class SganSettings:
    """What the recipe does not say.

    Parameters
    ----------
    latent_size : values a spectrum is generated from
    generator_rate : learning rate of the generator
    real_weight : of the two losses that tell real from generated, beside the labelled one
    matching_weight : of the distance of mean embeddings in the generator's loss
    """

    latent_size: int = 128
    generator_rate: float = 1e-3
    real_weight: float = 1.0
    matching_weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Sgan:
    """A trained pair.

    Parameters
    ----------
    discriminator : gives K + 1 logits
    generator : of spectra
    """

    discriminator: Model
    generator: Generator

    def predict(self, intensity: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits (N, K) float32 of preprocessed spectra (N, B), as all are real."""
        return logits_of(self.discriminator, intensity)[:, :-1]

    @torch.no_grad()
    def generate(self, count: int, seed: int) -> NDArray[np.float32]:
        """Return (count, B) float32 generated spectra, maximum one."""
        latent = torch.randn(
            count, self.generator.latent_size, generator=torch.Generator().manual_seed(seed)
        )
        spectra: NDArray[np.float32] = self.generator.eval()(latent)[:, 0].numpy()
        return spectra


def fit_sgan(
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    seed: int,
    tell: Tell,
    settings: SganSettings = SganSettings(),
) -> Predict:
    """Train a semi-supervised GAN and return its classifier; arguments as of `train_sgan`."""
    return train_sgan(recipe, dataset, labelled, unlabelled, seed, tell, settings).predict


def train_sgan(
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    unlabelled: NDArray[np.int64],
    seed: int,
    tell: Tell,
    settings: SganSettings = SganSettings(),
) -> Sgan:
    """Train a semi-supervised GAN.

    Parameters
    ----------
    recipe : of a network of single spectra; its augmentation, batch size, epochs, learning rate
    dataset : all spectra
    labelled : (n,) positions of spectra whose label is used
    unlabelled : (m,) positions of spectra whose label is not looked at
    seed : of first weights, order, augmentation, latent values
    tell : told after each epoch
    settings : of the generator

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
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    classes = len(dataset.classes)
    model = make_model(recipe, classes + 1)
    check_single(recipe.name, model)
    plain = torch.from_numpy(dataset.intensity[labelled])[:, None]  # (n, 1, B)
    class_ids = torch.from_numpy(dataset.class_ids[labelled])
    model.start_from(plain, class_ids)
    known = Supply(recipe, dataset, labelled, random)
    real = Supply(recipe, dataset, np.concatenate([labelled, unlabelled]), random)
    per_epoch = -(-len(real) // recipe.fit.batch_size)
    game = _Game(recipe, model, class_weights_of(recipe, class_ids, classes), settings, per_epoch)
    for epoch in range(1, recipe.fit.epochs + 1):
        for _ in range(per_epoch):
            game.play(known, real)
        tell(epoch / recipe.fit.epochs, f"epoch {epoch} {game}")
    model.eval().finish_from(plain, class_ids)
    return Sgan(model, game.generator)


def class_weights_of(recipe: Recipe, class_ids: Tensor, classes: int) -> Tensor:
    """Return (K,) weights of the classes, by the power that the recipe names."""
    return class_weights(class_ids, classes, recipe.fit.class_weight_power)


class _Game:
    """Both networks and their optimizers."""

    def __init__(
        self,
        recipe: Recipe,
        model: Model,
        weights: Tensor,
        settings: SganSettings,
        steps_per_epoch: int,
    ) -> None:
        self._model, self._part, self._weights = model, recipe.fit, weights
        self._settings = settings
        self.generator = Generator(settings.latent_size, recipe.preprocess.count)
        self._classifying = torch.optim.AdamW(
            model.parameters(),
            recipe.fit.learning_rate,
            weight_decay=recipe.fit.weight_decay,
            fused=True,
        )
        self._rate = OneCycle(self._classifying, recipe.fit.epochs * steps_per_epoch)
        self._generating = torch.optim.Adam(
            self.generator.parameters(), settings.generator_rate, betas=(0.5, 0.99), fused=True
        )
        self._losses = (0.0, 0.0, 0.0)

    def __str__(self) -> str:
        return "losses {:.2f} labelled, {:.2f} real or not, {:.2f} generator".format(*self._losses)

    def play(self, known: Supply, real: Supply) -> None:
        """Make one step of the classifier, and one of the generator."""
        count = self._part.batch_size
        self._model.train()
        intensity, class_ids = known.next(count)  # (n, 1, B), (n,)
        seen, _ = real.next(count)  # (n, 1, B)
        made = self.generator(torch.randn(count, self._settings.latent_size))  # (n, 1, B)
        embedding = self._model.embed(torch.cat([intensity, seen, made.detach()]))  # (3n, D)
        logits = self._model.head(embedding)  # (3n, K+1)
        labelled = functional.cross_entropy(
            logits[:count, :-1],
            class_ids,
            self._weights,
            label_smoothing=self._part.label_smoothing,
        )
        margin = realness(logits[count:])  # (2n,)
        real_or_not = functional.softplus(-margin[:count]).mean()
        real_or_not = real_or_not + functional.softplus(margin[count:]).mean()
        loss = labelled + self._settings.real_weight * real_or_not
        self._classifying.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self._classifying.step()
        self._rate.after_step()
        like = embedding[count : 2 * count].detach().mean(dim=0)  # (D,)
        self._losses = (labelled.item(), real_or_not.item(), self._improve(made, like))

    def _improve(self, made: Tensor, like: Tensor) -> float:
        """Make one step of the generator, towards embeddings of the mean (D,); return its loss."""
        for parameter in self._model.parameters():
            parameter.requires_grad_(False)  # spares a third of the work
        embedding = self._model.embed(made)  # (n, D)
        margin = realness(self._model.head(embedding))  # (n,)
        apart = (embedding.mean(dim=0) - like).square().mean()
        loss = functional.softplus(-margin).mean() + self._settings.matching_weight * apart
        self._generating.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self._generating.step()
        for parameter in self._model.parameters():
            parameter.requires_grad_(True)
        return loss.item()


def realness(logits: Tensor) -> Tensor:
    """Return log(1 − p) − log p (N,) of the last class's probability p, from logits (N, K+1).

    So −log(1 − p(K+1)) is the softplus of its negative, and −log p(K+1) that of itself.

    >>> realness(torch.tensor([[0.0, 0.0, 0.0]]))
    tensor([0.6931])
    """
    return torch.logsumexp(logits[:, :-1], dim=1) - logits[:, -1]

"""Claims of Soysal et al. 2025 on few labels, low-level features and transfer: §6 to §8."""

from __future__ import annotations

from itertools import pairwise

from train.reproduction.claim import Claim
from train.reproduction.claim_gains import Shrinks
from train.reproduction.claim_rules import All, Higher, InBothProtocols, Rule, row

_METHODS = {"sgan": "table7", "contrastive": "table8", "autoencoder": "table10"}
_NEW = (5, 10, 15, 20)


def _over_supervised(method: str, percents: tuple[int, ...], specimen: bool) -> Rule:
    target = _METHODS[method]
    return All(
        {
            f"{percent} %": Higher(
                row(target, f"{method}.{percent}", specimen=specimen),
                row(target, f"supervised.{percent}", specimen=specimen),
            )
            for percent in percents
        }
    )


def _eleven(specimen: bool) -> Rule:
    return Higher(
        row("table7", "sgan.10", specimen=specimen),
        row("table7", "supervised.10", specimen=specimen),
        by=5.5,
    )


def _shrinks(method: str, specimen: bool) -> Rule:
    target = _METHODS[method]
    before, after = (
        (
            row(target, f"{method}.{percent}", specimen=specimen),
            row(target, f"supervised.{percent}", specimen=specimen),
        )
        for percent in (10, 50)
    )
    return Shrinks(before, after)


def _below_supervised(specimen: bool) -> Rule:
    return All(
        {
            f"{percent} %": Higher(
                row("table10", f"supervised.{percent}", specimen=specimen),
                row("table10", f"autoencoder.{percent}", specimen=specimen),
            )
            for percent in (20, 30, 40, 50)
        }
    )


def _close_at_10(specimen: bool) -> Rule:
    return Higher(
        row("table10", "autoencoder.10", specimen=specimen),
        row("table10", "supervised.10", specimen=specimen),
        by=-3.0,
    )


def _few_suffice(specimen: bool) -> Rule:
    few, some, whole = (row("table9", key, specimen=specimen) for key in ("80", "200", "all"))
    return All(
        {
            "200 at most 3 points below all": Higher(some, whole, by=-3.0),
            "80 below 200": Higher(some, few),
        }
    )


def _cnn(count: int, key: str, specimen: bool) -> str:
    return row("table11", f"cnn.c{count}.{key}", specimen=specimen)


def _new_as_old(specimen: bool) -> Rule:
    return Higher(_cnn(5, "printed", specimen), _cnn(5, "before", specimen), by=-3.0)


def _falls(specimen: bool) -> Rule:
    return All(
        {
            f"{few} over {many}": Higher(
                _cnn(few, "printed", specimen), _cnn(many, "printed", specimen)
            )
            for few, many in pairwise(_NEW)
        }
    )


def _over_references(specimen: bool) -> Rule:
    return All(
        {
            f"c = {count}": Higher(
                _cnn(count, "printed", specimen), _cnn(count, "exemplars", specimen)
            )
            for count in _NEW
        }
    )


CLAIMS_ON_LABELS: tuple[Claim, ...] = (
    Claim(
        "sgan.few",
        "Soysal et al. 2025, §6.2, table 7",
        "A semi-supervised GAN is better than the supervised CNN at 10, 20 and 30 % of labels.",
        InBothProtocols(
            _over_supervised("sgan", (10, 20, 30), False),
            _over_supervised("sgan", (10, 20, 30), True),
        ),
    ),
    Claim(
        "sgan.eleven",
        "Soysal et al. 2025, abstract (iii)",
        "With 10 % of labels it adds up to 11 points (here: at least half of them).",
        InBothProtocols(_eleven(False), _eleven(True)),
    ),
    Claim(
        "sgan.shrinks",
        "Soysal et al. 2025, §6.2, table 7",
        "Its lead is smaller at 50 % of labels than at 10 %.",
        InBothProtocols(_shrinks("sgan", False), _shrinks("sgan", True)),
    ),
    Claim(
        "contrastive.few",
        "Soysal et al. 2025, §6.2, table 8",
        "Contrastive pre-training is better than the supervised CNN at 10, 20 and 30 % of labels.",
        InBothProtocols(
            _over_supervised("contrastive", (10, 20, 30), False),
            _over_supervised("contrastive", (10, 20, 30), True),
        ),
    ),
    Claim(
        "contrastive.shrinks",
        "Soysal et al. 2025, §6.2, table 8",
        "Its lead is smaller at 50 % of labels than at 10 %.",
        InBothProtocols(_shrinks("contrastive", False), _shrinks("contrastive", True)),
    ),
    Claim(
        "layers.few_samples",
        "Soysal et al. 2025, §7.2, table 9",
        "200 spectra suffice to learn the first two layers (within 3 points of all); 80 do not.",
        InBothProtocols(_few_suffice(False), _few_suffice(True)),
    ),
    Claim(
        "autoencoder.close",
        "Soysal et al. 2025, §7.2, table 10",
        "At 10 % of labels an autoencoder's code serves as well as the supervised CNN (3 points).",
        InBothProtocols(_close_at_10(False), _close_at_10(True)),
    ),
    Claim(
        "autoencoder.below",
        "Soysal et al. 2025, table 10",
        "From 20 % of labels on it is worse than the supervised CNN.",
        InBothProtocols(_below_supervised(False), _below_supervised(True)),
    ),
    Claim(
        "transfer.works",
        "Soysal et al. 2025, §8.2, table 11",
        "A new softmax alone tells 5 new minerals apart as well as the backbone does those it was "
        "trained on (3 points).",
        InBothProtocols(_new_as_old(False), _new_as_old(True)),
    ),
    Claim(
        "transfer.falls",
        "Soysal et al. 2025, §8.2, table 11",
        "The more new minerals there are, the worse it gets.",
        InBothProtocols(_falls(False), _falls(True)),
    ),
    Claim(
        "transfer.over_references",
        "Soysal et al. 2025, abstract (iv), §9 (4)",
        "A new softmax outperforms comparing with stored references on the same features.",
        InBothProtocols(_over_references(False), _over_references(True)),
    ),
)

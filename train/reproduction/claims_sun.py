"""Claims of Sun et al. 2021 on a phase transition: §4."""

from __future__ import annotations

from collections.abc import Sequence

from train.reproduction.claim import Claim
from train.reproduction.claim_rules import All, AtLeast, Higher, Rule, row

_TABLE, _BINS, _IMPORTANCE, _ATTENTION = (
    "hed-table1",
    "hed-fig4",
    "hed-importance",
    "hed-attention",
)
_NETWORKS = {
    "sun_fcnn": "FCNN",
    "sun_cnn": "CNN",
    "sun_resnet": "ResNets",
    "sun_lstm": "LSTM",
    "sun_transformer": "Transformer",
    "sun_sct": "SCT",
    "sun_sc": "SC",
}


def _most(target: str, key: str, name: str, others: Sequence[str] | None = None) -> Rule:
    """Return the rule that a network has more of something than each of the others."""
    return All(
        {
            f"over {_NETWORKS[other]}": Higher(
                row(target, f"{name}.{key}"), row(target, f"{other}.{key}")
            )
            for other in others or [one for one in _NETWORKS if one != name]
        }
    )


def _least(target: str, key: str, name: str, others: Sequence[str] | None = None) -> Rule:
    return All(
        {
            f"under {_NETWORKS[other]}": Higher(
                row(target, f"{other}.{key}"), row(target, f"{name}.{key}")
            )
            for other in others or [one for one in _NETWORKS if one != name]
        }
    )


_FAST = ("sun_lstm", "sun_transformer")
_SLOWER = tuple(name for name in _NETWORKS if name not in _FAST)

CLAIMS_OF_SUN: tuple[Claim, ...] = (
    Claim(
        "hed.confident",
        "Sun et al. 2021, §4.3, table 1",
        "All seven networks find one clear boundary: classification confidence 100 %.",
        All(
            {
                said: AtLeast(row(_TABLE, f"{name}.confidence"), 100.0, every_seed=True)
                for name, said in _NETWORKS.items()
            }
        ),
    ),
    Claim(
        "hed.boundaries",
        "Sun et al. 2021, §4.3, table 1",
        "All find a boundary, and these spread over no more than 4.3 % of the 349 spectra.",
        All(
            {
                "spread": AtLeast(row(_TABLE, "boundaries.spread"), 4.3, at_most=True),
                **{
                    said: AtLeast(row(_TABLE, f"{name}.confidence"), 1.0, every_seed=True)
                    for name, said in _NETWORKS.items()
                },
            }
        ),
    ),
    Claim(
        "hed.size",
        "Sun et al. 2021, §4.3, table 1",
        "The CNN has the fewest parameters, the LSTM the most.",
        All(
            {
                "CNN": _least(_TABLE, "parameters", "sun_cnn"),
                "LSTM": _most(_TABLE, "parameters", "sun_lstm"),
            }
        ),
    ),
    Claim(
        "hed.fastest",
        "Sun et al. 2021, §4.3, table 1",
        "LSTM and Transformer take the least time to train.",
        All({_NETWORKS[name]: _least(_TABLE, "seconds", name, _SLOWER) for name in _FAST}),
    ),
    Claim(
        "hed.slowest",
        "Sun et al. 2021, §4.3, table 1",
        "Of the seven, ResNets take the longest to train.",
        _most(_TABLE, "seconds", "sun_resnet"),
    ),
    Claim(
        "hed.bins_confident",
        "Sun et al. 2021, §4.3, figure 4",
        "The binned network gets more confident with the number of bins, up to 100 % with 16.",
        All(
            {
                "16 over 1": Higher(
                    row(_BINS, "bins16.confidence"), row(_BINS, "bins1.confidence")
                ),
                "16": AtLeast(row(_BINS, "bins16.confidence"), 100.0, every_seed=True),
            }
        ),
    ),
    Claim(
        "hed.bins_fast",
        "Sun et al. 2021, §4.3, figure 4",
        "It trains in less time with 16 bins than with one.",
        Higher(row(_BINS, "bins1.seconds"), row(_BINS, "bins16.seconds")),
    ),
    Claim(
        "hed.bins_slow",
        "Sun et al. 2021, §4.3",
        "Even so it takes longer than ResNets, the slowest of the others.",
        Higher(row(_BINS, "bins16.seconds"), row(_TABLE, "sun_resnet.seconds")),
    ),
    Claim(
        "hed.smooth",
        "Sun et al. 2021, §4.4, figure 6",
        "The FCNN has the smoothest curve of importance.",
        _least(_IMPORTANCE, "roughness", "sun_fcnn"),
    ),
    Claim(
        "hed.zero",
        "Sun et al. 2021, §4.4, figure 6",
        "Where the classes overlap, SCT's importance reaches zero as no other network's does.",
        _most(_IMPORTANCE, "zero_in_overlap", "sun_sct"),
    ),
    Claim(
        "hed.noisy",
        "Sun et al. 2021, §4.4, figure 6",
        "LSTM and Transformer suppress the overlap less than FCNN and SCT do.",
        All(
            {
                _NETWORKS[name]: _most(_IMPORTANCE, "in_overlap", name, ("sun_fcnn", "sun_sct"))
                for name in _FAST
            }
        ),
    ),
    Claim(
        "hed.temporal_helps",
        "Sun et al. 2021, §4.4, figure 6",
        "Temporal attention suppresses the overlap: SCT has less importance there than SC.",
        _least(_IMPORTANCE, "in_overlap", "sun_sct", ("sun_sc",)),
    ),
    Claim(
        "hed.temporal_focus",
        "Sun et al. 2021, §4.5, figure 9",
        "Temporal attention is on a few time steps: a tenth of them has half of it, in training "
        "and in test.",
        All(
            {
                "training": AtLeast(row(_ATTENTION, "temporal.training.focus"), 50.0),
                "test": AtLeast(row(_ATTENTION, "temporal.test.focus"), 50.0),
            }
        ),
    ),
    Claim(
        "hed.temporal_alike",
        "Sun et al. 2021, §4.5, figure 9",
        "Its matrices in training and in test have similar shapes (correlation above 0.5).",
        AtLeast(row(_ATTENTION, "temporal.alike"), 0.5),
    ),
)

"""Claims of Sun et al. 2021 on a phase transition: §4."""

from __future__ import annotations

from train.reproduction.claim import Claim
from train.reproduction.claim_rules import All, AtLeast, Extent, Higher, row

_TABLE, _BINS = "hed-table1", "hed-fig4"
_NETWORKS = {
    "sun_fcnn": "FCNN",
    "sun_cnn": "CNN",
    "sun_resnet": "ResNets",
    "sun_lstm": "LSTM",
    "sun_transformer": "Transformer",
    "sun_sct": "SCT",
    "sun_sc": "SC",
}


def _more(key: str, most: str, others: tuple[str, ...]) -> All:
    """Return the rule that a network has more of something than each of others."""
    return All(
        {
            f"over {_NETWORKS[name]}": Higher(
                row(_TABLE, f"{most}.{key}"), row(_TABLE, f"{name}.{key}")
            )
            for name in others
        }
    )


def _less(key: str, least: str, others: tuple[str, ...]) -> All:
    return All(
        {
            f"under {_NETWORKS[name]}": Higher(
                row(_TABLE, f"{name}.{key}"), row(_TABLE, f"{least}.{key}")
            )
            for name in others
        }
    )


def _others(*names: str) -> tuple[str, ...]:
    return tuple(name for name in _NETWORKS if name not in names)


CLAIMS_OF_SUN: tuple[Claim, ...] = (
    Claim(
        "hed.confident",
        "Sun et al. 2021, §4.3, table 1",
        "All seven networks find one clear boundary: classification confidence 100 %.",
        All(
            {
                said: AtLeast(row(_TABLE, f"{name}.confidence"), 100.0)
                for name, said in _NETWORKS.items()
            }
        ),
    ),
    Claim(
        "hed.boundaries",
        "Sun et al. 2021, §4.3, table 1",
        "Their boundaries lie within 15 of 349 spectra, 4.3 %.",
        Extent(tuple(row(_TABLE, f"{name}.boundary") for name in _NETWORKS), 15.0),
    ),
)

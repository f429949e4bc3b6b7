"""What is listed: each network and comparator, with the setting its source publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HED_BANDS = 4023
RAMAN_BANDS = 1392
MINERALS = 63
SPECTRA = 838


@dataclass(frozen=True, slots=True)
class Published:
    """The setting a paper gives a model's size for.

    Parameters
    ----------
    bands, classes : B and K there; 1 class is a single sigmoid neuron
    printed : the number of parameters the paper prints, to the unit; None where it prints none
    remark : why ours differs from what is printed, where it does
    """

    bands: int
    classes: int
    printed: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list.

    Parameters
    ----------
    name : of the line: the model, and the variant in brackets
    made_by : recipe that ships, in `train/recipes/`, or the command that trains it
    published : None where its source gives no size
    settings : its `[model]`, where no recipe has it
    """

    name: str
    made_by: str
    published: Published | None = None
    settings: Mapping[str, str | int] | None = None


_SOYSAL = Published(RAMAN_BANDS, MINERALS)
_HED = "outcrop reproduce hed-table1"


def _sun(name: str, printed: int, remark: str = "") -> Listed:
    made = Published(HED_BANDS, 1, printed, remark)
    return Listed(f"sun_{name}", _HED, made, {"name": f"sun_{name}"})


NETWORKS_LISTED: tuple[Listed, ...] = (
    Listed("template", "rruff63.toml"),
    Listed("soysal_cnn", "soysal_cnn.toml", _SOYSAL),
    Listed("soysal_cnn (m = 64)", "soysal_cnn_m64.toml", _SOYSAL),
    Listed("soysal_cnn (n = 10)", "soysal_cnn_n10.toml", _SOYSAL),
    Listed("soysal_mlp (small)", "soysal_mlp_small.toml", _SOYSAL),
    Listed("soysal_mlp (mid)", "soysal_mlp_mid.toml", _SOYSAL),
    Listed("soysal_mlp (large)", "soysal_mlp_large.toml", _SOYSAL),
    Listed("siamese", "siamese.toml"),
    Listed("pace", "pace.toml", Published(900, 3, 4_278_275)),
    Listed("pace (256)", "pace_256.toml"),
    Listed("resnet1d", "resnet1d.toml"),
    Listed("vit1d", "vit1d.toml"),
    Listed(
        "sun_binned",
        "outcrop reproduce hed-fig4",
        Published(HED_BANDS, 1, 1058 * 16 + 1),
        {"name": "sun_binned", "bins": 16},
    ),
    _sun("fcnn", 1_204_335),
    _sun("cnn", 23_307),
    Listed(
        "sun_cnn (weights)",
        _HED,
        Published(HED_BANDS, 1, 22_803),
        {"name": "sun_cnn", "second_pool": 3},
    ),
    _sun("resnet", 2_354_535, "a layer of 4023 to 512 that nothing reads is counted there"),
    _sun("lstm", 6_273_391),
    _sun("transformer", 1_830_511),
    _sun("sc", 659_525),
    _sun("sct", 1_953_353),
)
"""Every network, by family."""

COMPARATORS_LISTED: tuple[Listed, ...] = (
    Listed("peak_knn", "peak_knn.toml"),
    Listed("peak_knn (wavelet)", "peak_knn_wavelet.toml"),
    Listed("peak_svm", "peak_svm.toml"),
    Listed("nearest_derivative", "nearest_derivative.toml"),
    Listed("logistic_derivative", "logistic_derivative.toml"),
    Listed("nearest_shifted", "nearest_shifted.toml"),
)
"""Every classical method."""

NEIGHBOURS_LISTED = Listed(
    "soysal_cnn + KNN", "outcrop reproduce fig7", None, {"name": "soysal_cnn"}
)
"""Neighbours on the features of a trained network, see `train/comparators/nearest_features.py`."""

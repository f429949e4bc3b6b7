"""Claims of PACE (Anal. Chem. 2024, 96, 2866): abstract, and its figures on open sets."""

from __future__ import annotations

from train.reproduction.claim import Claim
from train.reproduction.claim_rules import All, AtLeast, Higher, row

_COV = "pace-cov"

CLAIMS_ON_PACE: tuple[Claim, ...] = (
    Claim(
        "pace.best",
        "PACE 2024, abstract",
        "PACE is better than ResNet and ViT on the COVID-19 serum set.",
        All(
            {
                "ResNet": Higher(row(_COV, "pace"), row(_COV, "resnet1d")),
                "ViT": Higher(row(_COV, "pace"), row(_COV, "vit1d")),
            }
        ),
    ),
    Claim(
        "pace.level",
        "PACE 2024, results on the COVID-19 serum set",
        "PACE is right for 92.5 % of the serum spectra.",
        AtLeast(row(_COV, "pace"), 92.5),
    ),
    Claim(
        "pace.state_of_the_art",
        "PACE 2024, abstract",
        "PACE is the state of the art there: nothing else tried here is better.",
        All(
            {
                "logistic regression": Higher(row(_COV, "pace"), row(_COV, "logistic")),
                "nearest neighbour": Higher(row(_COV, "pace"), row(_COV, "nearest")),
                "template network": Higher(row(_COV, "pace"), row(_COV, "template")),
                "template network, no drift": Higher(
                    row(_COV, "pace"), row(_COV, "template_narrow")
                ),
            }
        ),
    ),
)

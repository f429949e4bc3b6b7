"""Table 6 of Soysal et al. 2025: what PyrosmaliteFe is taken for, by m."""

from __future__ import annotations

from train.model_parts import SoysalCnnModelPart
from train.reproduction.target import Target
from train.reproduction.top3_table import Asked, Top3Table

TARGET: Target = Top3Table(
    title="Table 6: what PyrosmaliteFe is taken for, by pooling size m",
    networks=(
        Asked(
            key="m2",
            words="m = 2",
            part=SoysalCnnModelPart(name="soysal_cnn", pooling_size=2),
            paper={
                0: "PyrosmaliteFe, Orthoserpierite, Paravauxite",
                30: "Grunerite, Clintonite, Beryl",
            },
            estimate_s=200.0,
        ),
        Asked(
            key="m64",
            words="m = 64",
            part=SoysalCnnModelPart(name="soysal_cnn", pooling_size=64),
            paper={
                0: "PyrosmaliteFe, Orthoserpierite, Paravauxite",
                30: "PyrosmaliteFe, Paravauxite, Beryl",
            },
            estimate_s=120.0,
        ),
    ),
)

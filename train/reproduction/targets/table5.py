"""Table 5 of Soysal et al. 2025: what PyrosmaliteFe is taken for, by n."""

from __future__ import annotations

from train.model_parts import SoysalCnnModelPart
from train.reproduction.target import Target
from train.reproduction.top3_table import Asked, Top3Table

TARGET: Target = Top3Table(
    title="Table 5: what PyrosmaliteFe is taken for, by number of pooling layers n",
    networks=(
        Asked(
            key="n1",
            words="n = 1",
            part=SoysalCnnModelPart(name="soysal_cnn", pooling_layers=1),
            paper={0: "PyrosmaliteFe, Rutile, Diopside", 30: "Augelite, Pectolite, Lazulite"},
            estimate_s=200.0,
        ),
        Asked(
            key="n10",
            words="n = 10",
            part=SoysalCnnModelPart(name="soysal_cnn", pooling_layers=10),
            paper={
                0: "PyrosmaliteFe, Magnetite, Grunerite",
                30: "PyrosmaliteFe, Grunerite, Magnetite",
            },
            estimate_s=70.0,
        ),
    ),
)

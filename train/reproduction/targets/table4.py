"""Table 4 of Soysal et al. 2025: number of pooling layers n against displacement."""

from __future__ import annotations

from train.model_parts import SoysalCnnModelPart
from train.reproduction.pooling_table import Pooling, PoolingTable
from train.reproduction.target import Target

TARGET: Target = PoolingTable(
    title="Table 4: number of pooling layers n against displacement",
    plot="table4.png",
    columns=(
        Pooling(
            key="n1",
            words="n = 1",
            part=SoysalCnnModelPart(name="soysal_cnn", pooling_layers=1),
            paper={0: (83, 91), 15: (29, 51), 30: (6, 15)},
            estimate_s=110.0,
        ),
        Pooling(
            key="n10",
            words="n = 10",
            part=SoysalCnnModelPart(name="soysal_cnn", pooling_layers=10),
            paper={0: (63, 80), 15: (42, 70), 30: (46, 63)},
            estimate_s=40.0,
        ),
    ),
    note="n = 1 is the network of figure 6, one pool of 2 after each convolution; the nine more of "
    "n = 10 are shared out over the three. The paper's text says n = 5 once.",
)

"""Table 3 of Soysal et al. 2025: pooling size m against displacement."""

from __future__ import annotations

from train.model_parts import SoysalCnnModelPart
from train.reproduction.pooling_table import Pooling, PoolingTable
from train.reproduction.target import Target

TARGET: Target = PoolingTable(
    title="Table 3: pooling size m against displacement",
    plot="table3.png",
    columns=(
        Pooling(
            key="m2",
            words="m = 2",
            part=SoysalCnnModelPart(name="soysal_cnn", pooling_size=2),
            paper={0: (83, 91), 15: (29, 51), 30: (8, 16)},
            estimate_s=110.0,
        ),
        Pooling(
            key="m64",
            words="m = 64",
            part=SoysalCnnModelPart(name="soysal_cnn", pooling_size=64),
            paper={0: (62, 82), 15: (47, 65), 30: (39, 57)},
            estimate_s=70.0,
        ),
    ),
    note="Three pools of 64 do not fit into 1392 points: m is the last of the three pools, the "
    "others stay at 2.",
)

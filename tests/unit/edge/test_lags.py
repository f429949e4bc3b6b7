from __future__ import annotations

import pytest

from edge.errors import PoolingError
from edge.lags import EXCLUDED, lag_mask

LAGS = (-16.0, -8.0, 0.0, 8.0, 16.0)


@pytest.mark.parametrize(
    ("pooling", "counted"), [(0.0, 1), (7.9, 1), (8.0, 3), (15.0, 3), (16.0, 5)]
)
def test_lags_up_to_the_pooling_count_on_both_sides(pooling, counted):
    mask = lag_mask(LAGS, pooling)
    assert mask.dtype == "float32"
    assert (mask == 0).sum() == counted
    assert (mask == mask[::-1]).all()
    assert set(mask.tolist()) <= {0.0, EXCLUDED}


@pytest.mark.parametrize("pooling", [-1.0, 16.5, float("nan"), float("inf")])
def test_what_the_bundle_cannot_do_is_said_with_what_it_can(pooling):
    with pytest.raises(PoolingError, match="can be set to ±0 to ±16") as caught:
        lag_mask(LAGS, pooling)
    assert caught.value.exit_code == 2


def test_a_bundle_without_lags_has_one_pooling_width():
    with pytest.raises(PoolingError, match="has one pooling width"):
        lag_mask((), 0.0)

"""Classical methods that every network is compared with, on the same folds."""

from train.comparators.base import Comparator
from train.comparators.registry import make_comparator

__all__ = ["Comparator", "make_comparator"]

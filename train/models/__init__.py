"""The models: a file each; the registry makes the one a recipe names."""

from train.models.base import Model
from train.models.registry import make_model, make_network

__all__ = ["Model", "make_model", "make_network"]

"""Nearest neighbours in what a trained network makes of spectra: CNN + KNN of Soysal et al. 2025.

The network is trained as a classifier and its head left out; the class of a spectrum is that of the
training spectrum whose embedding is nearest. The paper gives neither k nor the distance for it;
here they are those of its neighbours on counted peaks, k = 1 and Euclidean.
"""

from __future__ import annotations

from functools import partial

from train.comparators.base import Comparator
from train.comparators.nearest import Nearest, negative_distances
from train.evaluate import features_of
from train.models import Model


def nearest_on_features(model: Model) -> Comparator:
    """Return one nearest neighbour on the embeddings of a trained model.

    Parameters
    ----------
    model : trained; it is asked, never changed
    """
    return Comparator(
        partial(features_of, model), Nearest(negative_distances), model.embedding_size
    )

"""Methods that learn from few labels, each fitted alike."""

from train.few_labels.autoencoder import fit_autoencoder
from train.few_labels.contrastive import fit_contrastive
from train.few_labels.freezing import fit_frozen
from train.few_labels.sgan import fit_sgan

__all__ = ["fit_autoencoder", "fit_contrastive", "fit_frozen", "fit_sgan"]

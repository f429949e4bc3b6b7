"""Runners: what turns a batch of preprocessed spectra into embeddings."""

from edge.runners.base import Runner
from edge.runners.onnx import OnnxRunner

__all__ = ["OnnxRunner", "Runner"]

"""Moving means and interpolation as convolutions, the form that is fast everywhere.

ONNX Runtime takes ten to twenty times longer for an average pool over a wide window, or for
stretching a single line, than for a convolution that computes the points in blocks: each of its
output channels gives one point of every block. TensorRT and torch gain as well.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_MOST_CHANNELS = 16


class WeightedMean(nn.Module):
    """Weighted means of the points around each point; at the ends, of those that there are.

    Parameters
    ----------
    weights : (c, w) float32, not negative, w odd; of the points around a point for each of the c
        values that are to stand in its place
    points : L, of a line
    """

    kernel: Tensor
    share: Tensor

    def __init__(self, weights: Tensor, points: int) -> None:
        super().__init__()
        values, width = weights.shape
        most = max(1, _MOST_CHANNELS // values)
        self.block = max(size for size in range(1, most + 1) if points % size == 0)
        self.padding = width // 2
        rows = [functional.pad(weights, (at, self.block - 1 - at)) for at in range(self.block)]
        # constants of the graph, never of a checkpoint
        self.register_buffer("kernel", torch.cat(rows)[:, None, None], persistent=False)
        whole = self._convolve(torch.ones(1, 1, 1, points))  # sums of the weights on the line
        self.register_buffer("share", 1 / whole, persistent=False)  # (1, 1, 1, c·L)

    def forward(self, lines: Tensor) -> Tensor:
        """Return means (N, 1, 1, c·L) of lines (N, 1, 1, L)."""
        return self._convolve(lines) * self.share  # (N, 1, 1, c·L)

    def _convolve(self, lines: Tensor) -> Tensor:
        blocks = functional.conv2d(
            lines, self.kernel, stride=(1, self.block), padding=(0, self.padding)
        )  # (N, c·block, 1, L/block)
        points = len(self.kernel) // self.block * lines.shape[3]
        return blocks.permute(0, 2, 3, 1).reshape(-1, 1, 1, points)  # (N, 1, 1, c·L)


def moving_mean(window: int, points: int) -> WeightedMean:
    """Return the mean over a window, or over what of it lies on a line of so many points."""
    return WeightedMean(torch.ones(1, window | 1), points)


def stretch(factor: int, points: int) -> WeightedMean:
    """Return linear interpolation to `factor` times as many points; the ends stay level."""
    offset = (torch.arange(factor) + 0.5) / factor - 0.5  # of the new points, in old steps
    before, after = torch.relu(-offset), torch.relu(offset)
    return WeightedMean(torch.stack([before, 1 - before - after, after], dim=1), points)

"""Whether two samples of measured times can be told apart, by two tests that assume no shape.

AUC: how often one of the second sample is larger than one of the first (0.5: a coin), with the share of
random relabellings that are as far from a coin. Kolmogorov-Smirnov: the largest gap of the distributions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Sample = NDArray[np.float64]

LABELLINGS = 20_000
TOGETHER = 500
"""Relabellings that are made at a time: memory stays small."""


@dataclass(frozen=True, slots=True)
class Apart:
    """`auc_p` and `ks_p`: how probable so large a difference is if there is none.

    `seen`: the smallest |AUC - 0.5| that would have been noticed at `alpha` nine times in ten.
    """

    auc: float
    auc_p: float
    ks: float
    ks_p: float
    seen: float

    def told(self, alpha: float) -> bool:
        """Whether either test tells the samples apart at this level."""
        return min(self.auc_p, self.ks_p) < alpha

    def __str__(self) -> str:
        return f"AUC {self.auc:.4f} (p {self.auc_p:.2g}), KS {self.ks:.4f} (p {self.ks_p:.2g})"


def compare(one: Sample, other: Sample, *, labellings: int = LABELLINGS, seed: int = 1) -> Apart:
    """How the two samples differ."""
    n, m = len(one), len(other)
    ranks = _ranks(np.concatenate([one, other]))
    auc = (ranks[n:].sum() - m * (m + 1) / 2) / (n * m)
    random, as_far, left = np.random.default_rng(seed), 0, labellings
    while left > 0:
        size = min(left, TOGETHER)
        shuffled = random.permuted(np.broadcast_to(ranks, (size, n + m)), axis=1)[:, n:]
        chance = (shuffled.sum(axis=1) - m * (m + 1) / 2) / (n * m)
        as_far += int((np.abs(chance - 0.5) >= abs(auc - 0.5) - 1e-12).sum())
        left -= size
    spread = float(np.sqrt((n + m + 1) / (12 * n * m)))
    ks = _gap(one, other)
    # 3.89 standard deviations are beyond 1 in 10 000 (two-sided); 1.28 more, and it is seen 9 times in 10.
    return Apart(
        float(auc), (as_far + 1) / (labellings + 1), ks, _kolmogorov(ks, n * m / (n + m)), 5.17 * spread
    )


def _ranks(values: Sample) -> Sample:
    """From 1; equal values share the mean of their ranks."""
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(many)
    mean: Sample = (last - (many - 1) / 2)[place]
    return mean


def _gap(one: Sample, other: Sample) -> float:
    both = np.concatenate([one, other])
    below = [np.searchsorted(np.sort(each), both, side="right") / len(each) for each in (one, other)]
    return float(np.abs(below[0] - below[1]).max())


def _kolmogorov(gap: float, effective: float) -> float:
    """Probability of a gap at least so large (Kolmogorov's limit, corrected as by Stephens)."""
    root = np.sqrt(effective)
    scaled = (root + 0.12 + 0.11 / root) * gap
    if scaled < 0.3:  # the series converges slowly there, to 1
        return 1.0
    k = np.arange(1, 101)
    return float(np.clip(2 * ((-1.0) ** (k - 1) * np.exp(-2 * (k * scaled) ** 2)).sum(), 0, 1))

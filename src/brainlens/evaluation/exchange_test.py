"""An exact test of whether two models differ, with whole patients as the unit.

Were the two models equally good, it would be chance which of them got which answers; so for each
patient the two columns of answers may be exchanged. The p-value is the share of all 2ⁿ exchanges
that give a difference at least as large as the one observed (a permutation test for pairs, after
Fisher, 1935). With one slice a patient it is McNemar's exact test (1947). Slices of one patient are
exchanged together, so their resemblance does no harm, which McNemar's test on slices cannot claim.
"""

import numpy as np
from numpy.typing import NDArray


def exchange_p_value(differences: NDArray[np.int64]) -> float:
    """Return the two-sided p-value of a sum of paired differences.

    All 2ⁿ exchanges are counted, not sampled: the distribution of the sum is built up patient by
    patient.

    Parameters
    ----------
    differences
        ``int64`` [n]: of each unit, slices that the second model has right less those that the
        first has right.

    Returns
    -------
    float
        In (0, 1]; 1 where nothing differs.
    """
    steps = np.abs(differences[differences != 0])
    observed = abs(int(differences.sum()))
    reach = int(steps.sum())
    # Share of exchanges by their sum, -reach … reach.
    share = np.zeros(2 * reach + 1)
    share[reach] = 1.0
    for step in steps.tolist():
        moved = np.zeros_like(share)
        moved[step:] += share[: len(share) - step]
        moved[: len(share) - step] += share[step:]
        share = moved / 2
    sums = np.abs(np.arange(-reach, reach + 1))
    return min(1.0, float(share[sums >= observed].sum()))

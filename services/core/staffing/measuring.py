"""How long one reply takes, from the times between replies of one person."""

from collections.abc import Sequence

import numpy as np

from services.core.staffing.types import Handling

# Longer between two replies, and somebody was away.
AWAY_SECONDS = 1_800
# Fewer pairs say less than an experienced guess.
FEWEST_PAIRS = 10
# Half as long to twice as long for two replies of three: what short texts usually differ by.
USUAL_SPREAD = 0.6
LEAST_MINUTES = 1 / 12
# The quartiles of a normal distribution lie this many standard deviations apart.
QUARTILES_APART = 1.349


def handling(seconds: Sequence[float], *, assumed: float) -> Handling:
    """The median of what single replies took; `assumed` minutes when too few were seen.

    The median, and a spread from the quartiles of the logarithms, so that coffee breaks and
    pasted replies move neither.
    """
    if len(seconds) < FEWEST_PAIRS:
        return Handling(assumed, USUAL_SPREAD, 0)
    low, middle, high = np.quantile(np.log(np.maximum(seconds, 1.0)), (0.25, 0.5, 0.75))
    minutes = max(float(np.exp(middle)) / 60, LEAST_MINUTES)
    spread = float(high - low) / QUARTILES_APART
    return Handling(minutes, min(max(spread, 0.05), 1.5), len(seconds))

"""A large installation: what people read, look for, count and take out of it."""

from tests.bench import exports, numbers, reads, search
from tests.bench.crowd import fill
from tests.bench.figures import Chapter
from tests.bench.place import Place
from tests.support.seeding import TEXTS

CASES = 1_000_000  # of ten messages each
PAST_DAYS = 180  # the 90 days of the community's page, and those it compares them with
OPEN_SHARE = 0.1
# One message in a thousand says what is looked for as something rare; each sixth says the common.
TEXTS_OF_ALL = (*(f"{TEXTS[1 + n % 5]}，单号{n}" for n in range(999)), TEXTS[0])


def measure(here: Place, share: float) -> list[Chapter]:
    cases = max(round(CASES * share), 500)
    crowded = fill(
        here, "large", cases, open_share=OPEN_SHARE, past_days=PAST_DAYS, texts=TEXTS_OF_ALL
    )
    return [
        reads.measure(here, crowded),
        search.measure(here, crowded),
        numbers.measure(here, crowded, share, PAST_DAYS),
        exports.measure(here, crowded, share, PAST_DAYS),
    ]

"""What the simulated platform remembers, so that an edit or a reply has something to mean."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from services.simulator.corpus import BRAND_IN_TEXTS, Voices
from services.simulator.people import Person, resident, throwaway
from services.simulator.scenarios import Scenario, SurgeKind

FIRST_FOLLOWERS = 300
# Enough to choose from; older ones are left in peace, which also bounds the memory of endless runs.
_REMEMBERED_MESSAGES = 600
_REMEMBERED_POSTS = 12
# Regulars write far more than the rest: the square root would be mild, this is about 1 in 10.
_REGULARS_SKEW = 2.2
# How far down each inbox the brand's team looks.
_IN_VIEW = 40
DESERVES_ANSWER = frozenset(
    {"question", "complaint", "negative", "feedback", "partnership", "crisis"}
)
_PASSER_BY_SHARE = 0.15
_PASSERS_BY = 5000


@dataclass(slots=True)
class Spoken:
    """A comment, DM or mention that stands on the platform now."""

    id: str
    kind: str
    author: Person
    text: str
    tone: str
    post_id: str | None = None
    version: int = 1
    is_answered: bool = False
    is_hidden: bool = False


@dataclass(slots=True)
class Post:
    """A post with its totals so far, which only ever grow."""

    id: str
    trade: str
    title: str
    views: int = 0
    likes: int = 0
    collects: int = 0
    comments: int = 0
    shares: int = 0


class World:
    """One brand's corner of the platform; every choice comes from one seeded generator."""

    def __init__(
        self, *, seed: int, run: str, scenario: Scenario, own_account: str = BRAND_IN_TEXTS
    ) -> None:
        self.rng = Random(f"world:{seed}")
        self.run = run
        self.scenario = scenario
        self.own_account = own_account
        self.voices = Voices(self.rng)
        self.posts: list[Post] = []
        self.comments: deque[Spoken] = deque(maxlen=_REMEMBERED_MESSAGES)
        self.dms: deque[Spoken] = deque(maxlen=_REMEMBERED_MESSAGES)
        self.mentions: deque[Spoken] = deque(maxlen=_REMEMBERED_MESSAGES)
        self.group_members: list[Person] = []
        self._crisis_post: Post | None = None
        self._seed = seed
        self._counts: dict[str, int] = {}
        self._followers = [resident(seed, number) for number in range(FIRST_FOLLOWERS)]
        self._newest_resident = FIRST_FOLLOWERS

    def new_id(self, letter: str) -> str:
        self._counts[letter] = self._counts.get(letter, 0) + 1
        return f"{self.run}-{letter}{self._counts[letter]}"

    def pick(self, weights: Mapping[str, float]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # People

    def follower(self) -> Person:
        """One of the followers; the longest-standing ones turn up most."""
        return self._followers[int(len(self._followers) * self.rng.random() ** _REGULARS_SKEW)]

    def writer(self, surge: SurgeKind | None, tone: str) -> Person:
        """Who would write this: sellers use throwaway accounts, a crisis brings strangers."""
        if tone == "spam" or surge is SurgeKind.SPAM:
            return throwaway(self._seed, self.rng.randrange(400))
        if surge is not None or self.chance(_PASSER_BY_SHARE):
            return resident(self._seed, 10**6 + self.rng.randrange(_PASSERS_BY))
        return self.follower()

    def gain_follower(self) -> Person:
        newcomer = resident(self._seed, self._newest_resident)
        self._newest_resident += 1
        self._followers.append(newcomer)
        return newcomer

    def lose_follower(self) -> Person | None:
        """Somebody leaves; nobody does when only a handful would be left."""
        if len(self._followers) <= FIRST_FOLLOWERS // 10:
            return None
        return self._followers.pop(self.rng.randrange(len(self._followers)))

    # Posts and messages

    def add_post(self, post: Post) -> None:
        self.posts.append(post)
        if len(self.posts) > _REMEMBERED_POSTS:
            self.posts.pop(0)

    def remove_post(self) -> Post | None:
        """The oldest post goes; the account never stands empty, nor hides what is talked about."""
        if len(self.posts) <= _REMEMBERED_POSTS // 2 or self.posts[0] is self._crisis_post:
            return None
        return self.posts.pop(0)

    def post_for(self, surge: SurgeKind | None) -> Post:
        """Where somebody writes: mostly under new posts, in a crisis under the one it began at."""
        if surge is SurgeKind.CRISIS:
            return self._post_of_the_crisis()
        if surge is SurgeKind.BURST:
            return self.posts[-1]
        newness = int(len(self.posts) * self.rng.random() ** _REGULARS_SKEW)
        return self.posts[-1 - newness]

    def _post_of_the_crisis(self) -> Post:
        """One post for the whole run, even when newer ones have pushed it out of sight."""
        if self._crisis_post is None:
            # About a cream rather than a coat: that is where people get hurt.
            newest_first = self.posts[::-1]
            creams = [post for post in newest_first if post.trade == "skincare"]
            self._crisis_post = (creams or newest_first)[0]
        return self._crisis_post

    def some(self, spoken: deque[Spoken]) -> Spoken | None:
        return self.rng.choice(spoken) if spoken else None

    def comment_under(self, post: Post) -> Spoken | None:
        siblings = [comment for comment in self.comments if comment.post_id == post.id]
        return self.rng.choice(siblings) if siblings else None

    def recent_unanswered(self) -> Spoken | None:
        """Something of late that deserves an answer and has none; a team does not get to all."""
        late = (pile[-1 - n] for pile in self._piles() for n in range(min(len(pile), _IN_VIEW)))
        waiting = [m for m in late if m.tone in DESERVES_ANSWER and not m.is_answered]
        return self.rng.choice(waiting) if waiting else None

    def say(self, *, kind: str, tone: str, trade: str, author: Person) -> str:
        text = self.voices.message(kind=kind, tone=tone, trade=trade, english=author.writes_english)
        return text.replace(BRAND_IN_TEXTS, self.own_account)

    def _piles(self) -> tuple[deque[Spoken], ...]:
        return (self.dms, self.mentions, self.comments)

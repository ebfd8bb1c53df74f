"""Histories of a community for properties: any mix of all that a platform may report and we handle.

Few people, posts and ids, so that what is drawn meets; coarse times, so that moments coincide.
An id names one thing for good, as platforms have it: its author, place and parent follow from it.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.support.line import BRAND, PRODUCT_QUESTION, THANKS, URGENT, event, person

TEXTS = (URGENT, PRODUCT_QUESTION, THANKS, "加微信领红包 wx8888 代理招募", "用户体验一般吧")
PEOPLE = ("lily", "mia", BRAND)
SPAN = timedelta(days=14)

_numbers = st.integers(1, 5)
_texts = st.sampled_from(TEXTS)
_versions = st.none() | st.integers(1, 3)
# Minutes after noon: within an hour, within a day, and weeks later, when a case has been closed.
_minutes = (
    st.integers(0, 12).map(lambda n: 5 * n)
    | st.integers(0, 48).map(lambda n: 30 * n)
    | st.integers(0, int(SPAN.total_seconds() // 3600)).map(lambda n: 60 * n)
)


def author_of(number: int) -> dict[str, Any]:
    """Of three comments one is the brand's own."""
    name = PEOPLE[number % len(PEOPLE)]
    return {"id": BRAND, "handle": BRAND} if name == BRAND else person(name)


@st.composite
def comments(draw: st.DrawFn) -> Any:
    number = draw(_numbers)
    data = {
        "id": f"c{number}",
        "post_id": f"p{1 + number % 2}",
        "author": author_of(number),
        "text": draw(_texts),
        "version": draw(_versions),
    }
    if number % 2:
        data["parent_id"] = f"c{number - 1}"
    return _told(draw(st.sampled_from(("comment.created", "comment.edited"))), data, draw(_minutes))


@st.composite
def direct_messages(draw: st.DrawFn) -> Any:
    number = draw(_numbers)
    data = {"id": f"d{number}", "author": author_of(number), "text": draw(_texts)}
    # Two in one conversation, the brand's own words among them; the others go by their author.
    if number % 3 == 2 or number == 1:
        data["conversation_id"] = "k1"
    if draw(st.booleans()):
        return _told("dm.received", data, draw(_minutes))
    return _told("dm.edited", data | {"version": draw(_versions)}, draw(_minutes))


@st.composite
def mentions(draw: st.DrawFn) -> Any:
    number = draw(st.integers(1, 3))
    data = {"id": f"n{number}", "author": author_of(number), "text": draw(_texts)}
    if number % 2:
        data["post_id"] = "p1"
    return _told("mention.created", data, draw(_minutes))


@st.composite
def replies(draw: st.DrawFn) -> Any:
    """To something heard of or not, or into a conversation."""
    number = draw(_numbers)
    kind = "cdn"[number % 3]
    data: dict[str, Any] = {"id": f"r{number}", "text": "亲", "in_reply_to": f"{kind}{number}"}
    if number == 4:
        data = {"id": "r4", "text": "亲", "conversation_id": "k1"}
    return _told("reply.sent", data, draw(_minutes))


@st.composite
def changes(draw: st.DrawFn) -> Any:
    """Taken back, hidden, shown again: by id alone, known or not."""
    kind = draw(
        st.sampled_from(("comment.deleted", "comment.hidden", "comment.unhidden", "dm.recalled"))
    )
    letter = "d" if kind.startswith("dm") else draw(st.sampled_from("ccr"))
    return _told(kind, {"id": f"{letter}{draw(_numbers)}"}, draw(_minutes))


@st.composite
def followings(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(("follower.followed", "follower.unfollowed")))
    follower = person(draw(st.sampled_from(PEOPLE[:2])))
    if draw(st.booleans()):
        follower["followers_count"] = draw(st.integers(0, 3))
    return _told(kind, {"follower": follower}, draw(_minutes))


@st.composite
def posts(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(("post.published", "post.edited", "post.deleted")))
    data: dict[str, Any] = {"id": f"p{draw(st.integers(1, 2))}"}
    if draw(st.booleans()):
        data["title"] = draw(st.sampled_from("ABC"))
    if draw(st.booleans()):
        data["hashtags"] = [draw(st.sampled_from("xy"))]
    return _told(kind, data, draw(_minutes))


def happenings() -> st.SearchStrategy[Any]:
    """One event of any kind that takes effect; questions and answers more often than the rest."""
    return st.one_of(
        comments(), replies(), changes(), direct_messages(), comments(), mentions(), followings(),
        posts(),
    )  # fmt: skip


def _told(kind: str, data: dict[str, Any], minutes: int) -> Any:
    # The same words at the same moment are the same event, with the same id.
    words = json.dumps([kind, minutes, data], sort_keys=True)
    key = f"{kind}:{data.get('id', 'follower')}:{hashlib.sha256(words.encode()).hexdigest()[:12]}"
    return event(kind, data, minutes=minutes, key=key)

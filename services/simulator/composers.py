"""One composer a wire type: turns "somebody comments now" into the `data` of WEBHOOK.md's table.

A composer returns None when the world has nothing for it (no comment to delete yet).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.simulator.scenarios import SURGE_TONES, SurgeKind
from services.simulator.world import Post, Spoken, World

# How much likelier a tone is in that kind than over all; a tone left out is as likely.
_TONE_BY_KIND: Mapping[str, Mapping[str, float]] = {
    "comment": {"partnership": 0},
    "dm": {
        "partnership": 8, "complaint": 2.5, "praise": 0.3, "casual": 0.25, "general": 0,
        "negative": 0.5,
    },
    "mention": {"casual": 0, "general": 0, "thanks": 0, "praise": 0.6, "question": 0.3},
}  # fmt: skip
# A plain "look, I used this" tag, beside which everything else is rare.
_PLAIN_MENTIONS = 60

_THREAD_SHARE = 0.28
_TAGS = ("护肤日常", "换季护肤", "空瓶记", "好物分享", "我的生活碎片", "真实测评")
# What people add when they edit.
_AFTERTHOUGHTS = (
    "（补充：我是混干皮）", "（改个错别字）", "更新：已经有人联系我了", "更新：过了三天还是没消息",
    "ps 图在下一条", "edit: spelling", "edit: never mind the photo, wrong one",
)  # fmt: skip
_MEMBERS = ("xiaoman", "dongdong", "lin_l")
_GROUPS = ("g-morning", "g-inner-circle")
_SURVEYS = ("welcome-2026", "after-purchase")
_PRODUCTS = (("SKU-CREAM-50", "128.00"), ("SKU-SERUM-30", "259.00"), ("SKU-SUN-60", "89.90"))
_FLAG_REASONS = ("spam", "abuse", "false_information")
# What common platforms allow a business after a DM.
_REPLY_WINDOWS = (timedelta(hours=24), timedelta(days=7))


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens on the platform, and the surge it belongs to, if any."""

    at: datetime
    surge: SurgeKind | None = None


Data = dict[str, Any]
Composer = Callable[[World, Moment], Data | None]


def wire_time(at: datetime) -> str:
    """RFC 3339 with milliseconds and `Z`; `at` is aware and in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


# What people say


def _comment_created(world: World, moment: Moment) -> Data:
    post = world.post_for(moment.surge)
    tone = _tone(world, moment, "comment")
    author = world.writer(moment.surge, tone)
    text = world.say(kind="comment", tone=tone, trade=post.trade, author=author)
    spoken = Spoken(world.new_id("c"), "comment", author, text, tone, post.id)
    data: Data = {
        "id": spoken.id,
        "post_id": post.id,
        "author": author.as_author(),
        "text": text,
        "version": 1,
        "url": f"https://platform.example/posts/{post.id}#{spoken.id}",
    }
    if world.chance(_THREAD_SHARE) and (elder := world.comment_under(post)):
        data["parent_id"] = elder.id
    if f"@{world.own_account}" in text:
        data["mentions"] = [world.own_account]
    if tone in {"complaint", "crisis"} and world.chance(0.4):
        data["images"] = [f"https://img.example/comments/{spoken.id}.webp"]
    world.comments.append(spoken)
    post.comments += 1
    return data


def _dm_received(world: World, moment: Moment) -> Data:
    tone = _tone(world, moment, "dm")
    author = world.writer(moment.surge, tone)
    trade = world.rng.choice(world.posts).trade
    text = world.say(kind="dm", tone=tone, trade=trade, author=author)
    spoken = Spoken(world.new_id("m"), "dm", author, text, tone)
    data: Data = {"id": spoken.id, "author": author.as_author(), "text": text}
    if world.chance(0.5):
        data["conversation_id"] = author.id
    if world.chance(0.6):
        data["reply_window_until"] = wire_time(moment.at + world.rng.choice(_REPLY_WINDOWS))
        data["replies_left"] = world.rng.randint(1, 5)
    world.dms.append(spoken)
    return data


def _mention_created(world: World, moment: Moment) -> Data:
    tone = _tone(world, moment, "mention")
    author = world.writer(moment.surge, tone)
    trade = world.rng.choice(world.posts).trade
    text = world.say(kind="mention", tone=tone, trade=trade, author=author)
    spoken = Spoken(world.new_id("n"), "mention", author, text, tone)
    world.mentions.append(spoken)
    url = f"https://platform.example/notes/{spoken.id}"
    return {"id": spoken.id, "author": author.as_author(), "text": text, "url": url}


def _reply_sent(world: World, _: Moment) -> Data | None:
    message = world.recent_unanswered()
    if message is None:
        return None
    message.is_answered = True
    english = message.author.writes_english
    data: Data = {
        "id": world.new_id("r"),
        "in_reply_to": message.id,
        "text": world.voices.brand_reply(tone=message.tone, english=english),
        "member": world.rng.choice(_MEMBERS),
    }
    if message.kind == "dm":
        data["conversation_id"] = message.author.id
    if message.post_id is not None:
        data["post_id"] = message.post_id
    return data


def _comment_edited(world: World, _: Moment) -> Data | None:
    spoken = world.some(world.comments)
    if spoken is None:
        return None
    _think_again(world, spoken)
    return {
        "id": spoken.id,
        "post_id": spoken.post_id,
        "author": spoken.author.as_author(),
        "text": spoken.text,
        "version": spoken.version,
    }


def _dm_edited(world: World, _: Moment) -> Data | None:
    spoken = world.some(world.dms)
    if spoken is None:
        return None
    _think_again(world, spoken)
    # No version: for DMs the later timestamp wins, the contract's other way to order edits.
    return {"id": spoken.id, "author": spoken.author.as_author(), "text": spoken.text}


def _comment_deleted(world: World, _: Moment) -> Data | None:
    spoken = world.some(world.comments)
    if spoken is None:
        return None
    world.comments.remove(spoken)
    return {"id": spoken.id}


def _dm_recalled(world: World, _: Moment) -> Data | None:
    spoken = world.some(world.dms)
    if spoken is None:
        return None
    world.dms.remove(spoken)
    return {"id": spoken.id}


def _comment_hidden(world: World, _: Moment) -> Data | None:
    return _set_hidden(world, hidden=True)


def _comment_unhidden(world: World, _: Moment) -> Data | None:
    return _set_hidden(world, hidden=False)


# What people do


def _follower_followed(world: World, _: Moment) -> Data:
    return {"follower": world.gain_follower().as_author()}


def _follower_unfollowed(world: World, _: Moment) -> Data | None:
    leaver = world.lose_follower()
    return None if leaver is None else {"follower": leaver.as_author()}


def _view_recorded(world: World, moment: Moment) -> Data:
    post = world.post_for(moment.surge)
    post.views += 1
    return {"post_id": post.id, "follower": world.follower().as_author()}


def _purchase_completed(world: World, _: Moment) -> Data:
    sku, amount = world.rng.choice(_PRODUCTS)
    data: Data = {
        "id": world.new_id("o"),
        "follower": world.follower().as_author(),
        "amount": amount,
        "currency": "CNY",
        "items": [{"sku": sku, "quantity": 1}],
    }
    if world.chance(0.1):
        data["referral_code"] = f"WARM{world.rng.randrange(1000):03d}"
    return data


def _referral_joined(world: World, _: Moment) -> Data:
    friend, newcomer = world.follower(), world.gain_follower()
    return {"follower": newcomer.as_author(), "referred_by": friend.id}


def _group_joined(world: World, _: Moment) -> Data:
    follower = world.follower()
    world.group_members.append(follower)
    del world.group_members[:-200]
    return {"group_id": world.rng.choice(_GROUPS), "follower": follower.as_author()}


def _group_left(world: World, _: Moment) -> Data | None:
    if not world.group_members:
        return None
    member = world.group_members.pop(world.rng.randrange(len(world.group_members)))
    return {"group_id": world.rng.choice(_GROUPS), "follower": member.as_author()}


def _group_message(world: World, _: Moment) -> Data:
    author = world.rng.choice(world.group_members) if world.group_members else world.follower()
    tone = world.pick({"casual": 5, "question": 3, "praise": 2})
    trade = world.posts[-1].trade
    text = world.say(kind="comment", tone=tone, trade=trade, author=author)
    return {
        "id": world.new_id("g"),
        "group_id": world.rng.choice(_GROUPS),
        "author": author.as_author(),
        "text": text,
    }


def _survey_answered(world: World, _: Moment) -> Data:
    author = world.follower()
    return {
        "survey_id": world.rng.choice(_SURVEYS),
        "follower": author.as_author(),
        "score": world.rng.randint(1, 5),
        "nps": world.rng.randint(0, 10),
        "text": world.say(kind="comment", tone="feedback", trade="skincare", author=author),
    }


def _lead_submitted(world: World, _: Moment) -> Data:
    fields = {"city": world.rng.choice(("杭州", "成都", "Singapore")), "interest": "试用装"}
    data: Data = {"id": world.new_id("l"), "fields": fields, "post_id": world.posts[-1].id}
    if world.chance(0.7):
        data["follower"] = world.follower().as_author()
    return data


def _flag_raised(world: World, _: Moment) -> Data | None:
    spoken = world.some(world.comments)
    if spoken is None:
        return None
    return {
        "id": world.new_id("f"),
        "message_id": spoken.id,
        "follower": world.follower().as_author(),
        "reason": world.rng.choice(_FLAG_REASONS),
    }


# What the brand publishes


def _post_published(world: World, _: Moment) -> Data:
    title = world.voices.post_title()
    post = Post(world.new_id("p"), title.trade, title.text)
    world.add_post(post)
    data = _as_published(world, post)
    if world.chance(0.2):
        data["series"] = {"name": "成分表翻译机", "part": world.rng.randint(1, 3), "of": 3}
    return data


def _post_edited(world: World, _: Moment) -> Data:
    return _as_published(world, world.rng.choice(world.posts))


def _post_deleted(world: World, _: Moment) -> Data | None:
    post = world.remove_post()
    return None if post is None else {"id": post.id}


def _post_metrics(world: World, moment: Moment) -> Data:
    post = world.post_for(moment.surge)
    post.views += world.rng.randrange(20, 400)
    post.likes += world.rng.randrange(2, 40)
    post.collects += world.rng.randrange(1, 20)
    post.shares += world.rng.randrange(6)
    return {
        "post_id": post.id,
        "views": post.views,
        "likes": post.likes,
        "collects": post.collects,
        "comments": post.comments,
        "shares": post.shares,
    }


COMPOSERS: Mapping[str, Composer] = {
    "comment.created": _comment_created,
    "comment.edited": _comment_edited,
    "comment.deleted": _comment_deleted,
    "comment.hidden": _comment_hidden,
    "comment.unhidden": _comment_unhidden,
    "dm.received": _dm_received,
    "dm.edited": _dm_edited,
    "dm.recalled": _dm_recalled,
    "mention.created": _mention_created,
    "reply.sent": _reply_sent,
    "follower.followed": _follower_followed,
    "follower.unfollowed": _follower_unfollowed,
    "view.recorded": _view_recorded,
    "purchase.completed": _purchase_completed,
    "referral.joined": _referral_joined,
    "group.joined": _group_joined,
    "group.left": _group_left,
    "group.message": _group_message,
    "survey.answered": _survey_answered,
    "lead.submitted": _lead_submitted,
    "flag.raised": _flag_raised,
    "post.published": _post_published,
    "post.edited": _post_edited,
    "post.deleted": _post_deleted,
    "post.metrics": _post_metrics,
}


def _tone(world: World, moment: Moment, kind: str) -> str:
    overall = SURGE_TONES[moment.surge] if moment.surge else world.scenario.tones
    shift = _TONE_BY_KIND[kind]
    weights = {tone: weight * shift.get(tone, 1) for tone, weight in overall.items()}
    if kind == "mention" and moment.surge is None:
        weights["mention"] = _PLAIN_MENTIONS
    return world.pick(weights)


def _think_again(world: World, spoken: Spoken) -> None:
    spoken.version += 1
    spoken.text = f"{spoken.text} {world.rng.choice(_AFTERTHOUGHTS)}"


def _set_hidden(world: World, *, hidden: bool) -> Data | None:
    # What gets hidden is mostly what sells; anything hidden may come back.
    pool = [
        spoken
        for spoken in world.comments
        if spoken.is_hidden is not hidden and (spoken.tone == "spam" or not hidden)
    ]
    if not pool:
        return None
    spoken = world.rng.choice(pool)
    spoken.is_hidden = hidden
    return {"id": spoken.id}


def _as_published(world: World, post: Post) -> Data:
    return {
        "id": post.id,
        "title": post.title,
        "hashtags": world.rng.sample(_TAGS, 2),
        "author": {"id": world.own_account, "handle": world.own_account, "verified": True},
        "url": f"https://platform.example/posts/{post.id}",
    }

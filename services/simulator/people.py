"""Who lives on the simulated platform: the same seed meets the same people in every run."""

from dataclasses import dataclass
from random import Random
from typing import Any

# Nicknames are put together from two halves, so that no real account is meant.
_FIRST = (
    "爱睡觉的", "半糖", "小镇", "不加班的", "追云的", "晚风里的", "认真生活的", "迷路的", "三分熟",
    "早起失败的", "会发光的", "慢热", "橘子味的", "北方以北的", "囤货的", "安静的", "爱吃辣的",
    "退堂鼓",
)  # fmt: skip
_SECOND = (
    "阿橘", "小鹿", "奶糖", "芋圆", "栗子", "团团", "阿茶", "小满", "海盐", "柚子", "咕咕", "年糕",
    "小雨", "汤圆", "阿木", "豆包", "七月", "泡芙", "小河", "青柠",
)  # fmt: skip
_ENGLISH_FIRST = ("sleepy", "paper", "river", "plain", "tiny", "late", "salted", "quiet", "velvet")
_ENGLISH_SECOND = ("fern", "otter", "toast", "moss", "kettle", "plum", "sparrow", "linen", "pixel")

_ENGLISH_SHARE = 0.14
_TRADITIONAL_SHARE = 0.06
_VERIFIED_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    handle: str
    name: str
    followers_count: int
    is_verified: bool
    locale: str

    @property
    def writes_english(self) -> bool:
        return self.locale.startswith("en")

    def as_author(self) -> dict[str, Any]:
        """The person as an `author` or `follower` object of the wire format."""
        return {
            "id": self.id,
            "handle": self.handle,
            "name": self.name,
            "followers_count": self.followers_count,
            "verified": self.is_verified,
            "avatar_url": f"https://img.example/avatars/{self.id}.webp",
            "locale": self.locale,
        }


def resident(seed: int, number: int) -> Person:
    """A follower or passer-by; depends on seed and number alone."""
    rng = Random(f"resident:{seed}:{number}")
    english = rng.random() < _ENGLISH_SHARE
    if english:
        name = f"{rng.choice(_ENGLISH_FIRST)} {rng.choice(_ENGLISH_SECOND)}"
        locale = "en-SG"
    else:
        name = rng.choice(_FIRST) + rng.choice(_SECOND)
        locale = "zh-TW" if rng.random() < _TRADITIONAL_SHARE else "zh-CN"
    return Person(
        id=f"u{seed}-{number}",
        handle=f"{name.replace(' ', '_')}_{number}",
        name=name,
        # A few have many, most have few.
        followers_count=int(rng.paretovariate(0.9) * 20),
        is_verified=rng.random() < _VERIFIED_SHARE,
        locale=locale,
    )


def throwaway(seed: int, number: int) -> Person:
    """An account made yesterday to sell something."""
    rng = Random(f"throwaway:{seed}:{number}")
    return Person(
        id=f"x{seed}-{number}",
        handle=f"momo_{rng.randrange(10**8):08d}",
        name="momo",
        followers_count=rng.randrange(4),
        is_verified=False,
        locale="zh-CN",
    )

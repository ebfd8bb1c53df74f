"""What a report says, in Chinese and in English."""

from typing import Final

from services.core.metrics.types import NoNumber

TITLES: Final = {
    "zh": {"weekly": "社区健康周报", "monthly": "社区健康月报"},
    "en": {"weekly": "Community health, weekly", "monthly": "Community health, monthly"},
}
CHAPTERS: Final = {
    "zh": {
        "engagement": "互动",
        "sentiment": "情绪",
        "growth": "增长",
        "community": "社区",
        "satisfaction": "满意度",
    },
    "en": {
        "engagement": "Engagement",
        "sentiment": "Sentiment",
        "growth": "Growth",
        "community": "Community",
        "satisfaction": "Satisfaction",
    },
}
REASONS: Final = {
    "zh": {
        NoNumber.NOT_OBSERVED: "还没有接入",
        NoNumber.NOT_YET: "还没到",
        NoNumber.NOTHING_TO_DIVIDE: "没有可算的",
    },
    "en": {
        NoNumber.NOT_OBSERVED: "not connected",
        NoNumber.NOT_YET: "still to come",
        NoNumber.NOTHING_TO_DIVIDE: "nothing to count",
    },
}
COLUMNS: Final = {
    "zh": ("指标", "这一期", "上一期", "变化"),
    "en": ("Number", "Now", "Before", "Change"),
}
PICTURES: Final = {
    "zh": {
        "talk": "消息与回复",
        "rates": "回复率与承诺兑现率",
        "speed": "平均回复用时(小时)",
        "mood": "正面与负面占比",
        "causes": "大家为什么不满意",
    },
    "en": {
        "talk": "Messages and replies",
        "rates": "Reply rate and promises kept",
        "speed": "Average response time, hours",
        "mood": "Positive and negative share",
        "causes": "What people are unhappy about",
    },
}
CAUSES: Final = {
    "zh": {
        "product_did_not_work": "产品没效果",
        "customer_service": "客服",
        "shipping_delay": "物流",
        "pricing": "价格",
        "other": "其他",
        "unknown": "没看出原因",
    },
    "en": {},
}
STAMP: Final = {
    "zh": "{first} 至 {last}（{zone}），数据截至 {as_of}。",
    "en": "{first} to {last} ({zone}), as of {as_of}.",
}
NEVER: Final = {"zh": "还没有汇总", "en": "nothing summed up yet"}

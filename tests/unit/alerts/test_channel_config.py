"""What a channel needs is asked for by name, and its secrets are kept to itself."""

from typing import Any

import pytest

from services.core.alerts.channel_config import (
    MASK,
    SETTINGS,
    forget_secrets,
    read_config,
    read_secret,
    show_config,
)
from services.core.alerts.limits import limits_of
from services.core.alerts.types import ChannelKind
from services.core.kit.errors import DomainError, InvalidInputError

KEY = "0123456789abcdef0123456789abcdef"
MAIL: dict[str, Any] = {
    "host": "smtp.example.com",
    "sender": "warmline@example.com",
    "recipients": ["ops@example.com"],
}
GOOD: dict[ChannelKind, dict[str, Any]] = {
    ChannelKind.WEBHOOK: {"url": "https://hooks.example.com/a"},
    ChannelKind.CONSOLE: {},
    ChannelKind.FEISHU: {"url": "https://open.larksuite.com/open-apis/bot/v2/hook/abc-def"},
    ChannelKind.DINGTALK: {"url": "https://oapi.dingtalk.com/robot/send?access_token=abc"},
    ChannelKind.WECOM: {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"},
    ChannelKind.SLACK: {"url": "https://hooks.slack.com/services/T0/B0/abc"},
    ChannelKind.PAGERDUTY: {"routing_key": KEY},
    ChannelKind.EMAIL: MAIL,
    ChannelKind.ALERTMANAGER: {"url": "https://alerts.example.com/am", "token": "abc"},
    ChannelKind.APPRISE: {"addresses": ["tgram://123/456"]},
}


def pointers(kind: ChannelKind, given: dict[str, Any], **more: Any) -> tuple[list[str], str]:
    with pytest.raises(DomainError) as refused:
        read_config(kind, given, **more)
    problems = refused.value.errors
    return [one.pointer for one in problems], problems[0].code if problems else refused.value.code


@pytest.mark.parametrize("kind", ChannelKind)
def test_every_kind_has_settings_limits_and_a_config_that_passes(kind: ChannelKind) -> None:
    config = read_config(kind, GOOD[kind])
    assert GOOD[kind].items() <= config.items()
    assert set(config) <= set(SETTINGS[kind])
    limits = limits_of(kind)
    assert min(limits.per_second, limits.per_minute, limits.burst, limits.concurrency) > 0


@pytest.mark.parametrize(
    ("kind", "given", "pointer", "code"),
    [
        (ChannelKind.FEISHU, {}, "/url", "missing"),
        (ChannelKind.FEISHU, {"url": "https://feishu.evil.example/hook/a"}, "/url", "wrong_host"),
        (
            ChannelKind.FEISHU,
            {"url": "http://open.feishu.cn/open-apis/bot/v2/hook/a"},
            "/url",
            "wrong_host",
        ),
        (ChannelKind.FEISHU, {"url": "https://open.feishu.cn/open-apis/bot/v2/hook/"}, "/url", ""),
        (ChannelKind.DINGTALK, {"url": "https://oapi.dingtalk.com/robot/send"}, "/url", ""),
        (ChannelKind.SLACK, {"url": "https://slack.com/services/T/B/x"}, "/url", "wrong_host"),
        (ChannelKind.SLACK, GOOD[ChannelKind.SLACK] | {"language": "fr"}, "/config/language", ""),
        (ChannelKind.SLACK, GOOD[ChannelKind.SLACK] | {"token": "x"}, "/config/token", ""),
        (ChannelKind.PAGERDUTY, {}, "/config/routing_key", "missing"),
        (ChannelKind.PAGERDUTY, {"routing_key": "short"}, "/config/routing_key", "invalid"),
        (ChannelKind.PAGERDUTY, {"routing_key": KEY, "region": "cn"}, "/config/region", "invalid"),
        (ChannelKind.PAGERDUTY, {"routing_key": KEY, "url": "https://x.example"}, "/url", ""),
        (ChannelKind.EMAIL, MAIL | {"host": "a b"}, "/config/host", "invalid"),
        (ChannelKind.EMAIL, MAIL | {"port": True}, "/config/port", "invalid"),
        (ChannelKind.EMAIL, MAIL | {"port": 5432}, "/config/port", "blocked_address"),
        (ChannelKind.EMAIL, MAIL | {"port": 70_000}, "/config/port", "invalid"),
        (ChannelKind.EMAIL, MAIL | {"security": "maybe"}, "/config/security", "invalid"),
        (
            ChannelKind.EMAIL,
            MAIL | {"security": "none", "password": "x"},
            "/config/security",
            "invalid",
        ),
        (ChannelKind.EMAIL, MAIL | {"sender": "a@b\r\nBcc: c@d"}, "/config/sender", "invalid"),
        (ChannelKind.EMAIL, MAIL | {"recipients": []}, "/config/recipients", "invalid"),
        (ChannelKind.EMAIL, MAIL | {"recipients": ["a"]}, "/config/recipients", "invalid"),
        (ChannelKind.EMAIL, MAIL | {"recipients": ["a@b"] * 51}, "/config/recipients", ""),
        (ChannelKind.APPRISE, {"addresses": ["json://127.0.0.1/"]}, "/config/addresses", ""),
        (ChannelKind.APPRISE, {"addresses": ["no address"]}, "/config/addresses", "invalid"),
        (ChannelKind.CONSOLE, {"x" * 500: 1}, f"/config/{'x' * 64}", "unexpected"),
    ],
)
def test_what_is_wrong_is_named(
    kind: ChannelKind, given: dict[str, Any], pointer: str, code: str
) -> None:
    found, said = pointers(kind, given)
    assert found == [pointer]
    assert not code or said == code


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "::1", "10.0.0.1", "mail.localhost"])
def test_an_inward_mail_server_is_refused(host: str) -> None:
    assert pointers(ChannelKind.EMAIL, MAIL | {"host": host}) == ([], "blocked_address")


@pytest.mark.parametrize("kind", sorted(set(ChannelKind) - {ChannelKind.EMAIL}))
def test_an_inward_address_is_refused_and_allowed_on_one_machine(kind: ChannelKind) -> None:
    if "url" not in SETTINGS[kind]:
        return
    inward = GOOD[kind] | {"url": "http://127.0.0.1:9/a"}
    assert pointers(kind, inward) == ([], "blocked_address")
    assert read_config(kind, inward, allow_private=True)["url"] == "http://127.0.0.1:9/a"


def test_one_machine_may_use_every_mail_server_and_every_service() -> None:
    mail = MAIL | {"host": "127.0.0.1", "port": 1025, "security": "none", "password": "x"}
    assert read_config(ChannelKind.EMAIL, mail, allow_private=True)["port"] == 1025
    service = {"addresses": ["json://127.0.0.1"]}
    assert read_config(ChannelKind.APPRISE, service, allow_private=True) == service


@pytest.mark.parametrize("kind", ChannelKind)
def test_no_secret_is_shown_and_one_sent_back_as_shown_stays(kind: ChannelKind) -> None:
    config = read_config(kind, GOOD[kind])
    shown = show_config(kind, config)
    for name, setting in SETTINGS[kind].items():
        if setting.secret and name in config:
            assert shown[name] == MASK
    assert read_config(kind, shown, before=config) == config
    assert MASK not in forget_secrets(kind, config).values()
    assert not any(SETTINGS[kind][name].secret for name in forget_secrets(kind, config))


def test_a_change_keeps_what_it_does_not_name_and_takes_away_what_is_null() -> None:
    kind = ChannelKind.EMAIL
    before = read_config(kind, MAIL | {"username": "u", "password": "p"})
    after = read_config(kind, {"port": 465, "username": None}, before=before)
    assert (after["port"], after["password"], after["host"]) == (465, "p", MAIL["host"])
    assert "username" not in after


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        (ChannelKind.CONSOLE, "whatever-it-is"),
        (ChannelKind.SLACK, "whatever-it-is"),
        (ChannelKind.FEISHU, "short"),
        (ChannelKind.DINGTALK, "with a space in it"),
        (ChannelKind.WEBHOOK, "whsec_hunter2"),
    ],
)
def test_a_wrong_secret_is_refused_without_an_echo(kind: ChannelKind, secret: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_secret(kind, secret)
    assert [one.pointer for one in refused.value.errors] == ["/secret"]
    assert secret not in str(refused.value)


def test_only_a_webhook_gets_a_secret_of_ours() -> None:
    made = read_secret(ChannelKind.WEBHOOK, None)
    assert made is not None
    assert made.startswith("whsec_")
    assert read_secret(ChannelKind.FEISHU, None) is None
    assert read_secret(ChannelKind.DINGTALK, "SECabcdefgh") == "SECabcdefgh"

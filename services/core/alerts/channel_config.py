"""What each kind of channel must be told to work: checked when saved, shown without secrets."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from services.core.alerts.types import ChannelKind
from services.core.gateways.channels.apprise import is_public_service
from services.core.gateways.channels.mail import ADDRESS
from services.core.kit import signatures
from services.core.kit.addresses import is_public, parse_literal
from services.core.kit.errors import FieldProblem, InvalidInputError
from services.core.kit.http import BlockedAddressError, check_url

MASK: Final = "***"
MAX_RECIPIENTS: Final = 50
MAX_ADDRESSES: Final = 10
LONGEST_TEXT: Final = 2_048
MAIL_PORTS: Final = frozenset({25, 465, 587, 2525})
MOST_PER_MINUTE: Final = 6_000
_HOW_OFTEN: Final = f"Messages a minute: 1 to {MOST_PER_MINUTE}."
LANGUAGES: Final = ("zh", "en", "both")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a vendor's robots live: its hosts, and the path before their token."""

    hosts: tuple[str, ...]
    path: str
    # The name of the token in the query; without one it is the rest of the path.
    token: str | None = None

    def fits(self, url: str) -> bool:
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname not in self.hosts:
            return False
        if self.token is None:
            return parts.path.startswith(self.path) and len(parts.path) > len(self.path)
        return parts.path == self.path and bool(parse_qs(parts.query).get(self.token))

    @property
    def example(self) -> str:
        end = f"?{self.token}=…" if self.token else "…"
        return " or ".join(f"https://{host}{self.path}{end}" for host in self.hosts)


@dataclass(frozen=True, slots=True)
class Setting:
    """One word a kind of channel can be told. `check` gets the value and says what is wrong."""

    check: Callable[[object], str | None]
    required: bool = False
    secret: bool = False
    default: object = None


PLACES: Final[Mapping[ChannelKind, Place]] = {
    ChannelKind.FEISHU: Place(("open.feishu.cn", "open.larksuite.com"), "/open-apis/bot/v2/hook/"),
    ChannelKind.DINGTALK: Place(("oapi.dingtalk.com",), "/robot/send", "access_token"),
    ChannelKind.WECOM: Place(("qyapi.weixin.qq.com",), "/cgi-bin/webhook/send", "key"),
    ChannelKind.SLACK: Place(("hooks.slack.com", "hooks.slack-gov.com"), "/services/"),
}
# Kinds whose address may be given as `url` beside `config`, as webhooks always had it.
ADDRESSED: Final = frozenset({ChannelKind.WEBHOOK, ChannelKind.ALERTMANAGER, *PLACES})
# Kinds that sign, or may. Only a webhook's secret is made here.
SIGNING: Final = frozenset({ChannelKind.WEBHOOK, ChannelKind.FEISHU, ChannelKind.DINGTALK})


def _text(pattern: str, wish: str) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        fits = isinstance(value, str) and len(value) <= LONGEST_TEXT
        return None if fits and re.fullmatch(pattern, str(value)) else wish

    return check


def _one_of(*choices: str) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        return None if value in choices else f"One of: {', '.join(choices)}."

    return check


def _list_of(most: int, pattern: str, wish: str) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        if not isinstance(value, list) or not 0 < len(value) <= most:
            return f"A list of 1 to {most}."
        fits = all(isinstance(one, str) and re.fullmatch(pattern, one) for one in value)
        return None if fits else wish

    return check


def _port(value: object) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return None if whole and 0 < int(str(value)) < 2**16 else "A port from 1 to 65535."


def _per_minute(value: object) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return None if whole and 0 < int(str(value)) <= MOST_PER_MINUTE else _HOW_OFTEN


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false."


_ANY: Final = r"[^\x00-\x1f\x7f]+"
_URL: Final = Setting(_text(_ANY, "A web address."), required=True)
_SECRET_URL: Final = Setting(_text(_ANY, "A web address."), required=True, secret=True)
_LANGUAGE: Final = Setting(_one_of(*LANGUAGES))
_WORD: Final = _text(r"[^\x00-\x1f\x7f]{1,256}", "1 to 256 characters on one line.")

_OWN: Final[Mapping[ChannelKind, Mapping[str, Setting]]] = {
    ChannelKind.WEBHOOK: {"url": _URL},
    ChannelKind.CONSOLE: {},
    **{kind: {"url": _SECRET_URL, "language": _LANGUAGE} for kind in PLACES},
    ChannelKind.PAGERDUTY: {
        "routing_key": Setting(
            _text(r"[A-Za-z0-9]{32}", "The 32 letters and digits of an integration key."),
            required=True,
            secret=True,
        ),
        "region": Setting(_one_of("us", "eu"), default="us"),
        "url": Setting(_text(_ANY, "A web address.")),
        "language": _LANGUAGE,
    },
    ChannelKind.EMAIL: {
        "host": Setting(_text(r"[A-Za-z0-9.:-]{1,253}", "A host name."), required=True),
        "port": Setting(_port, default=587),
        "security": Setting(_one_of("starttls", "tls", "none"), default="starttls"),
        "sender": Setting(_text(ADDRESS.pattern, "An e-mail address."), required=True),
        "recipients": Setting(
            _list_of(MAX_RECIPIENTS, ADDRESS.pattern, "Every one is an e-mail address."),
            required=True,
        ),
        "username": Setting(_WORD),
        "password": Setting(_WORD, secret=True),
        "language": _LANGUAGE,
    },
    ChannelKind.ALERTMANAGER: {
        "url": _URL,
        "token": Setting(_text(r"[!-~]{1,2048}", "A bearer token."), secret=True),
        "username": Setting(_WORD),
        "password": Setting(_WORD, secret=True),
        "language": _LANGUAGE,
    },
    ChannelKind.APPRISE: {
        "addresses": Setting(
            _list_of(
                MAX_ADDRESSES,
                r"[A-Za-z0-9+]{2,24}://[!-~]{1,1000}",
                "Addresses as Apprise has them.",
            ),
            required=True,
            secret=True,
        ),
        "language": _LANGUAGE,
    },
}

# How fast it is sent to, and whether much at once comes in one message.
_PACE: Final = {"per_minute": Setting(_per_minute), "digest": Setting(_flag)}
SETTINGS: Final = {kind: {**own, **_PACE} for kind, own in _OWN.items()}


def read_config(
    kind: ChannelKind,
    given: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
    url_at: str = "/url",
    allow_private: bool = False,
) -> dict[str, Any]:
    """The whole config of a channel; what is not given stays as `before`, null takes a thing away.

    A secret given as it is shown stays too. `url_at` is where the address stood in what was given.
    Raises InvalidInputError with the place of the problem, or BlockedAddressError.
    """
    settings = SETTINGS[kind]
    for name in given:
        if name not in settings:
            # The name is the input's own: bounded, so that the answer is.
            raise wrong(
                _at(name[:64], url_at), "unexpected", f"A {kind} channel has no such thing."
            )
    kept = {name: one for name, one in given.items() if not _is_mask(one)}
    config = {name: settings[name].default for name in settings} | dict(before or {}) | kept
    config = {name: value for name, value in config.items() if value is not None}
    for name, setting in settings.items():
        if name not in config:
            if setting.required:
                raise wrong(_at(name, url_at), "missing", f"A {kind} channel needs this.")
        elif (wish := setting.check(config[name])) is not None:
            raise wrong(_at(name, url_at), "invalid", wish)
    _check_places(kind, config, url_at=url_at, allow_private=allow_private)
    return config


def show_config(kind: ChannelKind, config: Mapping[str, Any]) -> dict[str, Any]:
    """The config for everybody's eyes: secrets are said to be there, and no more."""
    settings = SETTINGS[kind]
    return {
        name: MASK if name in settings and settings[name].secret else value
        for name, value in config.items()
    }


def forget_secrets(kind: ChannelKind, config: Mapping[str, Any]) -> dict[str, Any]:
    """What may be kept of a channel that is gone."""
    return {name: one for name, one in config.items() if one == show_config(kind, config)[name]}


def read_secret(kind: ChannelKind, secret: str | None) -> str | None:
    """The secret that signs: a webhook without one gets a new one. Raises InvalidInputError."""
    if kind not in SIGNING:
        if secret is not None:
            raise wrong("/secret", "unexpected", f"Nothing is signed for a channel of kind {kind}.")
        return None
    if kind is not ChannelKind.WEBHOOK:
        if secret is not None and not re.fullmatch(r"[!-~]{8,128}", secret):
            wish = "The secret the robot's own page shows: 8 to 128 characters, no spaces."
            raise wrong("/secret", "invalid_secret", wish)
        return secret
    if secret is None:
        return signatures.generate_secret()
    try:
        signatures.decode_secret(secret)
    except ValueError as error:
        raise wrong("/secret", "invalid_secret", str(error)) from None
    return secret


def wrong(pointer: str, code: str, detail: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[FieldProblem(pointer, code, detail)])


def _is_mask(value: object) -> bool:
    return value == MASK


def _at(name: str, url_at: str) -> str:
    return url_at if name == "url" else f"/config/{name}"


def _check_places(
    kind: ChannelKind, config: Mapping[str, Any], *, url_at: str, allow_private: bool
) -> None:
    """Where it leads: to the vendor, or at least to somebody who is not on our own network."""
    url = config.get("url")
    if url is not None:
        check_url(url, allow_private=allow_private)
    if allow_private:
        return
    if kind in PLACES and not PLACES[kind].fits(str(url)):
        detail = f"The address a robot's own page shows: {PLACES[kind].example}"
        raise wrong(url_at, "wrong_host", detail)
    if kind is ChannelKind.PAGERDUTY and url is not None:
        raise wrong(url_at, "unexpected", "Events go to PagerDuty's own address.")
    if kind is ChannelKind.EMAIL:
        _check_mail(config)
    if kind is ChannelKind.APPRISE and not all(map(is_public_service, config["addresses"])):
        detail = "Only services with addresses of their own: this one names its host."
        raise wrong("/config/addresses", "blocked_address", detail)


def _check_mail(config: Mapping[str, Any]) -> None:
    literal = parse_literal(config["host"])
    inward = literal is not None and not is_public(literal)
    if inward or f".{config['host'].rstrip('.')}".endswith(".localhost"):
        raise BlockedAddressError("The address is not a public one.")
    if config["port"] not in MAIL_PORTS:
        listed = ", ".join(str(port) for port in sorted(MAIL_PORTS))
        raise wrong("/config/port", "blocked_address", f"Only these ports are called: {listed}.")
    if config["security"] == "none" and "password" in config:
        detail = "A password goes to a mail server under TLS only."
        raise wrong("/config/security", "invalid", detail)

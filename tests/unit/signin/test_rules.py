"""Where one goes on to, who is welcome, and under what name."""

import pytest

from services.core.signin import rules
from services.core.signin.types import Identity, Metadata, ProviderDraft
from services.core.workspaces.types import Role

ORIGINS = ("https://app.example.com",)


def who(email: str | None) -> Identity:
    return Identity("https://id.example.com", "1", email, None)


@pytest.mark.parametrize(
    ("role", "domains", "is_good"),
    [
        (None, (), True),
        (Role.VIEWER, ("example.com",), True),
        (Role.VIEWER, (), False),
        (Role.ADMIN, ("example.com",), False),
    ],
)
def test_newcomers_are_let_in_by_domain_and_never_as_admins(
    role: Role | None, domains: tuple[str, ...], *, is_good: bool
) -> None:
    draft = ProviderDraft("https://id.example.com", "w", None, domains, role)
    assert (rules.flaw(draft) is None) is is_good


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, "/"),
        ("/", "/"),
        ("/inbox?case=1#top", "/inbox?case=1#top"),
        ("https://app.example.com/inbox", "https://app.example.com/inbox"),
        ("", None),
        ("//evil.example", None),
        ("/\\evil.example", None),
        ("/a\nSet-Cookie: x", None),
        ("https://evil.example/", None),
        ("https://app.example.com@evil.example/", None),
        ("https://app.example.com\\@evil.example/", None),
        ("javascript:alert(1)", None),
    ],
)
def test_one_goes_on_to_a_page_of_ours(wanted: str | None, found: str | None) -> None:
    assert rules.read_return_to(wanted, ORIGINS) == found


def test_the_verifier_is_proven_by_its_hash() -> None:
    # The example of RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert rules.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("endpoint", "glue"), [("https://a.example/", "?"), ("https://a/?x=1", "&")]
)
def test_the_way_there_says_everything_once(endpoint: str, glue: str) -> None:
    metadata = Metadata(endpoint, "", "", secret_in_body=False)
    url = rules.authorization_url(
        metadata, client_id="w", redirect_uri="https://u/cb", state="s", nonce="n", verifier="v"
    )
    assert url.startswith(f"{endpoint}{glue}response_type=code&")
    assert f"code_challenge={rules.challenge('v')}" in url
    assert "v=" not in url.replace(endpoint, "")


@pytest.mark.parametrize(
    ("email", "domains", "is_in"),
    [
        ("a@example.com", (), True),
        (None, (), True),
        ("a@EXAMPLE.com", ("example.com",), True),
        ("a@sub.example.com", ("example.com",), False),
        ("example.com", ("example.com",), False),
        (None, ("example.com",), False),
    ],
)
def test_a_domain_is_the_whole_of_what_follows_the_at(
    email: str | None, domains: tuple[str, ...], *, is_in: bool
) -> None:
    assert rules.is_welcome(who(email), domains) is is_in


def test_a_newcomer_is_called_as_nobody_is_yet() -> None:
    assert rules.handle_of("Ada.Lovelace+x@example.com", ()) == "ada.lovelace-x"
    assert rules.handle_of("ada@example.com", {"ada", "ada-2"}) == "ada-3"
    assert rules.handle_of("林夏@example.com", ()) == "member"

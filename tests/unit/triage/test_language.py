import pytest

from services.core.triage.language import language_of
from services.core.triage.types import Language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("这支口红显白吗", Language.ZH),
        ("does it come in blue?", Language.EN),
        ("这个 texture 太舒服了", Language.MIXED),
        ("真的yyds，dd链接", Language.ZH),
        ("APP打不开，BGM也没声音", Language.ZH),
        ("50ml的SPF50多少钱", Language.ZH),
        ("@GlowLab 什么时候补货", Language.ZH),
        ("写信到 hello@example.com 可以吗", Language.ZH),
        ("😭😭[哭惹R]", Language.OTHER),
        ("", Language.OTHER),
        ("これはとてもいいです", Language.OTHER),
    ],
)
def test_the_letters_tell_the_language(text: str, language: Language) -> None:
    assert language_of(text) is language

"""Tells Chinese, English and mixed text apart by script, as people who answer it would."""

import re

import numpy as np

from services.core.triage.normalise import View
from services.core.triage.types import Language

# Handles, addresses and bracketed emoticons say nothing about the language of the sentence.
# An address may only begin where a word does, or a long run would be tried from each letter.
_ASIDE = re.compile(
    r"(?<![a-z0-9._+-])[a-z0-9._+-]+@[a-z0-9.-]+|@[^\s@]+|https?://\S+|\[[^\[\]]{1,8}\]",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[a-z\d]+", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_FOREIGN = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\uac00-\ud7af]")
_HAN_BEGIN, _HAN_END, _FAR_HAN = 0x3400, 0xA000, 0x20000
_GREEK, _GREEK_END = 0x370, 0x2000
_KANA, _KANA_END = 0x3040, 0x3100
_HANGUL, _HANGUL_END = 0xAC00, 0xD7B0
_VOWEL = re.compile(r"[aeiou]", re.IGNORECASE)
# Latin letters a Chinese sentence uses without becoming mixed: short hands, units, trade names.
# Those without a vowel need no place here: they are abbreviations by their look.
_AT_HOME = re.compile(
    r"""
    aha |ai |app |awsl |bha |ceo |cpu |dha |diy |dna |doge |em |emm |emmm |emo |en |enfj
    |enfp |entj |entp |epa |esfj |esfp |estj |estp |excel |gpu |haha |id |infj |infp
    |ins |intj |intp |ios |ip |ipad |iphone |isfj |isfp |istj |istp |koc |kol |led |logo
    |lol |max |mbti |mini |moq |odm |oem |ok |oled |ootd |pa |plog |plus |pro |pua |seo
    |sku |ugc |up |usb |usd |uv |ve |vip |vlog |wechat |wifi |word
    """,
    re.IGNORECASE | re.VERBOSE,
)


def language_of(text: str) -> Language:
    """Judge by the letters: Han with English words used as words is mixed, Han alone is Chinese."""
    sentence = _ASIDE.sub(" ", text)
    han = len(_HAN.findall(sentence))
    foreign = len(_FOREIGN.findall(sentence))
    words = [token for token in _TOKEN.findall(sentence) if token.isalpha()]
    if foreign > han + sum(map(len, words)):
        return Language.OTHER
    if han:
        return Language.MIXED if any(_is_a_word(word) for word in words) else Language.ZH
    return Language.EN if words else Language.OTHER


def _is_a_word(word: str) -> bool:
    return len(word) > 1 and _AT_HOME.fullmatch(word) is None and bool(_VOWEL.search(word))


def languages_of(view: View) -> list[Language]:
    """Judge the messages of a batch; names, addresses and emoticons are signs there already."""
    codes = view.codes
    han = (codes >= _HAN_BEGIN) & (codes < _HAN_END) | (codes >= _FAR_HAN)
    latin = (codes >= ord("a")) & (codes <= ord("z"))
    foreign = (codes >= _GREEK) & (codes < _GREEK_END) | (codes >= _KANA) & (codes < _KANA_END)
    foreign |= (codes >= _HANGUL) & (codes < _HANGUL_END)
    counts = [
        (sums[view.ends] - sums[view.starts]).tolist()
        for sums in (np.concatenate(([0], np.cumsum(marked))) for marked in (han, latin, foreign))
    ]
    return [_language(view, at, *each) for at, each in enumerate(zip(*counts, strict=True))]


def _language(view: View, at: int, han: int, latin: int, foreign: int) -> Language:
    if foreign > han + latin:
        return Language.OTHER
    if han and latin:
        words = _TOKEN.findall("".join(map(chr, view.text(at).tolist())))
        mixed = any(_is_a_word(word) for word in words if word.isalpha())
        return Language.MIXED if mixed else Language.ZH
    if han:
        return Language.ZH
    return Language.EN if latin else Language.OTHER

"""Tells Chinese, English and mixed text apart by script, as people who answer it would."""

import re

from services.core.triage.types import Language

# Handles, hashtags, addresses and bracketed emoticons say nothing about the language of the sentence.
_ASIDE = re.compile(r"@[^\s@]+|https?://\S+|\[[^\[\]]{1,8}\]|[\w.+-]+@[\w-]+\.[\w.]+")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_FOREIGN = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\uac00-\ud7af]")
_VOWEL = re.compile(r"[aeiou]", re.IGNORECASE)
_CODE = re.compile(r"[a-z]*\d[a-z\d]*", re.IGNORECASE)
# Latin letters a Chinese sentence uses without becoming mixed: abbreviations of pinyin, units, trade short hands.
_AT_HOME = frozenset(
    """
    app bgm ok id ip up vip dm pr hr ai tv pc usb led logo diy kol koc mcn oem odm moq seo spf pa uv cm mm kg ml
    mg g l m h w v km ins ootd pua emo cp ppt pdf qq vx wx wechat app ios wifi gps dna mbti isfj infp enfp intj
    infj entp esfj estj istj istp isfp entj enfj intp estp esfp a b c d s xs xl xxl ugc vlog plog doge yyds xswl
    awsl emmm emm em en hhh haha hh dd ddd dddd yysy ssfd kswl cy sku pro max plus mini cpu gpu ktv ktv ceo iphone
    ipad oled nfc ph aha bha epa dha ve vb vc vd lol bb cc tmd md nb tql u cpdd vs rmb usd ppt excel word
    """.split()
)


def language_of(text: str) -> Language:
    """Judge by the letters: Han with English words used as words is mixed, Han alone is Chinese."""
    sentence = _ASIDE.sub(" ", text)
    han = len(_HAN.findall(sentence))
    foreign = len(_FOREIGN.findall(sentence))
    words = _WORD.findall(_CODE.sub(" ", sentence))
    if foreign > han + sum(map(len, words)):
        return Language.OTHER
    if han:
        return Language.MIXED if any(_is_a_word(word) for word in words) else Language.ZH
    return Language.EN if words else Language.OTHER


def _is_a_word(word: str) -> bool:
    return len(word) > 1 and word.casefold() not in _AT_HOME and bool(_VOWEL.search(word))

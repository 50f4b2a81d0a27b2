"""Where words stand on a scale: grades, stages, severities, bands of numbers, in English and Chinese."""

from __future__ import annotations

import re

_SCALES = (
    ("0", "none", "no", "absent", "negative", "neg", "-", "无", "阴性", "（-）", "没有"),
    ("±", "trace", "minimal", "very low", "可疑", "弱阳性"),
    (
        "i",
        "low",
        "mild",
        "weak",
        "light",
        "poor",
        "+",
        "one",
        "never",
        "small",
        "below",
        "轻",
        "轻度",
        "低",
        "差",
        "小",
        "早期",
        "mild-moderate",
    ),
    (
        "ii",
        "moderate",
        "medium",
        "mode",
        "mod",
        "middle",
        "intermediate",
        "fair",
        "++",
        "two",
        "former",
        "normal",
        "中",
        "中度",
        "中等",
        "一般",
    ),
    (
        "iii",
        "high",
        "severe",
        "strong",
        "heavy",
        "good",
        "+++",
        "three",
        "current",
        "large",
        "above",
        "重",
        "重度",
        "高",
        "好",
        "大",
        "晚期",
    ),
    (
        "iv",
        "very high",
        "very severe",
        "very strong",
        "critical",
        "excellent",
        "++++",
        "four",
        "extreme",
        "极重",
        "危重",
        "极高",
        "很好",
    ),
    ("v", "five", "life-threatening"),
)
_STEP = {word: place for place, words in enumerate(_SCALES) for word in words}
_ROMAN = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "v": 5,
    "Ⅰ": 1,
    "Ⅱ": 2,
    "Ⅲ": 3,
    "Ⅳ": 4,
    "Ⅴ": 5,
    "ⅰ": 1,
    "ⅱ": 2,
    "ⅲ": 3,
    "ⅳ": 4,
}
_CHINESE_DIGITS = {sign: place for place, sign in enumerate("零一二三四五六七八九")}
_STAGED = re.compile(
    r"^(?:[ptmncg]{0,3}|stage|grade|g|level|class|type|nyha|asa|ecog|bclc|第)?[\s_-]*"
    r"([0-9]{1,2}|[ivⅠⅡⅢⅣⅤⅰⅱⅲⅳ]{1,3}|[一二三四五六七八九])\s*([a-d]{0,2}|\(.*\))\s*(?:期|级|度|型|分)?$"
)
_BAND = re.compile(
    r"^(?:[<>≤≥＜＞]=?\s*)?(\d+(?:\.\d+)?)\s*(?:(?:-|–|~|～|to|至)\s*(\d+(?:\.\d+)?)|\+)?\s*([^\d]*)$"
)


def scale_of(words: list[str]) -> list[float] | None:
    """Where each word stands on a scale, or None when they are not all words of one.

    Examples
    --------
    >>> scale_of(["III", "I", "II"]), scale_of(["轻度", "重度"]), scale_of(["red", "blue"])
    ([4.0, 2.0, 3.0], [2.0, 4.0], None)
    >>> scale_of(["65-69", "80+", "70-74"])
    [65.0, 80.0, 70.0]
    """
    lowered = [word.strip().lower() for word in words]
    for read in (_scale_word, _staged, _band, _numbered):
        found = [read(word) for word in lowered]
        bare = {
            re.sub(r"\s+", "", word) for word in lowered
        }  # words that differ in a space only share a step
        if all(place is not None for place in found) and len(set(found)) == len(bare):
            return [float(place) for place in found if place is not None]
    return None


def _numbered(word: str) -> float | None:
    found = re.match(r"^(\d+)[_:.)]\s*\D", word)
    return float(found.group(1)) if found else None


def _scale_word(word: str) -> float | None:
    word = re.sub(r"^\d+[_.\s]+", "", word)
    return float(_STEP[word]) if word in _STEP else None


def _staged(word: str) -> float | None:
    found = _STAGED.match(re.sub(r"^\d+_", "", word) if "_" in word else word)
    if not found:
        return None
    sign, part = found.group(1), found.group(2) or ""
    number = (
        _ROMAN.get(sign)
        or _CHINESE_DIGITS.get(sign)
        or (int(sign) if sign.isdigit() and sign.isascii() else None)
    )
    if number is None:
        return None
    return number + (ord(part[0]) - ord("a") + 1) / 10 if part[:1].isalpha() else float(number)


def _band(word: str) -> float | None:
    compact = word.replace(" ", "")
    found = _BAND.match(compact)
    if not found:
        return None
    low = float(found.group(1))
    if compact[0] in "<≤＜":
        return low - 1e-6 if "=" not in compact and compact[0] != "≤" else low - 5e-7
    if compact[0] in ">≥＞":
        return low + 1e-6
    if found.group(2) is None and "+" not in compact:
        return None
    return low

"""The words for nothing, for yes and for no, as people write them in tables."""

from __future__ import annotations

import re
import unicodedata

# Full-width forms of ASCII, and what the eye does not see at all.
_UNSEEN: dict[int, int | None] = dict.fromkeys((0xFEFF, 0x200B, 0x200C, 0x200D, 0x2060))
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | _UNSEEN
_DIVIDING, _HIDDEN = frozenset({"Cc", "Zl", "Zp"}), frozenset({"Cf", "Cs"})
# The punctuation of Chinese sentences stays as it is.
_SENTENCE = frozenset("！，：；？")
_NARROW_PROSE = {code: narrow for code, narrow in _NARROW.items() if chr(code) not in _SENTENCE}

# A space between Chinese characters, or a Roman numeral and one, divides nothing; a line end does.
_BETWEEN = re.compile("(?<=[\u2160-\u217f\u3400-\u9fff])[ \t\u00a0\u3000]+(?=[\u2160-\u217f\u3400-\u9fff])")

_MISSING = frozenset(
    {
        "", "na", "n/a", "n.a.", "#n/a", "nan", "null", "<na>", "nat", ".", "?", "-", "--", "---", "—", "–", "−", "\\n",
        "unknown", "not available", "missing", "未知", "不详", "缺失", "未查",
    }
)  # fmt: skip
_SHEET_ERRORS = frozenset({"#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!", "#error!"})
_PAIRS = (
    ("yes", "no"), ("true", "false"), ("是", "否"), ("有", "无"), ("阳性", "阴性"), ("positive", "negative"),
    ("pos", "neg"), ("(+)", "(-)"), ("+", "-"),
)  # fmt: skip
_SHORT = (("y", "n"), ("t", "f"))


def plain(text: str) -> str:
    """A cell in its usual form: full-width forms made narrow, spaces single and none at the ends, nothing invisible.

    Raised digits and the like stay: 10² is not 102.

    Examples
    --------
    >>> plain("\\u3000１２．５ "), plain("  not \\u00a0known"), plain("grade\\x07II\\u00ad")
    ('12.5', 'not known', 'grade II')
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(_seen(text.translate(_NARROW)).split())


def _seen(text: str) -> str:
    """The text without signs that are not seen; a control character divides words as a space does."""
    if text.isprintable():
        return text
    kinds = ((sign, unicodedata.category(sign)) for sign in text)
    return "".join(" " if kind in _DIVIDING else sign for sign, kind in kinds if kind not in _HIDDEN)


def plain_prose(text: str) -> str:
    """As `plain`, but the punctuation of Chinese sentences stays, and a space between their characters goes.

    Examples
    --------
    >>> plain_prose(" ＨＥＲ２（＋），复核 "), plain_prose("Ⅱ 级")
    ('HER2(+)，复核', 'Ⅱ级')
    """
    if text.isascii():
        return plain(text)
    return " ".join(_seen(_BETWEEN.sub("", text.translate(_NARROW_PROSE))).split())


def is_full_width(text: str) -> bool:
    """Whether a text holds full-width letters, digits or signs."""
    return any("\uff01" <= character <= "\uff5e" and character not in _SENTENCE for character in text)


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value: nothing, NA, null, ., ?, -, unknown, 未知 and the like."""
    return plain(text).casefold() in _MISSING


def is_sheet_error(text: str) -> bool:
    """Whether a cell is a spreadsheet's error, such as #DIV/0!."""
    return plain(text).casefold() in _SHEET_ERRORS


def truth_words(words: set[str]) -> dict[str, bool] | None:
    """Which of a column's words (plain, casefolded) mean yes and which no; None where they are not all of such words.

    Both must occur. Single letters count only in their own pair: F beside M is no answer. A column of only 0 and 1
    is one of numbers; beside words they are no and yes.

    Examples
    --------
    >>> truth_words({"y", "n"}), truth_words({"f", "m"}), truth_words({"yes"}), truth_words({"0", "1"})
    ({'y': True, 'n': False}, None, None, None)
    """
    known: dict[str, bool] = {"1": True, "0": False}
    for yes, no in _PAIRS:
        known |= {yes: True, no: False}
    letters = words & {"y", "n", "t", "f"}
    if letters:
        pair = next((pair for pair in _SHORT if letters <= set(pair)), None)
        if pair is None:
            return None
        known |= {pair[0]: True, pair[1]: False}
    if words <= {"0", "1"} or not words <= known.keys():
        return None
    found = {word: known[word] for word in sorted(words, reverse=True)}
    return found if len(set(found.values())) == 2 else None

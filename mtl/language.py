"""Languages: which one a reader uses, its words (gettext) and how it writes numbers, percentages and dates.

The catalogues are `mtl/locale/<language>/LC_MESSAGES/consilium.po`. They are read as they are, so a fresh
clone needs no compile step. English is the source language and has no catalogue.
"""

from __future__ import annotations

import datetime
import gettext as gettext_module
import io
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache
from pathlib import Path

from babel import dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

#: Language codes with the name each gives itself.
LANGUAGES = {"en": "English", "zh_Hans": "中文"}
DEFAULT = "en"
LOCALE_FOLDER = Path(__file__).parent / "locale"

# Day before month, as clinicians outside the United States write it, and a 24-hour clock.
_BABEL_LOCALE = {"en": "en_GB", "zh_Hans": "zh_Hans_CN"}
_NO_BREAK = "\u00a0"
_MINUS = "\u2212"
_UNKNOWN = "\u2013"
_GROUPED_FROM = 10_000
_MOST_DECIMALS = 3  # where none are asked for

_chosen: ContextVar[str | None] = ContextVar("language", default=None)
_ask: Callable[[], str | None] | None = None


class LanguageError(ValueError):
    """A language that Consilium does not have."""


def match(code: str | None) -> str | None:
    """Return our code for a language tag of any spelling, or None if we do not have that language.

    Examples
    --------
    >>> match("zh-CN"), match("zh"), match("en_US"), match("fr")
    ('zh_Hans', 'zh_Hans', 'en', None)
    """
    head = (code or "").replace("_", "-").split("-")[0].lower()
    return {"en": "en", "zh": "zh_Hans"}.get(head)


def language() -> str:
    """Return the code of the language in use: one set here, else what `follow` was given, else English."""
    chosen = _chosen.get()
    if chosen is None and _ask is not None:
        chosen = _ask()
    return chosen or DEFAULT


def study_language() -> str:
    """Return the language in use as the texts of a study name it: "en" or "zh"."""
    return language().split("_")[0]


def set_language(code: str) -> None:
    """Use a language in this context (thread or task) from now on.

    Raises
    ------
    LanguageError
        If there is no such language.
    """
    _chosen.set(_checked(code))


@contextmanager
def use(code: str) -> Iterator[None]:
    """Use a language inside the block.

    Examples
    --------
    >>> with use("zh_Hans"):
    ...     percent(0.58)
    '58%'
    """
    token = _chosen.set(_checked(code))
    try:
        yield
    finally:
        _chosen.reset(token)


def follow(ask: Callable[[], str | None]) -> None:
    """Ask a function for the language wherever none was set here.

    The app gives one that reads the user's session: a fragment or a callback runs without the shell, in a
    thread of its own, where nothing could have set the language before.
    """
    global _ask
    _ask = ask


def _checked(code: str) -> str:
    if code not in LANGUAGES:
        raise LanguageError(f"There is no language {code!r}; use one of {', '.join(LANGUAGES)}.")
    return code


@cache
def _translations(code: str) -> gettext_module.NullTranslations:
    path = LOCALE_FOLDER / code / "LC_MESSAGES" / "consilium.po"
    if not path.is_file():
        return gettext_module.NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=code, domain="consilium")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext_module.GNUTranslations(compiled)


def gettext(message: str) -> str:
    """Return the message in the language in use; pages and modules import it as `_`."""
    return _translations(language()).gettext(message)


_ = gettext


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of a message that fits the count, in the language in use.

    Examples
    --------
    >>> ngettext("{count} patient", "{count} patients", 3).format(count=3)
    '3 patients'
    """
    return _translations(language()).ngettext(singular, plural, count)


def pgettext(context: str, message: str) -> str:
    """Return the message in the language in use, where one English word stands for several things."""
    return _translations(language()).pgettext(context, message)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a message for the catalogues and return it unchanged, to be translated where it is shown."""
    return message


def _locale() -> str:
    return _BABEL_LOCALE[language()]


def _space() -> str:
    """Return what stands between a number and its sign: Chinese sets them solid."""
    return _NO_BREAK if language() == "en" else ""


def number(value: float, decimals: int | None = None) -> str:
    """Write a number, grouped by thousands; NaN is an en dash.

    Parameters
    ----------
    value
        Any real number.
    decimals
        Digits after the point, always shown; None writes up to three, without trailing zeros.

    Examples
    --------
    >>> number(2982), number(0.5), number(1.26, 1), number(float("nan"))
    ('2,982', '0.5', '1.3', '–')
    """
    if math.isnan(value):
        return _UNKNOWN
    group, point = _symbols(_locale())
    text = _grouped(value, decimals)
    if (group, point) != (",", "."):
        text = text.replace(",", "\0").replace(".", point).replace("\0", group)
    return _signed_zero(text)


def _grouped(value: float, decimals: int | None) -> str:
    """Write a number in groups of three, ties to even, as Babel's decimal pattern does at a tenth of the speed."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    exact = Decimal(str(value))
    places = _MOST_DECIMALS if decimals is None else decimals
    # a number of many digits has no place for more; the context of a rounding must hold them all
    with localcontext(prec=max(exact.adjusted() + places + 2, 1) + len(exact.as_tuple().digits)):
        text = f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,f}"
    return text.rstrip("0").rstrip(".") if decimals is None and "." in text else text


@cache
def _symbols(locale: str) -> tuple[str, str]:
    return numbers.get_group_symbol(locale), numbers.get_decimal_symbol(locale)


def measured(value: float, decimals: int | None = None) -> str:
    """Write a measurement: as `number`, but grouped only from five digits on, so that a year reads as one.

    Examples
    --------
    >>> measured(1986), measured(12500), measured(700.5)
    ('1986', '12,500', '700.5')
    """
    text = number(value, decimals)
    return text.replace(_symbols(_locale())[0], "") if abs(value) < _GROUPED_FROM else text


def _signed_zero(text: str) -> str:
    """Write a minus sign for a hyphen, and none before a zero."""
    if not text.startswith("-"):
        return text
    return text[1:] if not any(digit in text for digit in "123456789∞") else _MINUS + text[1:]


def signed(value: float, decimals: int = 0) -> str:
    """Write a difference with its sign; a difference that rounds to zero has none.

    Examples
    --------
    >>> signed(13.4), signed(-5), signed(0.2)
    ('+13', '−5', '0')
    """
    if math.isnan(value):
        return _UNKNOWN
    size = number(abs(value), decimals)
    if not any(digit in size for digit in "123456789"):
        return size
    return ("+" if value > 0 else _MINUS) + size


def percent(proportion: float, decimals: int = 0) -> str:
    """Write a proportion as a percentage; nothing between 0 and 1 is rounded to certainty.

    Examples
    --------
    >>> [percent(p).replace(chr(160), " ") for p in (0.32, 0.999, 0.001, 0, 1)]
    ['32 %', '>99 %', '<1 %', '0 %', '100 %']
    """
    if math.isnan(proportion):
        return _UNKNOWN
    step = 10.0**-decimals
    mark = ""
    points = 100 * proportion
    if proportion > 0 and round(points, decimals) <= 0:
        mark, points = "<", step
    elif proportion < 1 and round(points, decimals) >= 100:
        mark, points = ">", 100 - step
    return f"{mark}{number(points, decimals)}{_space()}%"


def span(low: float, high: float, decimals: int = 0) -> str:
    """Write an interval of two numbers, without a unit.

    Examples
    --------
    >>> span(62, 78)
    '62 to 78'
    """
    # Translators: an interval of two numbers
    return _("{low} to {high}").format(low=number(low, decimals), high=number(high, decimals))


def listed(words: Iterable[str]) -> str:
    """Write an enumeration.

    Examples
    --------
    >>> listed(["age", "sex"])
    'age, sex'
    """
    # Translators: what stands between the entries of an enumeration
    return pgettext("enumeration", ", ").join(words)


def clauses(words: Iterable[str]) -> str:
    """Write entries one after the other that may hold commas themselves.

    Examples
    --------
    >>> clauses(["a, b", "c"])
    'a, b; c'
    """
    # Translators: what stands between clauses
    return pgettext("clauses", "; ").join(words)


def date(day: datetime.date) -> str:
    """Write a date.

    Examples
    --------
    >>> date(datetime.date(2026, 11, 12))
    '12 Nov 2026'
    """
    return dates.format_date(day, format="medium", locale=_locale())

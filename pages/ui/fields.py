"""One field of a form for a finding: a number, a level, yes or no, or nothing, which is always a legal answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, measured, study_language
from mtl.services.patients.cases import Finding
from mtl.services.patients.private import Feature, Treatment
from pages.ui import say

COLUMNS = 3


def grid(fields: Iterable[Callable[[], None]], columns: int = COLUMNS) -> None:
    """Show fields in rows of a few."""
    shown = list(fields)
    for start in range(0, len(shown), columns):
        for column, field in zip(st.columns(columns), shown[start : start + columns], strict=False):
            with column, st.container(gap="xxsmall"):
                field()


def field(feature: Feature, start: object, key: str, missing: str, hint: str = "") -> object:
    """Show the field of a finding and return what it holds: a number, a level's text, "true", "false" or None.

    Parameters
    ----------
    missing
        The word for no value.
    hint
        What stands below.
    """
    unit = feature.unit.get(study_language())
    label = say.markdown(f"{say.title(feature)} ({unit})" if unit else say.title(feature))
    if feature.kind == "numeric":
        value: object = st.number_input(
            label, value=start, key=key, placeholder=missing, format="%g", step=_step(feature.decimals),
        )  # fmt: skip
    else:
        words = {"true": _("yes"), "false": _("no")}
        if feature.kind != "boolean":
            words = {level.text: level.get(study_language()) for level in feature.levels}
        value = choice(label, words, start, key, missing)
    below(hint)
    return value


def given(treatment: Treatment, start: object, key: str, missing: str) -> object:
    """Show the field of a treatment that may have been given, and return a level's text or None."""
    words = {level.text: level.get(study_language()) for level in treatment.levels}
    value = choice(
        say.markdown(say.title(treatment)),
        words or {"1": _("given"), "0": _("not given")},
        start,
        key,
        missing,
    )
    below("")
    return value


def choice(label: str, words: dict[str, str], start: object, key: str, missing: str) -> object:
    """Show a list whose last entry is no value."""
    options: list[object] = [*words, None]
    return st.selectbox(
        label, options, index=options.index(start) if start in options else len(options) - 1, key=key,
        format_func=lambda value: missing if value is None else words[value],
    )  # fmt: skip


def below(hint: str) -> None:
    """Show a line below a field, where there is one."""
    if hint:
        st.html(f'<p class="quiet">{text(hint)}</p>')


def usual(feature: Feature) -> str:
    """Say the usual range of a number; nothing where the study gives none."""
    return _("usual {range}").format(range=_range(feature.typical)) if feature.typical else ""


def ranges(feature: Feature) -> str:
    """Say the valid and the usual range of a number."""
    if feature.kind != "numeric":
        return ""
    valid = [_("valid {range}").format(range=_range(feature.valid))] if feature.valid else []
    return " · ".join(filter(None, [*valid, usual(feature)]))


def _range(ends: tuple[float, float]) -> str:
    return _("{low} to {high}").format(low=measured(ends[0]), high=measured(ends[1]))


def _step(decimals: int | None) -> float:
    return float(10.0 ** -(decimals or 0))


def start(finding: Finding) -> object:
    """Return the recorded value as its field takes it."""
    return None if finding.missing else held(finding.feature, finding.value)


def held(feature: Feature, value: object) -> object:
    """Return a value as the field of its feature takes it: a number, a level's text, "true", "false" or None."""
    if value is None:
        return None
    if feature.kind == "numeric":
        return float(value)  # type: ignore[arg-type]
    if feature.kind == "boolean":
        return "true" if str(value).strip().lower() in ("true", "yes", "y", "1", "1.0") else "false"
    for level in feature.levels:
        if level.text == str(value).strip() or level.value == value or _equal_numbers(level.text, value):
            return level.text
    return None


def _equal_numbers(one: object, other: object) -> bool:
    try:
        return float(one) == float(other)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False

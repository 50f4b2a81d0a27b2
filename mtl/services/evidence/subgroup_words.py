"""How the groups of a subgroup analysis are called, and what their numbers say."""

from __future__ import annotations

from typing import Any

from mtl.evidence.subgroups import FEWEST_EVENTS, FEWEST_ROWS, SITE
from mtl.language import _, measured, number, study_language
from mtl.services.patients.wording import title
from mtl.study import Feature, Study


def feature(study: Study, by: str) -> str:
    """What patients are divided by."""
    return (
        _("Site") if by == SITE and by not in {f.name for f in study.features} else title(study.feature(by))
    )


def group(study: Study, by: str, kind: str, name: Any) -> str:
    """What a group is called: a level, a site, a band "2 to 4", or "not recorded"."""
    if name is None:
        return _("not recorded, or rare") if kind == "site" else _("not recorded")
    if kind == "site":
        return str(name)
    entry = study.feature(by)
    if kind == "band":
        low, high = name
        unit = entry.unit.get(study_language())
        below, above = (f"{measured(end)} {unit}".strip() for end in (high or 0.0, low or 0.0))
        if low is None:
            return _("below {high}").format(high=below)
        if high is None:
            return _("{low} and above").format(low=above)
        return _("{low} to below {high}").format(low=measured(low), high=below)
    if kind == "value":
        return measured(name)
    if entry.kind == "boolean":
        return _("yes") if name else _("no")
    return _level(entry, name)


def _level(entry: Feature, value: float) -> str:
    """A level's label by its encoded number."""
    numbers = list(entry.level_numbers)
    if value not in numbers:
        return number(value)
    level = entry.levels[numbers.index(value)]
    return level.label.get(study_language()) or level.text


def few() -> str:
    """Why a group has no numbers."""
    return _("too few to say: fewer than {rows} patients or {events} events").format(
        rows=number(FEWEST_ROWS), events=number(FEWEST_EVENTS)
    )


def notable(less: dict[str, Any] | None) -> str:
    """Say whether a group differs from the rest; the interval is not corrected for the many groups looked at."""
    if less is None or less["value"] is None or less["low"] is None or less["high"] is None:
        return ""
    return _("cannot be told apart") if less["low"] <= 0 <= less["high"] else _("differs from the rest")

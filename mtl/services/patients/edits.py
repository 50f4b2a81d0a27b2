"""What-if edits: every value is checked here, whatever widget or address it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mtl.data.encode import encode_column
from mtl.expressions import cells
from mtl.language import _, listed, study_language
from mtl.model.forest import Floats
from mtl.model.novelty import Novelty
from mtl.services.patients.texts import number_text, value_text
from mtl.study import Feature, Study

LONGEST = 200  # characters of a value


class EditError(ValueError):
    """An edit that cannot be taken; `field` names the feature."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def checked(study: Study, edits: Mapping[str, object]) -> dict[str, Any]:
    """Edits as cells of a table: a number, a level's value, True or False, or None for not measured.

    A number outside the valid range is taken; :func:`warnings` speaks of it.

    Raises
    ------
    EditError
        An edit names no feature or a column that is not to be edited, or its value cannot be read.
    """
    return {str(name): cell(_feature(study, name), value) for name, value in edits.items()}


def _feature(study: Study, name: object) -> Feature:
    shown = str(name)[:80]
    if name in study.treatment_columns:
        raise EditError(shown, _("{field}: a treatment is not changed here").format(field=shown))
    if name == study.identifier:
        raise EditError(shown, _("{field}: the identifier cannot be changed").format(field=shown))
    for feature in study.features:
        if feature.name == name:
            return feature
    raise EditError(shown, _("{field}: the study has no such finding").format(field=shown))


def cell(feature: Feature, value: object) -> Any:
    """One value as a cell of a table; EditError, in words for the reader, when the feature cannot have it."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, float) and value != value:
        return None
    if not isinstance(value, (str, bool, int, float)) or (isinstance(value, str) and len(value) > LONGEST):
        raise _unreadable(feature)
    if isinstance(value, bool) and feature.kind == "numeric":
        raise _unreadable(feature)
    encoded = float(encode_column(feature, pd.Series([value], dtype=object))[0][0])
    if np.isnan(encoded):
        raise _unreadable(feature)
    if feature.kind == "numeric":
        return encoded
    if feature.kind == "boolean":
        return bool(encoded)
    return feature.levels[feature.level_numbers.index(encoded)].value


def _unreadable(feature: Feature) -> EditError:
    title = feature.title(study_language())
    if feature.kind == "numeric":
        text = _("{field}: give a number, or leave it as not measured").format(field=title)
    elif feature.kind == "boolean":
        text = _("{field}: give yes or no, or leave it as not measured").format(field=title)
    else:
        levels = listed(level.get(study_language()) for level in feature.levels)
        text = _("{field}: choose one of {levels}, or leave it as not measured").format(
            field=title, levels=levels
        )
    return EditError(feature.name, text)


def effective(study: Study, row: pd.DataFrame, edits: Mapping[str, Any]) -> dict[str, Any]:
    """The edits that change what the model reads, in the study's order, in the way the column is recorded."""
    kept = {}
    for feature in study.features:
        if feature.name not in edits:
            continue
        wanted = edits[feature.name]
        new = _encoded(feature, pd.Series([wanted], dtype=object))
        recorded = row[feature.name] if feature.name in row.columns else None
        old = np.nan if recorded is None else _encoded(feature, recorded)
        if new == old or (
            np.isnan(new) and np.isnan(old) and (recorded is None or cells.missing(recorded)[0])
        ):
            continue
        if isinstance(wanted, bool) and not (
            recorded is not None and pd.api.types.is_bool_dtype(recorded.dtype)
        ):
            wanted = int(wanted)  # recorded as 0 and 1
        kept[feature.name] = wanted
    return kept


def _encoded(feature: Feature, column: pd.Series) -> float:
    return float(encode_column(feature, column)[0][0])


def warnings(study: Study, edits: Mapping[str, Any], X: Floats, novelty: Novelty) -> tuple[str, ...]:
    """Where an edited patient leaves the study's valid ranges, or the patients that the model was trained on.

    Parameters
    ----------
    X : (1, p)
        The edited patient.
    """
    found = []
    for place, feature in enumerate(study.features):
        if edits.get(feature.name) is None or feature.kind != "numeric":
            continue
        value, low, high = X[0, place], novelty.low[place], novelty.high[place]
        if feature.valid is not None and not feature.valid[0] <= value <= feature.valid[1]:
            text, (low, high) = _("{field} {value}: outside the valid range, {low} to {high}"), feature.valid
        elif np.isfinite(low) and not low <= value <= high:
            text = _("{field} {value}: outside what the training patients had, {low} to {high}")
        else:
            continue
        title = feature.title(study_language())
        limits = {"low": number_text(feature, low), "high": number_text(feature, high)}
        found.append(text.format(field=title, value=value_text(feature, value), **limits))
    if edits and novelty.flag(X)[0]:
        found.append(
            _("No training patient had findings that go together like these: the numbers are less certain")
        )
    return tuple(found)

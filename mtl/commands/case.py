"""One patient in JSON on standard input, as `predict` and `explain` read it for `-`."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd

from mtl.commands.console import CommandError, Console
from mtl.commands.tables import columns_of
from mtl.data import encode
from mtl.study import Study

STDIN = "-"
LARGEST_CASE = 1 << 20  # bytes of JSON


def case_from_stdin(study: Study, console: Console) -> tuple[pd.DataFrame, int]:
    """The case as a table of one row, and how many of the study's features it has a readable value of.

    A feature that is not named is missing; a column that the study does not know is warned of and not used. Raises the
    errors of :func:`read_case`.
    """
    case = read_case(sys.stdin.buffer.read(LARGEST_CASE + 1))
    unknown = [name for name in case if name not in columns_of(study) | set(study.outcome_columns)]
    if unknown:
        console.warn(
            f"the study does not know {', '.join(repr(name[:60]) for name in unknown[:5])}: not used"
        )
    names = [feature.name for feature in study.features]
    table = pd.DataFrame({name: pd.Series([case.get(name)], dtype=object) for name in (*case, *names)})
    known = int((~np.isnan(encode(study, table).X)).sum())
    console.note(f"{known} of {len(names)} findings known")
    return table, known


def read_case(content: bytes) -> dict[str, Any]:
    """One JSON object, a column's name to its value: text, a number, true, false, or null for not measured.

    Raises
    ------
    CommandError
        It is something else.
    """
    if len(content) > LARGEST_CASE:
        raise CommandError(f"the case is larger than {LARGEST_CASE >> 20} MB; give a table instead")
    try:
        case = json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=_once_each, parse_constant=_no_constant
        )
    except UnicodeDecodeError:
        raise CommandError("the case is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise CommandError(
            f"the case is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise CommandError(
            "the case is nested too deep; give one JSON object, a column's name to its value"
        ) from None
    except CommandError:
        raise
    except ValueError:  # an integer of thousands of digits
        raise CommandError("the case holds a number of too many digits") from None
    if not isinstance(case, dict):
        raise CommandError("the case is not a JSON object; give one, a column's name to its value")
    for name, value in case.items():
        if isinstance(value, dict | list):
            raise CommandError(
                f"column {name[:60]!r}: a list or an object is no value; give text, a number, true, false or null"
            )
    return case


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise CommandError(f"the case names column {twice[:60]!r} twice")
    return found


def _no_constant(text: str) -> float:
    raise CommandError(f"the case holds {text}, which is no JSON number; write null for not measured")

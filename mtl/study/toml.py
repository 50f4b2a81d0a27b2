"""How a study is written as TOML and read back: singular table names, short forms for texts and levels."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel
from tomlkit.items import Array, InlineTable, Table

from mtl.study.entries import Level, StudyError, Text

MAX_CHARACTERS = 4_000_000

_PLURAL = {"stage": "stages", "feature": "features", "task": "tasks", "treatment": "treatments"}
_NESTED = {"trial": "trials"}
_RATIOS = {"hazard_ratio": "hazard_ratios"}
_LINE = 100


def load(source: str | Path) -> dict[str, Any]:
    """The tables of a TOML file or text; StudyError where it is not TOML."""
    if isinstance(source, Path) or "\n" not in source:
        path = Path(source)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise StudyError(f"{path.name}: not UTF-8 text ({error.reason}); save it as UTF-8") from None
        except OSError as error:
            raise StudyError(f"{path.name}: cannot be read ({error.strerror}); check the path") from None
        where = path.name
    else:
        text, where = source, "study"
    if len(text) > MAX_CHARACTERS:
        raise StudyError(f"{where}: {len(text)} characters; a study has at most {MAX_CHARACTERS}")
    try:
        return tomllib.loads(text)
    except ValueError as error:  # also an integer of thousands of digits
        raise StudyError(f"{where}: not TOML: {error}; correct that line") from None
    except RecursionError:
        raise StudyError(f"{where}: nested too deeply; a study needs no deep nesting") from None


def fields(data: dict[str, Any]) -> dict[str, Any]:
    """The fields of a Study from the tables of its file."""
    if not isinstance(data, dict):
        raise StudyError("study: not a table; begin with [study]")
    head = data.get("study")
    if not isinstance(head, dict):
        raise StudyError("study: the table [study] is absent; begin with [study] and a name")
    unknown = sorted(str(key) for key in data if key != "study" and key not in _PLURAL)
    if unknown:
        known = ", ".join(["study", *_PLURAL])
        raise StudyError(f"study: unknown table {unknown[0]!r}; the tables are {known}")
    lists = sorted(set(head) & set(_PLURAL.values()))
    if lists:
        singular = {plural: name for name, plural in _PLURAL.items()}[lists[0]]
        raise StudyError(f"study: {lists[0]!r} under [study]; write [[{singular}]] tables instead")
    result = dict(head)
    for singular, plural in _PLURAL.items():
        if singular in data:
            result[plural] = data[singular]
    if isinstance(result.get("treatments"), list):
        result["treatments"] = [_renamed(entry, _NESTED) for entry in result["treatments"]]
        for entry in result["treatments"]:
            if isinstance(entry, dict) and isinstance(entry.get("trials"), list):
                entry["trials"] = [_renamed(trial, _RATIOS) for trial in entry["trials"]]
    return result


def _renamed(entry: Any, names: dict[str, str]) -> Any:
    if not isinstance(entry, dict):
        return entry
    return {names.get(key, key): value for key, value in entry.items()}


def tables(study: BaseModel) -> dict[str, Any]:
    """The tables of a study's file, of plain values; what equals its default is left out."""
    flat = _plain(study)
    result: dict[str, Any] = {"study": {k: v for k, v in flat.items() if k not in _PLURAL.values()}}
    for singular, plural in _PLURAL.items():
        if plural in flat:
            result[singular] = flat[plural]
    for treatment in result.get("treatment", []):
        _rename_back(treatment, _NESTED)
        for trial in treatment.get("trial", []):
            _rename_back(trial, _RATIOS)
    return result


def _rename_back(entry: dict[str, Any], names: dict[str, str]) -> None:
    for singular, plural in names.items():
        if plural in entry:
            entry[singular] = entry.pop(plural)


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return {"en": value.en, "zh": value.zh} if value.zh else value.en
    if isinstance(value, Level) and not value.label:
        return _plain(value.value)
    if isinstance(value, BaseModel):
        known = type(value).model_fields
        return {
            name: _plain(getattr(value, name))
            for name, field in known.items()
            if field.is_required() or getattr(value, name) != field.get_default(call_default_factory=True)
        }
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def dump(data: dict[str, Any]) -> str:
    """The text of a study's file from its tables."""
    document = tomlkit.document()
    document.add("study", _table(data["study"], ()))
    for name in _PLURAL:
        if data.get(name):
            document.add(name, _array_of_tables(data[name]))
    return tomlkit.dumps(document)


def _array_of_tables(entries: Iterable[dict[str, Any]]) -> tomlkit.items.AoT:
    array = tomlkit.aot()
    for entry in entries:
        array.append(_table(entry, ("trial", "hazard_ratio")))
    return array


def _table(entry: dict[str, Any], nested: tuple[str, ...]) -> Table:
    table = tomlkit.table()
    for key, value in entry.items():
        if key not in nested:
            table.add(key, _item(value))
    for key in nested:
        if entry.get(key):
            table.add(key, _array_of_tables(entry[key]))
    return table


def _item(value: Any) -> Any:
    if isinstance(value, dict):
        return _inline(value)
    if isinstance(value, list):
        return _array(value)
    return tomlkit.item(value)


def _inline(value: dict[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    for key, item in value.items():
        table.append(key, _item(item))
    return table


def _array(value: list[Any]) -> Array:
    array = tomlkit.array()
    for item in value:
        array.append(_item(item))
    array.multiline(len(array.as_string()) > _LINE or any(isinstance(item, dict) for item in value))
    return array

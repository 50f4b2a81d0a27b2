"""What a user has chosen for themselves: by name, with a default where nothing was chosen."""

from __future__ import annotations

from mtl.services.users import require
from mtl.store import settings as store

#: Ask for the user's own estimate before the model's numbers are shown.
OWN_ESTIMATE = "own_estimate"

#: Every setting with its default; a value has the default's type.
DEFAULTS: dict[str, bool] = {OWN_ESTIMATE: False}


class SettingError(ValueError):
    """A setting that does not exist, or a value that it cannot have."""


def get(name: str) -> bool:
    """The current user's value of a setting, its default where they chose none."""
    user, default = require("study:read"), _default(name)
    found = store.get(user.name, name)
    return found if isinstance(found, bool) else default


def put(name: str, value: bool) -> None:
    """Keep the current user's value of a setting.

    Raises
    ------
    SettingError
        There is no such setting, or it cannot have this value.
    """
    user = require("study:read")
    if type(value) is not type(_default(name)):
        raise SettingError(f"setting {name!r} is on or off; give True or False")
    store.put(user.name, name, value)


def reset() -> None:
    """Give the current user every default back."""
    user = require("study:read")
    for name, default in DEFAULTS.items():
        if get(name) != default:
            store.put(user.name, name, default)


def _default(name: str) -> bool:
    if name not in DEFAULTS:
        raise SettingError(f"there is no setting {str(name)[:80]!r}; there are {', '.join(DEFAULTS)}")
    return DEFAULTS[name]

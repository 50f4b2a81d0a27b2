"""What a training chose, so that the same can be fitted again without choosing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mtl.model.forest import Floats
from mtl.model.grow import TreeConfig
from mtl.model.linear import Penalty


@dataclass(frozen=True)
class ChosenTrees:
    """The shape and pace of a structure's trees, and how many of them each member keeps."""

    config: TreeConfig
    rounds: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """By task its own trees, penalty and the blend's intercept (c,); by visibility mask the shared trees."""

    own: tuple[ChosenTrees, ...]
    shared: tuple[ChosenTrees, ...]
    penalties: tuple[Penalty, ...]
    intercepts: Mapping[str, Floats]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        return {
            "own": [asdict(trees) for trees in self.own],
            "shared": [asdict(trees) for trees in self.shared],
            "penalties": [asdict(penalty) for penalty in self.penalties],
            "intercepts": {name: values.tolist() for name, values in self.intercepts.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """The inverse of `to_dict`; KeyError, TypeError or ValueError where it cannot be one."""
        return cls(
            tuple(_trees(entry) for entry in data["own"]),
            tuple(_trees(entry) for entry in data["shared"]),
            tuple(
                Penalty(float(entry["strength"]), float(entry["nonlinear"])) for entry in data["penalties"]
            ),
            {str(name): np.array(values, dtype=float) for name, values in data["intercepts"].items()},
        )


def _trees(data: Mapping[str, Any]) -> ChosenTrees:
    return ChosenTrees(TreeConfig(**data["config"]), tuple(int(rounds) for rounds in data["rounds"]))

"""The shap package, imported once: matplotlib, which it loads, warns of its own future while it does so."""

from __future__ import annotations

import warnings
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def shap() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    return shap

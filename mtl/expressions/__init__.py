"""The small language of conditions and arithmetic in which a study states targets and whom a trial covers."""

from __future__ import annotations

from mtl.expressions.parser import parse, quote_column
from mtl.expressions.tree import Expression, ExpressionError

__all__ = ["Expression", "ExpressionError", "parse", "quote_column"]

"""Figures: plotly graph objects from numbers; no figure computes a statistic."""

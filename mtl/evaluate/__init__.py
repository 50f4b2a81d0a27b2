"""Metrics of predictions with their intervals: arrays in, numbers out."""

from mtl.evaluate.kaplan_meier import KaplanMeier, censoring_kaplan_meier, kaplan_meier
from mtl.evaluate.metric import Metric, NotEstimable
from mtl.evaluate.samples import SurvivalPrediction, SurvivalTruth
from mtl.evaluate.summary import compare_task, evaluate_task

__all__ = [
    "KaplanMeier",
    "Metric",
    "NotEstimable",
    "SurvivalPrediction",
    "SurvivalTruth",
    "censoring_kaplan_meier",
    "compare_task",
    "evaluate_task",
    "kaplan_meier",
]

"""Pages on paper: what a sheet says as plain texts and numbers, and the sheet itself, set by typst."""

from mtl.report.case import (
    PAPERS,
    CasePage,
    Fact,
    Gauge,
    RiskCurve,
    Section,
    Share,
    Shares,
    SimilarNote,
    TaskLine,
    TreatmentNote,
    pdf,
)

__all__ = [
    "PAPERS",
    "CasePage",
    "Fact",
    "Gauge",
    "RiskCurve",
    "Section",
    "Share",
    "Shares",
    "SimilarNote",
    "TaskLine",
    "TreatmentNote",
    "pdf",
]

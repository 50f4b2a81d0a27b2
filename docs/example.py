"""From a hospital export that nobody tidied to a model, in a notebook's few lines. Its output: docs/example.md."""

# ---- read: what the file is, its content says ------------------------------------------------------------------------
import tempfile
import warnings
from pathlib import Path

import mtl

warnings.simplefilter("ignore")  # cells that were never seen in training; `look` has told us of them

export = Path(__file__).parents[1] / "sample_data" / "messy_clinic.csv"
raw = mtl.read_raw(export)
print(raw.origin.encoding, repr(raw.origin.delimiter), raw.origin.decimal, len(raw.columns), "columns")

# ---- clean: every change is a line of a log; what only a person knows is asked ---------------------------------------
for question in mtl.clean(raw).questions:
    print(question.column, question.kind, "-", question.evidence)
answers = mtl.Answers(sentinels={"年龄": ("999",), "阳性淋巴结数": ("99",)})
cleaned = mtl.clean(raw, answers)
print(
    cleaned.n_changes, "cells rewritten;", len(cleaned.refused), "lines refused;", len(cleaned.table), "rows"
)
print(cleaned.log[["row", "column", "before", "after", "rule"]].head(4).to_string(index=False))

# ---- infer: a study, every guess with its reason ---------------------------------------------------------------------
found = mtl.infer(cleaned.table, cleaned.units, name="clinic")
for task in found.study.tasks:
    print(
        task.name, task.kind, task.role, task.target or (task.time, task.event, task.time_unit, task.horizons)
    )
for suspicion in found.suspicions:
    print(suspicion.column, suspicion.kind, "-", suspicion.reason)
study = found.study  # to correct it: write study.to_toml() to a file, edit, mtl.Study.from_toml(file)

# ---- look: gaps, labels, correlations, Table 1 -----------------------------------------------------------------------
seen = mtl.look(study, cleaned.table)
for label in seen.labels:
    print(label.task, label.labelled, label.counts, label.few)
print(seen.table_one.frame().head(6).to_string(index=False))

# ---- train on most, keep some to judge by ----------------------------------------------------------------------------
table = mtl.with_identifier(study, cleaned.table)
train, test = table.iloc[:300], table.iloc[300:]
model = mtl.MultiTaskModel(study, effort="quick", random_state=0).fit(train)
judged = mtl.metrics(model, test, intervals=False)
print(
    judged[judged["metric"].isin(["auroc", "harrell_c", "macro_auroc"])][["task", "metric", "value", "n"]]
    .round(2)
    .to_string(index=False)
)

# ---- predict and explain one patient ---------------------------------------------------------------------------------
patient = test.iloc[[0]]
print(model.predict(patient).filter(like="recurrence@").round(2).to_string(index=False))
why = model.explain(patient, task="recurrence")
strongest = sorted(zip(why.features, why.values[0], strict=True), key=lambda part: -abs(part[1]))[:3]
print([(feature, round(float(part), 2)) for feature, part in strongest])

# ---- save, and open again --------------------------------------------------------------------------------------------
with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder) / "model")
    again = mtl.MultiTaskModel.load(Path(folder) / "model")
    print("the same:", again.predict(patient).equals(model.predict(patient)))
print("drift:", [(d.column, d.verdict) for d in mtl.drift(study, train, test)][:3])

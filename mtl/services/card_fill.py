"""Which item of a model card is answered by what; an item that is not here is the author's alone."""

from __future__ import annotations

from mtl.services import card_data as data
from mtl.services import card_evidence as evidence
from mtl.services import card_groups as groups
from mtl.services import card_method as method
from mtl.services import card_study as study
from mtl.services.card_facts import Filler

#: By list and official number.
FILLERS: dict[str, dict[str, Filler]] = {
    "tripod": {
        "1": study.identity,
        "2": evidence.abstract,
        "3a": study.context,
        "3b": study.purpose,
        "4": evidence.objectives,
        "5a": study.sources,
        "5b": data.dates,
        "6a": study.setting,
        "6b": study.eligibility,
        "6c": study.treatments,
        "7": method.preparation,
        "8a": study.outcomes,
        "9a": study.chosen,
        "9b": study.predictors,
        "10": data.sample_size,
        "11": data.missing,
        "12a": method.use_of_data,
        "12b": method.handling,
        "12c": method.modelling,
        "12d": method.clusters,
        "12e": evidence.measures,
        "12f": method.updating,
        "12g": method.calculation,
        "13": method.imbalance,
        "14": method.fairness,
        "15": study.output,
        "16": evidence.differences,
        "18e": study.data_sharing,
        "18f": method.code,
        "20a": data.flow,
        "20b": data.characteristics,
        "20c": data.compared,
        "21": data.analysed,
        "22": method.specification,
        "23a": groups.performance,
        "23b": groups.clusters,
        "24": method.updated,
        "26": evidence.limitations,
        "27a": method.poor_inputs,
        "27b": method.interaction,
    },
    "hti": {
        "(B)(1)(iii)": method.value,
        "(B)(1)(iv)": study.output_type,
        "(B)(2)(i)": study.use,
        "(B)(2)(ii)": study.patients,
        "(B)(2)(iv)": method.role,
        "(B)(3)(i)": study.cautions,
        "(B)(3)(ii)": evidence.risks,
        "(B)(4)(i)": data.flow,
        "(B)(4)(ii)": study.demographic,
        "(B)(4)(iii)": data.representativeness,
        "(B)(5)(i)": method.fairness,
        "(B)(5)(ii)": method.fairness,
        "(B)(6)(i)": evidence.external_data,
        "(B)(6)(iii)": data.external_representativeness,
        "(B)(6)(iv)": evidence.external_process,
        "(B)(7)(i)": evidence.validity,
        "(B)(7)(ii)": groups.same_source,
        "(B)(7)(iii)": evidence.validity_elsewhere,
        "(B)(7)(iv)": groups.elsewhere_too,
        "(B)(9)(i)": method.update_process,
    },
}

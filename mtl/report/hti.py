"""HTI-1: the 31 source attributes of a predictive decision support intervention."""

from __future__ import annotations

from mtl.language import N_
from mtl.report.card_items import Checklist, Item

_DETAILS, _PURPOSE = N_("Details and output"), N_("Purpose")
_CAUTIONED, _DEVELOPMENT = N_("Cautioned out-of-scope use"), N_("Development and input features")
_FAIRNESS, _EXTERNAL = N_("Fairness in development"), N_("External validation")
_PERFORMANCE, _MAINTENANCE = N_("Quantitative measures of performance"), N_("Maintenance")
_UPDATE = N_("Updates and continued validation")

HTI = Checklist(
    "hti",
    N_("HTI-1 source attributes"),
    "45 CFR 170.315(b)(11)(iv)(B)",
    (
        Item("(B)(1)(i)", _DETAILS, N_("Developer"), N_("Name of the developer, and how to reach them.")),
        Item("(B)(1)(ii)", _DETAILS, N_("Funding source"), N_("Who paid for building it.")),
        Item("(B)(1)(iii)", _DETAILS, N_("Value of the output"), N_("What value it gives out.")),
        Item("(B)(1)(iv)", _DETAILS, N_("Type of output"),
             N_("Prediction, classification, recommendation, evaluation, analysis or another.")),
        Item("(B)(2)(i)", _PURPOSE, N_("Intended use"), N_("What it is meant for.")),
        Item("(B)(2)(ii)", _PURPOSE, N_("Intended patients"), N_("In which patients it is to be used.")),
        Item("(B)(2)(iii)", _PURPOSE, N_("Intended users"), N_("Who is to use it.")),
        Item("(B)(2)(iv)", _PURPOSE, N_("Intended role in decisions"),
             N_("Whether it informs, augments or replaces clinical management.")),
        Item("(B)(3)(i)", _CAUTIONED, N_("Cautioned uses"),
             N_("Tasks, situations and populations in which it should not be used.")),
        Item("(B)(3)(ii)", _CAUTIONED, N_("Known risks and limits"),
             N_("Known risks, unsuitable settings and uses, limits.")),
        Item("(B)(4)(i)", _DEVELOPMENT, N_("Inclusion and exclusion"),
             N_("Who was in the training data, who was not, and why.")),
        Item("(B)(4)(ii)", _DEVELOPMENT, N_("Demographic inputs"),
             N_("Race, ethnicity, language, sexual orientation, gender identity, sex, date of birth, social determinants, "
                "health status: which of them are inputs.")),
        Item("(B)(4)(iii)", _DEVELOPMENT, N_("Demographic representativeness"),
             N_("How these are distributed in the training data, those that are inputs at least.")),
        Item("(B)(4)(iv)", _DEVELOPMENT, N_("Relevance to the setting"),
             N_("Why the training data suit the setting in which it will be used.")),
        Item("(B)(5)(i)", _FAIRNESS, N_("Approach to fairness"), N_("What the developer did for a fair output.")),
        Item("(B)(5)(ii)", _FAIRNESS, N_("Handling of bias"),
             N_("What was done to manage, reduce or remove bias.")),
        Item("(B)(6)(i)", _EXTERNAL, N_("External data and setting"),
             N_("Data, setting or environment, other than those of training, in which both were assessed.")),
        Item("(B)(6)(ii)", _EXTERNAL, N_("Who tested it"), N_("Who carried out the external testing.")),
        Item("(B)(6)(iii)", _EXTERNAL, N_("Representativeness of the external data"),
             N_("Demographics of the external data, those that are inputs at least.")),
        Item("(B)(6)(iv)", _EXTERNAL, N_("Process of external validation"), N_("How it was done.")),
        Item("(B)(7)(i)", _PERFORMANCE, N_("Validity, same source"),
             N_("Validity in test data from the source of the training data.")),
        Item("(B)(7)(ii)", _PERFORMANCE, N_("Fairness, same source"),
             N_("Fairness in test data from the source of the training data.")),
        Item("(B)(7)(iii)", _PERFORMANCE, N_("Validity, another source"),
             N_("Validity in data from outside or from another source.")),
        Item("(B)(7)(iv)", _PERFORMANCE, N_("Fairness, another source"),
             N_("Fairness in data from outside or from another source.")),
        Item("(B)(7)(v)", _PERFORMANCE, N_("Evaluations of outcomes"),
             N_("References to evaluations of what its use does to outcomes of patients.")),
        Item("(B)(8)(i)", _MAINTENANCE, N_("Monitoring of validity"),
             N_("How and how often validity is watched over time.")),
        Item("(B)(8)(ii)", _MAINTENANCE, N_("Local validity"), N_("Validity in local data.")),
        Item("(B)(8)(iii)", _MAINTENANCE, N_("Monitoring of fairness"),
             N_("How and how often fairness is watched over time.")),
        Item("(B)(8)(iv)", _MAINTENANCE, N_("Local fairness"), N_("Fairness in local data.")),
        Item("(B)(9)(i)", _UPDATE, N_("Update process"), N_("How and how often it is updated.")),
        Item("(B)(9)(ii)", _UPDATE, N_("Frequency of correction"),
             N_("How often performance is corrected when risks to validity or fairness are found.")),
    ),
)  # fmt: skip

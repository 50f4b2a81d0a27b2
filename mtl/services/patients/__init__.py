"""Patients: cohorts and their list, one case with its numbers and reasons, what was signed about it."""

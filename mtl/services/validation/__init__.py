"""The validation report, section by section."""

"""The multi-task model: additive experts, their blend, and what they print."""

"""The model card: each item of TRIPOD+AI and HTI-1, and what fills it."""

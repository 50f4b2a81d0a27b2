"""What a user brings: a table, its study, the training on it, its scoring; and a look at any table."""

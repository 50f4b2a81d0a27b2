"""Where state lives: the database, cohorts as Parquet, models as folders, all under one home."""

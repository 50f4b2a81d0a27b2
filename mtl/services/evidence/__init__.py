"""Evidence on a model in words, tables and charts, and the jobs that gather it."""

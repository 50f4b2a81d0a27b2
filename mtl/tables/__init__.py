"""Tables as researchers have them: reading, cleaning, inferring a study, looking at the data."""

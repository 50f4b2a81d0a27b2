"""Why a number is what it is: contributions, probability points and sentences."""

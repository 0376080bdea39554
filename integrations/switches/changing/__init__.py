"""Change the configuration of many switches: what is meant, what it would change, and the run that does it."""

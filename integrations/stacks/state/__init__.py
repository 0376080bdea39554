"""The bot as the place where terraform keeps its states: versions, locks, credentials, and the door to them."""

"""Local stand-ins for the systems Sparkops talks to: the default without any setup, the tests' peers."""

"""How plugins of Jenkins tell of what happens: one file for each, all pure."""

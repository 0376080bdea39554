"""The bot's rooms: finding them, telling the truth about leaving and deleting them, and sweeping stale ones."""

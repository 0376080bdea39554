"""A stand-in for the Webex messaging API: rooms, messages, cards and signed webhooks, held in memory."""

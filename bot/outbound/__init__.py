"""What leaves for Webex: redacted, split, kept in order, sent once."""

"""The integrations that come with Sparkops: one folder per outside system, all of one shape."""

"""The core of Sparkops: Webex, commands, access, runs. It knows no integration."""

__version__ = "0.1.0"

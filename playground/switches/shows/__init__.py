"""The show commands, by topic: for each a plain body (see dialect.py) and the text of the CLI."""

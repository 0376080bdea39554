"""Commands: declare, parse, help, forms, execute. One declaration serves text, card, terminal and REST."""

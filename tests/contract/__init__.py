"""The adapter and the playground held against Webex's published OpenAPI description: `make contract`."""

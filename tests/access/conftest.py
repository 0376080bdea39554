"""A conversation with the bakery's bot, and questions to a policy."""

from tests.commands.conftest import shop, talk

__all__ = ["shop", "talk"]

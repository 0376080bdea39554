"""`stacks/<name>/stack.yaml`: what can be provisioned, read into types and checked before anything runs."""

from integrations.stacks.spec.lint import FILE, Shelf, Stack, read_shelf, read_stack
from integrations.stacks.spec.model import GitSource, StackSpec
from integrations.stacks.spec.schema import stack_schema
from integrations.stacks.spec.variables import Values, fetch_secrets, read_given

__all__ = (
    "FILE",
    "GitSource",
    "Shelf",
    "Stack",
    "StackSpec",
    "Values",
    "fetch_secrets",
    "read_given",
    "read_shelf",
    "read_stack",
    "stack_schema",
)

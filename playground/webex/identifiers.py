"""Opaque Webex identifiers: unpadded base64url of `ciscospark://us/<KIND>/<uuid>`.

The shape is the one seen in the API reference. Clients must treat it as opaque, and so does this server:
nothing here ever decodes one.
"""

from base64 import urlsafe_b64encode
from uuid import UUID, uuid4, uuid5

NAMESPACE = UUID("5f0f6d4c-8f0b-4b61-9d3e-2f1d0c5b7a11")


def opaque(kind: str, key: str) -> str:
    """Return the identifier of kind `kind` (ROOM, PEOPLE, …) for the internal key `key`."""
    return urlsafe_b64encode(f"ciscospark://us/{kind}/{key}".encode()).rstrip(b"=").decode()


def random_key() -> str:
    """Return a fresh UUID in text."""
    return str(uuid4())


def stable_key(*parts: str) -> str:
    """Return a UUID that depends only on `parts`: the same person keeps one identifier over restarts."""
    return str(uuid5(NAMESPACE, "\n".join(parts)))


ORGANIZATION_ID = opaque("ORGANIZATION", stable_key("organization"))
APPLICATION_ID = opaque("APPLICATION", "C" + stable_key("application").replace("-", ""))

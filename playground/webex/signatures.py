"""The two signatures that Webex puts on a webhook delivery. Pure."""

import hmac


def signature_headers(secret: str | None, body: bytes) -> dict[str, str]:
    """Return the signature headers for a raw body; none without a secret.

    `X-Spark-Signature` is the hex HMAC-SHA1 of the body (Webhooks guide). `X-Webex-Signature` carries SHA-256
    and SHA-512 in one header, in the form two independent public clients agree on.
    """
    if not secret:
        return {}
    key = secret.encode()
    return {
        "X-Spark-Signature": hmac.new(key, body, "sha1").hexdigest(),
        "X-Webex-Signature": f"SHA-256={_hex(key, body, 'sha256')}, SHA-512={_hex(key, body, 'sha512')}",
    }


def _hex(key: bytes, body: bytes, algorithm: str) -> str:
    return hmac.new(key, body, algorithm).hexdigest()

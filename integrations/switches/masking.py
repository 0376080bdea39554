"""Secrets in what a switch answers, made unreadable. Pure.

Configurations hold passwords, communities and keys in the clear, or in ways (type 7) that anybody can undo, or as
hashes (5, 8, 9) that can be guessed at. A show that is granted still shows none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MARK = "«hidden»"

_TYPE = r"(?:(?:clear|encrypted|hash|[0-9]{1,2})\s+)?"
_VALUE = r"(?:\"[^\"\n]*\"?|'[^'\n]*'?|\S+)"
_AFTER = (
    # username admin password 5 $5$… role network-admin; enable secret 5 …; bgp neighbor password 3 …
    rf"\b(?:password|passwd|secret|passphrase)\s+(?!encryption\b|strength|secure-mode\b|prompt|has\b|is\b){_TYPE}",
    # snmp-server community private group network-operator; … host 10.0.0.1 traps version 2c private
    r"\bsnmp-server\s+community\s+",
    r"\bsnmp-server\s+host\s+\S+\s+(?:(?:traps|informs)\s+)?(?:version\s+(?:1|2c)\s+)?",
    # snmp-server user joe network-admin auth md5 0x… priv aes-128 0x… localizedkey
    r"\bauth\s+(?:md5|sha(?:-\d+)?)\s+",
    r"\bpriv\s+(?:(?:des|aes-128|aes-256|3des)\s+)?(?=0x|\"|\S{8,})",
    # tacacs-server key 7 "…"; radius-server host 10.0.0.1 key 7 "…" authentication; key-string 7 …; crypto keys
    rf"\b(?:key-string|key-octet-string|pre-shared-key|shared-secret|auth-key)\s+{_TYPE}",
    rf"\b(?:tacacs|radius|ldap)(?:-server)?\b[^\n]*?\bkey\s+{_TYPE}(?=\S)",
    rf"^[ \t]*key\s+(?!chain\b|[0-9]+\s*$|config-key\b|exchange\b){_TYPE}(?=\S)",
    rf"\bkey\s+config-key\s+\S+\s+{_TYPE}",
    # ip ospf message-digest-key 1 md5 3 …; authentication-key …; hsrp authentication text …
    rf"\bmessage-digest-key\s+\d+\s+md5\s+{_TYPE}",
    rf"\bauthentication-key\s+(?:\d+\s+md5\s+)?{_TYPE}",
    rf"\bauthentication\s+(?:text|md5\s+key-string)\s+{_TYPE}",
    # ntp authentication-key 1 md5 … 7
    r"\bntp\s+authentication-key\s+\d+\s+\S+\s+",
    r"\b(?:community|token)\s+(?!string\b|list\b|is\b)",
    rf"\bsak-key\s+{_TYPE}",
)
_KEPT = re.compile(rf"(?im)({'|'.join(_AFTER)})({_VALUE})")
_ALONE = re.compile(
    # crypt(3) hashes of type 5, 8 and 9, and the long hexadecimal of localized SNMP keys
    r"\$(?:1|5|6|8|9|sha512|nvl)\$[A-Za-z0-9./$+=-]{8,}|\b0x[0-9a-fA-F]{32,}\b",
)
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_SECRET_FIELD = re.compile(
    r"(?i)(?:^|[_-])(?:password|passwd|pass|secret|community|communityname|key[_-]?string|shared[_-]?secret|"
    r"auth[_-]?key|encrypted[_-]?key|tacacs[_-]?key|radius[_-]?key|privkey|authkey|usrpassword|psk)(?:$|[_-])"
)
_HARMLESS = re.compile(r"(?i)strength|check|policy|lifetime|expir|_count|enabled?$|length|type$")


def mask(text: str) -> str:
    """The same text with every secret in it replaced by a mark; masking twice changes nothing more."""
    text = _PEM.sub(MARK, text)
    text = _KEPT.sub(lambda match: match[1] + MARK if match[2] != MARK else match[0], text)
    return _ALONE.sub(MARK, text)


def mask_value(value: Any) -> Any:
    """The same structure with secrets replaced: in texts, and whole where the field's name says that it holds one."""
    return _masked(value, mask)


def _masked(value: Any, by: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return by(value)
    if isinstance(value, list):
        return [_masked(each, by) for each in value]
    if isinstance(value, dict):
        return {key: _field(str(key), each) for key, each in value.items()}
    return value


def _field(name: str, value: Any) -> Any:
    secret = _SECRET_FIELD.search(name) and not _HARMLESS.search(name)
    if secret and isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
        return MARK
    return _masked(value, mask)

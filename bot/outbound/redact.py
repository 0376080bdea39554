"""Redaction: no secret leaves in a message, an audit row or a log line, in whatever spelling it appears."""

import base64
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from structlog.typing import EventDict, Processor, WrappedLogger

MARK: Final = "«redacted»"
SHORTEST_SECRET: Final = 6
"""Characters below which a configured secret is ignored: it would blank ordinary words."""

MOST_LEARNT: Final = 1_000
"""Secrets learnt while running that are kept in mind; the one not met for longest is forgotten first."""

_SHORTEST_SECRET_LINE: Final = 16
_WINDOW: Final = 1 << 18
_OVERLAP: Final = 1 << 15
"""Characters: a long text is read in windows, since Python's `re` lets no other thread go on while it searches one.
What decides about a secret stands within an overlap of where it begins, or the search of it comes to a window's end."""
_DEEPEST: Final = 32

_SENSITIVE: Final = (
    r"(?i:pass(?:word|wd|phrase)|[_-]pass|pwd|client[_-]?secret|secret(?:[_-]?(?:access[_-]?)?key)?"
    r"|(?:api|access|private)[_-]?key|token|credentials?)"
)
_SENSITIVE_KEY: Final = re.compile(rf".*{_SENSITIVE}|(?i:authorization|(?:set-)?cookie)", re.DOTALL)

# A token stands alone, so that part of a longer word or digest is not taken for one. The marks count as
# letters here: what stood next to a redacted secret must read the same the second time.
_START: Final = r"(?<![A-Za-z0-9_»-])"
_END: Final = r"(?![A-Za-z0-9«])"

# Shapes that are secret from their first to their last character.
_TOKENS: Final = (
    # developer.webex.com, "Access tokens": 64 characters, the region, the organisation.
    rf"{_START}[A-Za-z0-9]{{48,96}}_[A-Za-z0-9]{{4}}_[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}{_END}",
    # Our own: bot.access.api_tokens.
    rf"{_START}spk_[A-Za-z0-9_-]{{43}}{_END}",
    # github.blog, "Behind GitHub's new authentication token formats".
    r"gh[pousr]_[A-Za-z0-9]{36,255}",
    r"github_pat_[A-Za-z0-9_]{22,255}",
    # docs.gitlab.com, "Token overview": personal, deploy, runner, job and other tokens.
    r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{20,255}",
    # docs.aws.amazon.com, IAM "Unique identifiers": access keys, and temporary ones.
    rf"(?<![A-Za-z0-9»])A(?:KIA|SIA)[A-Z0-9]{{16}}{_END}",
    # RFC 7519: header, claims and signature, each base64url; the first two are JSON objects.
    rf"{_START}eyJ[A-Za-z0-9_-]{{8,}}\.eyJ[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*)?",
    # RFC 7468. A key whose end is missing is taken to the end of the text.
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)",
)

_SCHEME: Final = r"(?i:(?:basic|bearer|token|digest)[ \t]++)?+"
_ASSIGNED: Final = rf"(?:{_SENSITIVE}|(?i:authorization))\\*+[\"']?+[ \t]*+(?>:=|=>|={{1,3}}|[:>])[ \t]*+"
# Characters that may belong to a value or end it; they end it where nothing follows.
_CLOSERS: Final = r"[,;)\]}](?=[^\s\"'`])"
_USERINFO: Final = r"(?:{known}|[^\s/@\"'<>])++"

_NEVER_ENDS: Final = re.compile(r"[\w.~+-]+")
"""A configured secret of these characters only is within a value to its end, whatever the value stands in."""

# Where a secret is known by what stands before it: what is kept, and what goes.
# `{known}` are the configured secrets that hold a character which would otherwise end the value.
_CONTEXTS: Final = (
    (rf"{_ASSIGNED}\\++\"{_SCHEME}", r"(?:{known}|[^\n\\]|\\++(?!\"))++"),
    (rf"{_ASSIGNED}[bru]?\"{_SCHEME}", r"(?:{known}|\\.|[^\"\\\n])++"),
    (rf"{_ASSIGNED}[bru]?'{_SCHEME}", r"(?:{known}|\\.|[^'\\\n])++"),
    (rf"{_ASSIGNED}{_SCHEME}", rf"(?:{{known}}|[^\s\"'`&<,;)\]}}\\]|{_CLOSERS}|\\++(?![\"']))++"),
    (rf"--{_SENSITIVE}[ \t]++", r"(?:{known}|[^\s\"'`])++"),
    (r"(?i:bearer)[ \t]++", r"[A-Za-z0-9._~+/=-]{16,}+"),
    # RFC 3986, userinfo; a Jenkins API token (11 and 32 hexadecimal digits) even where the scheme is missing.
    (r"://[^\s/?#@:\"'<>«»]*+:", rf"{_USERINFO}(?:@{_USERINFO}(?=@))*+(?=@)"),
    (r":", r"11[0-9a-f]{32}(?=@)"),
    # curl's and wget's `-u user:password`; but `docker run -u 1000:1000` has none.
    (r"(?<!\S)(?:-u|--user)[ \t=]*+[\"']?+[^\s:\"'«»]++:", r"(?!\d++(?!\S))(?:{known}|[^\s\"'])++"),
)


@dataclass(frozen=True, slots=True)
class IgnoredSecret:
    """A configured secret too short to be looked for. It does not carry the secret."""

    position: int
    """Its place among the configured secrets, from 1."""
    length: int

    def __str__(self) -> str:
        return (
            f"secret {self.position} has {self.length} characters and is not redacted: anything shorter than"
            f" {SHORTEST_SECRET} would blank ordinary words; use a longer secret"
        )


class Redactor:
    """Replaces secrets in text; it can be shared by threads, and changes by `learn` only.

    `secrets` are the configured values: found as they are, with any characters percent-encoded or escaped
    as in JSON, and within base64 of a longer text (as in `Authorization: Basic`). Known token shapes and
    `password=…` are found with no configuration. `warnings` names the secrets too short to be looked for.
    """

    __slots__ = ("_configured", "_learning", "_learnt", "_pattern", "warnings")

    _pattern: re.Pattern[str]
    _configured: frozenset[str]
    _learnt: dict[str, None]
    _learning: threading.Lock
    warnings: tuple[IgnoredSecret, ...]

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        stripped = [secret.strip() for secret in secrets]
        short = [IgnoredSecret(n, len(s)) for n, s in enumerate(stripped, 1) if 0 < len(s) < SHORTEST_SECRET]
        long = [secret for secret in stripped if len(secret) >= SHORTEST_SECRET]
        object.__setattr__(self, "warnings", tuple(short))
        object.__setattr__(self, "_configured", frozenset(long))
        object.__setattr__(self, "_learnt", {})
        object.__setattr__(self, "_learning", threading.Lock())
        object.__setattr__(self, "_pattern", re.compile(_pattern(long)))

    def learn(self, secrets: Iterable[str]) -> None:
        """Replace these from now on too, beside the configured ones: somebody's credential is in use.

        Any thread may call it. One shorter than SHORTEST_SECRET is passed over; of all that were learnt the
        last MOST_LEARNT are kept.
        """
        long = {stripped for secret in secrets if len(stripped := secret.strip()) >= SHORTEST_SECRET}
        with self._learning:
            unknown = long - self._configured - self._learnt.keys()
            for secret in sorted(long - self._configured):
                self._learnt.pop(secret, None)
                self._learnt[secret] = None
            for forgotten in list(self._learnt)[:-MOST_LEARNT]:
                del self._learnt[forgotten]
            if unknown:
                pattern = _pattern([*self._configured, *self._learnt])
                object.__setattr__(self, "_pattern", re.compile(pattern))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"setting {name!r} of a Redactor was asked; it cannot change: make another")

    def __repr__(self) -> str:
        return f"<Redactor, {len(self.warnings)} secrets ignored>"

    def redact(self, text: str) -> str:
        """The text with `«redacted»` for every secret. Doing it again changes nothing."""
        return (
            self._pattern.sub(self._replacement, text) if len(text) <= _WINDOW else "".join(self._read(text))
        )

    def redact_bytes(self, content: bytes) -> bytes:
        """The same for the content of a file; whatever in it is no UTF-8 stays as it is."""
        text = content.decode("utf-8", "surrogateescape")
        return b"".join(piece.encode("utf-8", "surrogateescape") for piece in self._read(text))

    def redact_value(self, value: Any) -> Any:
        """The same for a log event or JSON value: strings in dicts, lists and exceptions; numbers stay.

        What stands under a key such as `password` goes whole, alone or in a list. An exception becomes its
        type and redacted words; any other object becomes its redacted `repr` where that holds a secret, else
        stays as it is.
        """
        return self._value(value, 0)

    def _read(self, text: str) -> Iterator[str]:
        """The pieces of a long text, redacted: what `sub` gives of the whole."""
        pattern, told, start, size = self._pattern, 0, 0, _WINDOW
        while (end := start + size) < len(text):
            match = pattern.search(text, start, end)
            if match and match.end() <= end - _OVERLAP:
                yield text[told : match.start()]
                yield self._replacement(match)
                told = start = match.end()
                size = _WINDOW
                continue
            # None begins before here. What begins behind it may look otherwise with what comes after the window.
            undecided = min(match.start(), end - _OVERLAP) if match else end - _OVERLAP
            size = _WINDOW if undecided > start else size * 2
            start = undecided
        while match := pattern.search(text, start):
            yield text[told : match.start()]
            yield self._replacement(match)
            told = start = match.end()
        yield text[told:]

    def _replacement(self, match: re.Match[str]) -> str:
        kept = match[match.lastindex] if match.lastindex else ""
        return f"{self.redact(kept)}{MARK}" if kept else MARK

    def _value(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, bytes):
            return self.redact(value.decode(errors="replace")).encode()
        if isinstance(value, BaseException):
            return self.redact(f"{type(value).__name__}: {value}")
        if depth < _DEEPEST and isinstance(value, Mapping):
            return {self._value(key, depth + 1): self._entry(key, item, depth) for key, item in value.items()}
        if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
            return self._items(value, depth)
        shown = repr(value)
        redacted = self.redact(shown)
        return value if redacted == shown else redacted

    def _entry(self, key: Any, item: Any, depth: int) -> Any:
        """The value under a key. A flag or an empty value under `password` gives nothing away, and stays."""
        if isinstance(key, str) and _SENSITIVE_KEY.fullmatch(key):
            if _is_telling(item):
                return MARK
            if type(item) in (list, tuple) and all(_is_telling(each) for each in item):
                return type(item)(MARK for _ in item)
        return self._value(item, depth + 1)

    def _items(self, value: list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any], depth: int) -> Any:
        items = [self._value(item, depth + 1) for item in value]
        if hasattr(value, "_fields"):
            return type(value)(*items)
        return type(value)(items)


def _is_telling(item: Any) -> bool:
    return bool(item) and isinstance(item, str | bytes | int) and not isinstance(item, bool)


def redacting(redactor: Redactor) -> Processor:
    """A structlog processor that redacts the whole event; put it just before the renderer.

    An exception not formatted yet is formatted here, as its traceback may show a secret.
    """

    def process(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        formatted = _traceback(event.pop("exc_info", None))
        redacted: MutableMapping[str, Any] = redactor.redact_value(event)
        if formatted:
            redacted["exception"] = redactor.redact(formatted)
        return redacted

    return process


class RedactingFilter(logging.Filter):
    """Redacts records of the standard library's logging: message, traceback, stack and extra fields.

    Add it to the root's handlers (`handler.addFilter`), not to a logger: a logger's filters do not see the
    records of loggers below it. The record itself is changed, so later handlers see it redacted too.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_text = self._redactor.redact(record.exc_text or _traceback(record.exc_info)) or None
        record.exc_info = None
        record.stack_info = self._redactor.redact_value(record.stack_info)
        # structlog's ProcessorFormatter passes its event as a dict in place of the message.
        message = record.msg if isinstance(record.msg, dict) else _message(record)
        record.msg, record.args = self._redactor.redact_value(message), ()
        for name in record.__dict__.keys() - _RECORD_FIELDS:
            record.__dict__[name] = self._redactor.redact_value(record.__dict__[name])
        return True


_RECORD_FIELDS: Final = frozenset(logging.makeLogRecord({}).__dict__)


def _message(record: logging.LogRecord) -> str:
    """The formatted message; where its arguments do not fit, both: logging itself would print them raw."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError, IndexError) as error:
        return f"{record.msg} with arguments {record.args!r} that do not fit: {error}"


def _traceback(exc_info: object) -> str:
    """The traceback of what `exc_info` may be: True for the current one, or an exception, or a tuple."""
    if exc_info is True:
        exc_info = sys.exc_info()
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    if not isinstance(exc_info, BaseException):
        return ""
    return "".join(traceback.format_exception(type(exc_info), exc_info, exc_info.__traceback__)).rstrip("\n")


def _pattern(secrets: Iterable[str]) -> str:
    """One expression for all; at the same place its parts are tried in this order.

    The only groups are what is kept. Repetitions are possessive or bounded, so that no text is read again
    and again. A mark is matched first, as a configured secret may be a word of it.
    """
    ordered = _longest_first(secrets)
    known = "|".join(_spelled(secret) for secret in ordered if not _NEVER_ENDS.fullmatch(secret)) or r"(?!)"
    contexts = [f"({kept})(?!{MARK}){value.replace('{known}', known)}" for kept, value in _CONTEXTS]
    spellings = [spelling for secret in ordered for spelling in _spellings(secret)]
    return "|".join([MARK, *_by_beginning(spellings), *_TOKENS, *contexts])


def _by_beginning(expressions: Iterable[str], letters: int = 3) -> list[str]:
    """The same alternatives, those that begin with the same letters put together, in their order.

    With a thousand secrets a text is then read about as fast as with ten. An expression that begins with no
    plain letter or digit begins with none at all, so it and the others cannot stand at the same place.
    """
    others: list[str] = []
    groups: dict[str, list[str]] = {}
    for expression in expressions:
        first = expression[:1]
        if letters and first.isascii() and first.isalnum():
            groups.setdefault(first, []).append(expression[1:])
        else:
            others.append(expression)
    grouped = [
        first + (rests[0] if len(rests) == 1 else f"(?:{'|'.join(_by_beginning(rests, letters - 1))})")
        for first, rests in groups.items()
    ]
    return others + grouped


def _longest_first(secrets: Iterable[str]) -> list[str]:
    """All secrets, with the lines of those that have several: a log shows a key's lines one by one."""
    whole = set(secrets)
    lines = {line.strip() for secret in whole for line in secret.splitlines()}
    long_lines = {line for line in lines if len(line) >= _SHORTEST_SECRET_LINE}
    return sorted(whole | long_lines, key=lambda secret: (-len(secret), secret))


def _spellings(secret: str) -> tuple[str, ...]:
    """Expressions for the secret itself and for base64 of it or of a text around it."""
    return (_spelled(secret), *_base64(secret.encode()))


def _spelled(secret: str) -> str:
    """The secret with any of its characters as they are, percent-encoded (RFC 3986) or escaped as in JSON."""
    return "".join(_spelled_character(char) for char in secret)


def _spelled_character(char: str) -> str:
    if char.isascii() and char.isalnum():
        return char
    percent = "".join(f"%{byte:02x}" for byte in char.encode())
    units = char.encode("utf-16-be").hex()
    unicode_escape = "".join(rf"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    ways = {re.escape(char), f"(?i:{percent})", f"(?i:{unicode_escape})", re.escape(json.dumps(char)[1:-1])}
    ways |= {" ": {r"\+"}, "/": {r"\\/"}, "\n": {r"\r\n"}}.get(char, set())
    return f"(?:{'|'.join(sorted(ways, key=len, reverse=True))})"


def _base64(secret: bytes) -> tuple[str, ...]:
    """Expressions for the base64 (RFC 4648, both alphabets) of the secret alone, and within a longer text.

    Three bytes become four characters, so the secret may begin at any of three places of such a group.
    The characters at its borders that also depend on its neighbours are left out.
    """
    alone = base64.b64encode(secret).decode().rstrip("=")
    within = []
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret).decode()
        within.append(encoded[-(-offset * 8 // 6) : (offset + len(secret)) * 8 // 6])
    return (f"{_either_alphabet(alone)}={{0,2}}", *map(_either_alphabet, within))


def _either_alphabet(encoded: str) -> str:
    return encoded.replace("+", "(?:[+-]|%2[Bb])").replace("/", r"(?:[/_]|%2[Ff]|\\/)")

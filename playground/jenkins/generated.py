"""Big output made on the fly from a seed: log text and file contents of any size, read from any offset. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

LINE = 100
"""Bytes of a generated line with its end, so that an offset tells the line."""

BLOCK = 64 * 1024
"""Bytes made at a time."""

_TEXTS = 61
_WORDS = ("compile", "link", "test", "fetch", "unpack", "verify", "install", "scan", "stage", "push")


@dataclass(frozen=True)
class LongOutput:
    """So many lines made from a seed; `given` are lines of the caller's own, by line number from 0.

    Needs the same little memory whatever its length: a line is worked out from its number.
    """

    lines: int
    seed: int = 0
    given: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of_megabytes(
        cls, megabytes: float, seed: int = 0, given: Mapping[int, str] | None = None
    ) -> LongOutput:
        """Output of about so many megabytes (1,000,000 bytes)."""
        return cls(round(megabytes * 1_000_000 / LINE), seed, given or {})

    @cached_property
    def size(self) -> int:
        """Bytes of it all."""
        return sum(run.size for run in self._runs)

    def read(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from an offset on, in blocks."""
        for run in self._runs:
            if start < run.size:
                yield from run.read(start)
            start = max(0, start - run.size)

    @cached_property
    def _runs(self) -> tuple[_Given | _Made, ...]:
        """Made lines and given ones in turn."""
        texts = tuple(_text(self.seed, index) for index in range(_TEXTS))
        runs: list[_Given | _Made] = []
        at = 0
        for number in sorted(number for number in self.given if 0 <= number < self.lines):
            runs += [_Made(at, number - at, texts), _Given(f"{self.given[number]}\n".encode())]
            at = number + 1
        return (*runs, _Made(at, self.lines - at, texts))


@dataclass(frozen=True)
class _Given:
    text: bytes

    @property
    def size(self) -> int:
        return len(self.text)

    def read(self, start: int) -> Iterator[bytes]:
        yield self.text[start:]


@dataclass(frozen=True)
class _Made:
    first: int
    count: int
    texts: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return self.count * LINE

    def read(self, start: int) -> Iterator[bytes]:
        skipped, inside = divmod(start, LINE)
        numbers = iter(range(self.first + skipped, self.first + self.count))
        while chosen := tuple(itertools.islice(numbers, BLOCK // LINE)):
            block = b"".join([b"%010d %s" % (number, self.texts[number % _TEXTS]) for number in chosen])
            yield block[inside:]
            inside = 0


def _text(seed: int, index: int) -> bytes:
    """What follows the number in a line, with the line's end."""
    digest = blake2b(f"{seed}/{index}".encode()).hexdigest()
    word = _WORDS[int(digest[:4], 16) % len(_WORDS)]
    text = f"[{word}] module-{digest[4:12]} step {index} of {_TEXTS}: ok, digest {digest[12:]}"
    return text.encode()[: LINE - 12] + b"\n"


@dataclass(frozen=True)
class MadeFile:
    """The content of a file of `size` bytes, made from a seed; it does not compress to nothing."""

    size: int
    seed: int = 0

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end` (the end of the file by default), in blocks."""
        end = self.size if end is None else min(end, self.size)
        while start < end:
            number, inside = divmod(start, BLOCK)
            block = self._block(number)[inside : inside + end - start]
            yield block
            start += len(block)

    def _block(self, number: int) -> bytes:
        salt = blake2b(f"{self.seed}/{number}".encode()).digest()
        return salt * (BLOCK // len(salt))

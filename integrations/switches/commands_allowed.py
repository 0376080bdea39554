"""Which commands may be sent to a switch: shows on a list, with harmless pipes, and nothing hidden in them. Pure.

A switch runs what it is sent. `;` and line ends part commands, `|` and `>` send output to programs and files, and
NX-API is one shell away from the rest. So a command is taken only where every character of it is plain, and is
refused before anything is sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from integrations.switches.settings import ShowRules

LONGEST = 500
"""Characters of a command; NX-OS itself takes 512 in a line."""

_PLAIN = re.compile(r"[A-Za-z0-9 ._:/,()*+=@^$\[\]{}|\"\\-]*")
"""What shows and their filters are written with. No `;`, `&`, `<`, `>`, `!`, `#`, backtick, or line end."""
_SIGNS = {
    ";": "parts commands",
    "&": "joins commands",
    ">": "writes a file",
    "<": "reads a file",
    "`": "runs a command",
    "\n": "begins a new line, and so another command",
    "\r": "begins a new line, and so another command",
    "\t": "is a tab; write a blank",
    "!": "begins a comment",
    "#": "begins a comment",
    "?": "asks the switch for help",
}
_PIPES = ("include", "exclude", "begin", "count", "section", "json", "json-pretty")
_WITH_WORDS = frozenset({"include", "exclude", "begin", "section"})
_ENVELOPE = re.compile(r"(?i)[\"']type|\btype[\"']?\s*[:=]|\bcli_\w+|\bins_api\b|\$\(")
"""What looks like a part of NX-API's own request, which old releases search for as text; and NX-OS's variables."""

EVERYDAY = ShowRules(
    allow=(
        "show version",
        "show clock",
        "show hostname",
        "show module*",
        "show inventory*",
        "show environment*",
        "show feature",
        "show interface*",
        "show port-channel *",
        "show lacp *",
        "show vpc*",
        "show vlan*",
        "show spanning-tree*",
        "show mac address-table*",
        "show ip *",
        "show ipv6 *",
        "show arp*",
        "show bgp *",
        "show ospf *",
        "show isis *",
        "show route-map*",
        "show vrf*",
        "show hsrp*",
        "show bfd *",
        "show nve *",
        "show l2route *",
        "show evpn *",
        "show fabric *",
        "show cdp *",
        "show lldp *",
        "show ntp *",
        "show system resources*",
        "show system uptime",
        "show system redundancy*",
        "show processes cpu*",
        "show processes memory*",
        "show hardware *",
        "show queuing *",
        "show policy-map *",
        "show class-map *",
        "show access-lists*",
        "show license*",
        "show boot*",
        "show install *",
        "show nxapi",
        "show udld*",
        "show storm-control*",
        "show errdisable *",
        "show redundancy*",
        "show checkpoint summary",
        "show logging last *",
        "show pim *",
        "show igmp *",
        "show forwarding *",
        "show mpls *",
        "show segment-routing *",
        "show vxlan*",
        "show dhcp *",
        "show track*",
        "show monitor*",
        "show sla *",
        "show telemetry *",
    )
)
"""What everybody who may ask a switch at all may ask for."""

DANGEROUS: Mapping[str, str] = {
    "show running-config*": "it holds secrets",
    "show startup-config*": "it holds secrets",
    "show configuration*": "it holds secrets",
    "show checkpoint*": "it holds the whole configuration",
    "show diff *": "it holds parts of the configuration",
    "show rollback*": "it holds parts of the configuration",
    "show tech-support*": "it runs for minutes, fills the disk, and holds secrets",
    "show file *": "it shows any file",
    "show logging logfile*": "it may be many megabytes, and holds what people typed",
    "show logging nvram*": "it holds what people typed",
    "show logging": "it may be many megabytes; ask for `show logging last 50`",
    "show accounting *": "it holds what people typed",
    "show cli history*": "it holds what people typed",
    "show user-account*": "it names who may log in",
    "show users*": "it names who is logged in",
    "show aaa *": "it tells how people log in",
    "show tacacs*": "it tells how people log in",
    "show radius*": "it tells how people log in",
    "show snmp *": "it holds communities",
    "show crypto *": "it holds keys",
    "show key chain*": "it holds keys",
    "show ssh *": "it holds keys",
    "show password *": "it tells about passwords",
    "show debug*": "it loads the switch",
    "show cores*": "it is for Cisco's support",
    "show processes log*": "it is for Cisco's support",
    "show consistency-checker *": "it loads the switch",
}
"""Shows that are refused unless they are granted by name; why."""

_INTERNAL = "`internal` is for Cisco's support, and may load the switch"
_ABBREVIATED = {
    "run": "running-config",
    "start": "startup-config",
    "tech": "tech-support",
    "int": "interface",
    "intf": "interface",
    "ver": "version",
    "mod": "module",
    "inv": "inventory",
    "env": "environment",
    "log": "logging",
    "acc": "accounting",
    "neigh": "neighbors",
    "nei": "neighbors",
    "proc": "processes",
    "sys": "system",
    "res": "resources",
    "mac": "mac",
    "spann": "spanning-tree",
    "span": "spanning-tree",
    "port-ch": "port-channel",
    "sum": "summary",
    "br": "brief",
    "stat": "status",
    "conf": "configuration",
    "user": "users",
}


class CommandRefused(Exception):
    """A command is not sent; the text says why and what would be."""


@dataclass(frozen=True, slots=True)
class Show:
    """A command that may be sent."""

    command: str
    """As it is sent: one blank between words, `show` in full."""
    bare: str
    """Without its pipes, in small letters."""

    def __str__(self) -> str:
        return self.command


def rules_of(groups: Collection[str], settings: Mapping[str, ShowRules]) -> ShowRules:
    """What a person of these groups may ask for: everybody's shows, and those of each group."""
    mine = [settings[name] for name in ("everyone", *groups) if name in settings]
    return ShowRules(
        allow=(*EVERYDAY.allow, *(glob for each in mine for glob in each.allow)),
        grant=tuple(glob for each in mine for glob in each.grant),
    )


def check(written: str, rules: ShowRules = EVERYDAY) -> Show:
    """The show that a person wrote, as it may be sent. Raises CommandRefused with the reason."""
    _refuse_characters(written)
    parts = _split_at_pipes(" ".join(written.split(" ")).strip())
    words = parts[0].split()
    if not words:
        raise CommandRefused("There is no command. Write one such as `show version`.")
    if words[0].lower() not in ("show", "sh", "sho"):
        raise CommandRefused(f"Only shows are asked: `{words[0][:40]}` is not sent. Write `show …`.")
    if len(words) == 1:
        raise CommandRefused("`show` alone shows nothing. Write what, such as `show version`.")
    bare = " ".join(["show", *words[1:]])
    _refuse_unless_allowed(bare.lower(), rules)
    pipes = [_pipe(part) for part in parts[1:]]
    return Show(" | ".join([bare, *pipes]), bare.lower())


def check_all(written: Iterable[str], rules: ShowRules = EVERYDAY) -> tuple[Show, ...]:
    """The same for several. Raises CommandRefused for the first that is."""
    return tuple(check(each, rules) for each in written)


def _refuse_characters(written: str) -> None:
    if len(written) > LONGEST:
        raise CommandRefused(f"A command has at most {LONGEST} characters, and this has {len(written):,}.")
    for place, character in enumerate(written, start=1):
        if _PLAIN.fullmatch(character) and character not in _SIGNS:
            continue
        told = _SIGNS.get(character) or _odd(character)
        shown = (
            repr(character) if character.isprintable() and character.isascii() else f"U+{ord(character):04X}"
        )
        raise CommandRefused(f"The character {shown} at place {place} {told}: the command is not sent.")
    if (match := _ENVELOPE.search(written)) is not None:
        raise CommandRefused(
            f"{match[0]!r} could be taken for a part of NX-API's own request: the command is not sent."
        )


def _odd(character: str) -> str:
    """What a character is that no command needs. A lookalike, such as the full-width `；`, is told so."""
    twin = unicodedata.normalize("NFKC", character)
    if twin != character and twin.isascii() and twin.strip():
        return f"only looks like {twin!r}"
    category = unicodedata.category(character)
    if category in ("Zl", "Zp"):
        return "parts lines"
    if category.startswith("Z"):
        return "is a blank of another kind"
    if category.startswith("C"):
        return "is a control character"
    return "is in no command of a switch"


def _split_at_pipes(written: str) -> list[str]:
    """The command and its pipes; within quotes a `|` belongs to the pattern."""
    parts, quoted = [""], False
    for character in written:
        if character == '"':
            quoted = not quoted
        elif character == "|" and not quoted:
            parts.append("")
            continue
        parts[-1] += character
    if quoted:
        raise CommandRefused("A quote is never closed.")
    for pattern in re.findall(r'"([^"]*)"', written):
        # A switch that read quotes otherwise would take it for a pipe: without a blank it can have no arguments.
        if "|" in pattern and " " in pattern:
            raise CommandRefused("A quoted pattern with `|` may hold no blank.")
    return [part.strip() for part in parts]


def _pipe(part: str) -> str:
    """One pipe as it is sent. Raises CommandRefused for one that could write, mail or run something."""
    word, _, pattern = part.partition(" ")
    full = _in_full(word.lower())
    if full is None:
        raise CommandRefused(
            f"`| {word[:40]}` is not sent: after a pipe there may be {', '.join(_PIPES[:-1])}."
            if word
            else "After `|` a filter is missing."
        )
    pattern = pattern.strip()
    if full in _WITH_WORDS:
        if not pattern:
            raise CommandRefused(f"`| {full}` needs a word to look for.")
        return f"{full} {pattern}"
    if full == "json" and pattern == "native":
        return "json native"
    if pattern:
        raise CommandRefused(f"`| {full}` takes nothing after it{' but `native`' if full == 'json' else ''}.")
    return full


def _in_full(word: str) -> str | None:
    """`inc` is `include`, as on the switch, which takes any beginning that is one filter's only."""
    if word in _PIPES:
        return word
    fitting = [name for name in _PIPES if len(word) >= 2 and name.startswith(word) and name != "json-pretty"]
    return fitting[0] if len(fitting) == 1 else None


def _refuse_unless_allowed(bare: str, rules: ShowRules) -> None:
    # An abbreviation is looked at in full too: the switch takes `show run` for `show running-config`.
    meant = _unabbreviated(bare)
    if any(word.startswith("intern") for word in meant.split()[1:]) and not any(
        _fits(meant, grant) for grant in rules.grant
    ):
        raise CommandRefused(
            f"`{meant}` is not asked from chat: {_INTERNAL}. An owner can grant it (`shows:`)."
        )
    for glob, why in DANGEROUS.items():
        if any(_fits(each, glob) or _could_be(each, glob) for each in (bare, meant)):
            if any(_fits(meant, grant) or _fits(bare, grant) for grant in rules.grant):
                return
            raise CommandRefused(
                f"`{meant}` is not asked from chat: {why}. An owner can grant it (`shows:`)."
            )
    if any(_fits(each, glob) for glob in (*rules.allow, *rules.grant) for each in (bare, meant)):
        return
    near = get_close_matches(meant, [glob.rstrip("* ") for glob in rules.allow], n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    raise CommandRefused(
        f"`{meant}` is not among the shows you may ask for.{hint} An owner can allow it (`shows:`)."
    )


def _unabbreviated(bare: str) -> str:
    return " ".join(_ABBREVIATED.get(word, word) for word in bare.split())


def _fits(command: str, glob: str) -> bool:
    """`show vlan*` fits `show vlan` and `show vlan brief` and not `show vlanx`."""
    glob = " ".join(glob.lower().split())
    if glob.endswith("*") and not glob.endswith(" *"):
        stem = glob[:-1]
        return fnmatchcase(command, stem) or fnmatchcase(command, f"{stem} *")
    return fnmatchcase(command, glob)


def _could_be(command: str, glob: str) -> bool:
    """Whether a switch could take the command for a dangerous one: it takes any unique beginning of a word."""
    words, dangerous = command.split(), glob.rstrip("* ").split()
    if len(words) < len(dangerous) or (len(words) > len(dangerous) and not glob.endswith("*")):
        return False
    return all(full.startswith(word) for word, full in zip(words, dangerous, strict=False))

"""Lines of configuration: nesting, placeholders, ranges; and which may not be sent."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from integrations.switches.changing.allowed import check_rendered, check_written, rules_of
from integrations.switches.changing.lines import (
    Line,
    LinesError,
    commands,
    expanded,
    read,
    rendered,
    text_from,
    text_of,
)
from integrations.switches.inventory.model import Switch
from integrations.switches.settings import LineRules

LEAF = Switch(
    "leaf01",
    "10.0.0.11",
    "admin",
    SecretStr("pw"),
    site="lab",
    variables=(("loopback", "10.1.1.1"), ("key", SecretStr("s3cret-of-tacacs"))),
)
NOBODY = LineRules()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("ntp", "server", "10.0.0.1"), "ntp server 10.0.0.1"),
        (("vlan 10", "  name web"), "vlan 10\n  name web"),
        (("interface Ethernet1/1", "shutdown"), "interface Ethernet1/1\nshutdown"),
        (("vlan 10\n  name web",), "vlan 10\n  name web"),
    ],
)
def test_words_are_one_line_unless_one_of_them_is_a_line(words: tuple[str, ...], text: str) -> None:
    assert text_of(words) == text


def test_lines_nest_by_indentation() -> None:
    lines = read(
        "! for the new pod\nrouter bgp 65001\n  vrf red\n    address-family ipv4 unicast\n  neighbor 10.0.0.1\n"
        "\nntp  server 10.0.0.1\n"
    )
    assert lines == (
        Line("router bgp 65001"),
        Line("vrf red", ("router bgp 65001",)),
        Line("address-family ipv4 unicast", ("router bgp 65001", "vrf red")),
        Line("neighbor 10.0.0.1", ("router bgp 65001",)),
        Line("ntp server 10.0.0.1"),
    )
    assert commands(lines) == (
        "router bgp 65001",
        "vrf red",
        "address-family ipv4 unicast",
        "exit",
        "neighbor 10.0.0.1",
        "ntp server 10.0.0.1",
    )
    assert read(text_from(lines)) == lines


def test_what_is_indented_throughout_stands_at_the_top() -> None:
    assert read("   vlan 10\n     name web") == (Line("vlan 10"), Line("name web", ("vlan 10",)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "There is no line of configuration. Write some, such as `ntp server 10.0.0.1`."),
        ("! only words", "There is no line of configuration. Write some, such as `ntp server 10.0.0.1`."),
        ("vlan 10\n\tname web", "There is a tab in the lines: indent with blanks."),
        ("vlan 10\n    name a\n  name b", "Line 3 is indented as no line above it: 'name b'."),
        ("\n".join(["vlan 10"] * 201), "A change has at most 200 lines, and this has 201."),
        ("x" * 16_001, "A change has at most 16,000 characters, and this has 16,001."),
    ],
)
def test_lines_that_cannot_be_read_are_told_why(text: str, says: str) -> None:
    with pytest.raises(LinesError) as caught:
        read(text)
    assert str(caught.value) == says


def test_placeholders_are_filled_for_each_switch() -> None:
    lines = read("hostname {name}-{site}\ninterface loopback0\n  description {{not me}} {loopback}")
    assert rendered(lines, LEAF) == (
        Line("hostname leaf01-lab"),
        Line("interface loopback0"),
        Line("description {not me} 10.1.1.1", ("interface loopback0",)),
    )


def test_a_value_is_not_read_again() -> None:
    odd = Switch("a", "h", "u", SecretStr("p"), variables=(("x", "{name}"),))
    assert rendered(read("hostname {x}"), odd) == (Line("hostname {name}"),)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ntp server {ntp}", "{ntp} has no value on leaf01. Give it one in `vars:` in the inventory."),
        ("ntp server {lopback}", "{lopback} has no value on leaf01. Did you mean {loopback}?"),
        ("hostname {name", "There is a lone '{' in 'hostname {name': write it twice, or close it."),
        (
            "hostname {name.__class__}",
            "{name.__class__} has no value on leaf01. Did you mean {name}?",
        ),
        ("hostname {0}", "{0} has no value on leaf01. Give it one in `vars:` in the inventory."),
    ],
)
def test_a_placeholder_is_a_name_and_nothing_that_is_carried_out(line: str, says: str) -> None:
    with pytest.raises(LinesError) as caught:
        rendered(read(line), LEAF)
    assert str(caught.value).startswith(says.partition(" Did")[0])


def test_ranges_stand_for_each() -> None:
    assert [each.above[0] for each in expanded(Line("shutdown", ("interface eth1/1-2, Eth1/5",)))] == [
        "interface Ethernet1/1",
        "interface Ethernet1/2",
        "interface Ethernet1/5",
    ]
    assert [each.text for each in expanded(Line("no vlan 10-11,20"))] == [
        "no vlan 10",
        "no vlan 11",
        "no vlan 20",
    ]


# --- what is not sent


def refused(text: str, rules: LineRules = NOBODY) -> str:
    with pytest.raises(LinesError) as caught:
        lines = read(text)
        check_written(lines)
        check_rendered(rendered(lines, LEAF), rules)
    return str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "username eve role network-admin",
        "no username admin",
        "usern eve role network-admin",
        'snmp-server community "{key}" ro',
        "snmp-s comm",
        "no feature nxapi",
        "no feat nxa",
        "nxapi https port 8443",
        "interface mgmt0",
        "interface mgmt 0",
        "int m0",
        "interface Ethernet1/1, mgmt0",
        "vrf context management",
        "no vrf context management",
        "boot nxos bootflash:evil.bin",
        "no boot nxos",
        "reload",
        "reload in 5",
        "rel",
        "write erase",
        "wr er",
        "install all nxos bootflash:x",
        "copy running-config startup-config",
        "cop r s",
        "delete bootflash:x",
        "run bash sudo su",
        "bash",
        "guestshell run x",
        "python bootflash:x.py",
        "event manager applet x",
        "scheduler job name x",
        "cli alias name wr reload",
        "checkpoint mine",
        "rollback running-config checkpoint x",
        "configure replace bootflash:x",
        "do reload",
        "show version",
        "end",
        "exit",
        "feature bash-shell",
        "shutdown",
    ],
)
def test_what_locks_out_or_is_no_configuration_is_not_sent(line: str) -> None:
    assert "is not sent from chat: " in refused(line)


def test_whoever_would_be_let_in_is_no_matter_of_chat() -> None:
    assert refused("username eve password 5 hunter22 role network-admin").startswith(
        "`username eve password 5 «hidden»"
    )
    assert refused("snmp-server community hunter22 ro").startswith(
        "`snmp-server community «hidden» ro` holds a secret"
    )


def test_what_is_forbidden_is_so_below_a_heading_too() -> None:
    assert "it takes the switch down" in refused("interface Ethernet1/1\n  reload in 5")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ntp server 10.0.0.1 ; reload", "';'"),
        ("ntp server 10.0.0.1 | tee x", "'|'"),
        ("ntp server 10.0.0.1 > bootflash:x", "'>'"),
        ("banner motd `id`", "'`'"),
        ("description a\u2028reload", "U+2028"),
        ("description a；reload", "U+FF1B"),
        ("description a\u200breload", "U+200B"),
        ("description a\x00b", "U+0000"),
        ("ntp server 10.0.0.1 ?", "'?'"),
    ],
)
def test_a_sign_that_could_hide_a_command_is_not_sent(line: str, shown: str) -> None:
    assert refused(line).startswith(f"The character {shown} at place ")


@pytest.mark.parametrize(
    "line", ['description "type":"bash"', "description cli_conf", "description $(TIMESTAMP)"]
)
def test_what_looks_like_a_part_of_the_request_is_not_sent(line: str) -> None:
    assert "could be taken for a part of NX-API's own request" in refused(line)


def test_a_line_of_64_kilobytes_is_not_sent() -> None:
    assert refused(f"description {'x' * 65_536}").startswith("A change has at most 16,000 characters")
    assert refused(f"description {'x' * 501}").startswith("A line has at most 500 characters")


@pytest.mark.parametrize(
    "line",
    [
        'tacacs-server key 7 "fewhg123"',
        "radius-server host 10.0.0.1 key 7 hunter22",
        "ntp authentication-key 1 md5 hunter22 7",
        "snmp-server user joe network-admin auth md5 0x0123456789abcdef0123456789abcdef",
        "key-string 7 hunter22",
    ],
)
def test_a_typed_secret_is_not_sent_and_not_repeated(line: str) -> None:
    says = refused(line)
    assert "holds a secret, and what is typed here is kept" in says
    assert not {"fewhg123", "hunter22", "0123456789abcdef"} & set(says.replace('"', " ").split())


def test_a_secret_comes_by_a_variable() -> None:
    lines = read('tacacs-server key 7 "{key}"\nntp authentication-key 1 md5 {key} 7')
    check_written(lines)
    check_rendered(rendered(lines, LEAF), NOBODY)


def test_a_value_is_looked_at_too_and_not_told() -> None:
    odd = Switch(
        "a", "h", "u", SecretStr("p"), variables=(("x", SecretStr("y ;reload")), ("z", "ername eve"))
    )
    with pytest.raises(LinesError) as caught:
        check_rendered(rendered(read("hostname {x}"), odd), NOBODY)
    assert str(caught.value) == (
        "The character ';' at place 12 of a line as it would be sent parts commands: nothing is sent."
    )
    with pytest.raises(LinesError, match="it says who may log in"):
        check_rendered(rendered(read("us{z}"), odd), NOBODY)


@pytest.mark.parametrize(
    "text",
    [
        "ntp server 10.0.0.1 use-vrf management",
        "interface Ethernet1/1\n  no shutdown\n  description uplink to copy-service",
        "vlan 10\n  name boot",
        "class-map type qos match-any x\n  match dscp 10",
        "router bgp 65001\n  neighbor 10.0.0.1\n    description write",
        "monitor session 1",
        "feature bgp",
        "vrf context red",
    ],
)
def test_what_is_configured_every_day_is_sent(text: str) -> None:
    lines = read(text)
    check_written(lines)
    check_rendered(lines, NOBODY)


def test_groups_have_lists_of_their_own() -> None:
    rules = rules_of(
        {"netops"},
        {
            "everyone": LineRules(allow=("ntp *",)),
            "netops": LineRules(allow=("vlan *",), deny=("vlan 1",), grant=("boot nxos *",)),
            "others": LineRules(grant=("reload",)),
        },
    )
    check_rendered(read("ntp server 10.0.0.1\nvlan 10\nboot nxos bootflash:x"), rules)
    assert refused("vlan 1", rules).endswith("a rule denies it. An owner can grant it (`lines:`).")
    assert "it is not among the lines you may send" in refused("hostname x", rules)
    assert "it takes the switch down" in refused("reload", rules)

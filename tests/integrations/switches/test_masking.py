"""Secrets in what a switch answers are unreadable, and all the rest is as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.switches.masking import MARK, mask, mask_value


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (
            "username admin password 5 $5$abc$DEF.123  role network-admin",
            "username admin password 5 «hidden»  role network-admin",
        ),
        ("username joe password 0 plain role vdc-admin", "username joe password 0 «hidden» role vdc-admin"),
        ("enable secret 5 $1$xyz$0123456789", "enable secret 5 «hidden»"),
        (
            "snmp-server community private group network-operator",
            "snmp-server community «hidden» group network-operator",
        ),
        (
            "snmp-server host 10.0.0.9 traps version 2c s3cret",
            "snmp-server host 10.0.0.9 traps version 2c «hidden»",
        ),
        (
            "snmp-server user joe network-admin auth md5 0x1234abcd priv 0x5678abcd localizedkey",
            "snmp-server user joe network-admin auth md5 «hidden» priv «hidden» localizedkey",
        ),
        (
            "snmp-server user joe auth sha-256 0xabcdef12 priv aes-128 0x5678abcd localizedkey",
            "snmp-server user joe auth sha-256 «hidden» priv aes-128 «hidden» localizedkey",
        ),
        ('tacacs-server key 7 "fewhg"', "tacacs-server key 7 «hidden»"),
        (
            'tacacs-server host 10.0.0.8 key 7 "few hg" port 49',
            "tacacs-server host 10.0.0.8 key 7 «hidden» port 49",
        ),
        (
            "radius-server host 10.0.0.8 key 7 fewhg authentication accounting",
            "radius-server host 10.0.0.8 key 7 «hidden» authentication accounting",
        ),
        ("radius-server key shared", "radius-server key «hidden»"),
        ("    password 3 9125d59c18a9b015", "    password 3 «hidden»"),
        ("  neighbor 10.0.0.1 password 7 0822455D0A16", "  neighbor 10.0.0.1 password 7 «hidden»"),
        ("  key-string 7 070c285f4d06", "  key-string 7 «hidden»"),
        (
            "  ip ospf message-digest-key 1 md5 3 9125d59c18a9b015",
            "  ip ospf message-digest-key 1 md5 3 «hidden»",
        ),
        ("  ip ospf authentication-key 0 clear", "  ip ospf authentication-key 0 «hidden»"),
        ("  authentication text hsrp-word", "  authentication text «hidden»"),
        ("ntp authentication-key 1 md5 vagwwtfkq 7", "ntp authentication-key 1 md5 «hidden» 7"),
        ("  pre-shared-key 6 abcdef", "  pre-shared-key 6 «hidden»"),
        ("feature password encryption aes", "feature password encryption aes"),
        ("key chain BGP", "key chain BGP"),
        ("  key 1", "  key 1"),
        ("interface Ethernet1/1", "interface Ethernet1/1"),
        ("  description key customer", "  description key customer"),
        ("Password has $5$KaliMe$abcdefgh12345 in it", "Password has «hidden» in it"),
        ("crypto 0x0123456789abcdef0123456789abcdef", "crypto «hidden»"),
    ],
)
def test_a_line_of_configuration(line: str, masked: str) -> None:
    assert mask(line) == masked


def test_a_private_key_is_hidden_whole() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----"
    assert mask(f"before\n{key}\nafter") == "before\n«hidden»\nafter"


def test_lines_stay_lines() -> None:
    text = (
        "hostname leaf01\nusername admin password 5 $5$x$abcdefghij  role network-admin\n\ninterface mgmt0\n"
    )
    assert mask(text).splitlines() == [
        "hostname leaf01",
        "username admin password 5 «hidden»  role network-admin",
        "",
        "interface mgmt0",
    ]


def test_a_structure_is_masked_by_its_names_and_by_its_texts() -> None:
    answer = {
        "TABLE_snmp": {"ROW_snmp": [{"communityname": "private", "grouporaccess": "network-operator"}]},
        "usrpassword": "$5$x$abcdefghij",
        "password_strength_check": "enabled",
        "host_name": "leaf01",
        "count": 3,
        "text": "enable secret 5 $1$xyz$0123456789",
        "key_string": 12345,
        "nothing": None,
    }
    assert mask_value(answer) == {
        "TABLE_snmp": {"ROW_snmp": [{"communityname": MARK, "grouporaccess": "network-operator"}]},
        "usrpassword": MARK,
        "password_strength_check": "enabled",
        "host_name": "leaf01",
        "count": 3,
        "text": f"enable secret 5 {MARK}",
        "key_string": MARK,
        "nothing": None,
    }


_SECRETS = st.text(
    alphabet="abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!@%^*_+=.-", min_size=6, max_size=30
)
_LINES = (
    "username admin password 0 {}",
    "snmp-server community {} ro",
    "tacacs-server key 7 {}",
    'radius-server host 10.0.0.1 key 7 "{}" authentication',
    "neighbor 10.0.0.1 password 3 {}",
    "key-string {}",
    "enable secret {}",
)


@given(_SECRETS, st.sampled_from(_LINES))
def test_no_secret_stays_whatever_it_is(secret: str, line: str) -> None:
    assert secret not in mask(f"!\n{line.format(secret)}\n!").replace(MARK, "")


@given(st.text(max_size=200))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)

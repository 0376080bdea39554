"""The inventory's file and the environment: what they say, and what is told where they cannot be used."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

import pytest

from integrations.switches.inventory.file import parse
from integrations.switches.inventory.imports import Import, Imported
from integrations.switches.inventory.load import InventoryFile, assemble
from integrations.switches.inventory.model import Inventory, InventoryError, Switch, Tls
from integrations.switches.settings import SwitchesSettings

WHOLE = """\
defaults: {user: admin, password: "${SWITCHES_PASSWORD}", tls: {ca: lab.pem}}
switches:
  leaf01: {host: 127.1.0.1, port: 8443, tags: [leaf, pod1], site: lab}
  leaf02:
    url: https://leaf02.lab.example:8443/ins
    tags: leaf
    user: reader
    password: ${LEAF02_PASSWORD}
    tls: {fingerprint: "SHA256:AB:REST"}
    legacy_tls: true
    api: jsonrpc
  leaf03: {host: "2001:db8::3", protocol: http}
  leaf04: {host: leaf04, tls: {verify: false}}
groups:
  core: "@leaf and not leaf02"
""".replace("REST", ":".join(["cd"] * 31))
ENVIRON = {"SWITCHES_PASSWORD": "s3cret-of-the-lab", "LEAF02_PASSWORD": "another-one"}
PATH = Path("inventory/switches.yaml")


def read(text: str, environ: dict[str, str] = ENVIRON, **settings: object) -> Inventory:
    return assemble(parse(PATH, text, environ), {}, SwitchesSettings.model_validate(settings))


def _shown(switch: Switch) -> dict[str, object]:
    names = ("url", "user", "api", "tls", "site", "source")
    shown: dict[str, object] = {name: getattr(switch, name) for name in names}
    return {**shown, "tags": sorted(switch.tags), "password": switch.password.get_secret_value()}


def test_a_file() -> None:
    inventory = read(WHOLE)
    lab = {"user": "admin", "api": "ins_api", "site": None, "tags": [], "password": "s3cret-of-the-lab"}
    lab["source"] = "inventory/switches.yaml"
    assert {name: _shown(switch) for name, switch in inventory.switches.items()} == {
        "leaf01": {
            **lab,
            "url": "https://127.1.0.1:8443/ins",
            "tls": Tls(ca="lab.pem"),
            "tags": ["leaf", "pod1"],
            "site": "lab",
        },
        "leaf02": {
            **lab,
            "url": "https://leaf02.lab.example:8443/ins",
            "tls": Tls(fingerprint=bytes([0xAB] + [0xCD] * 31), legacy=True),
            "tags": ["leaf"],
            "user": "reader",
            "password": "another-one",
            "api": "jsonrpc",
        },
        "leaf03": {**lab, "url": "http://[2001:db8::3]:80/ins", "tls": Tls()},
        "leaf04": {**lab, "url": "https://leaf04:443/ins", "tls": Tls(verify=False)},
    }
    assert inventory.groups == {"core": "@leaf and not leaf02"}


def test_tls_is_checked_where_nothing_is_said() -> None:
    inventory = read("switches: {leaf01: {host: a, user: u, password: '${SWITCHES_PASSWORD}'}}")
    assert inventory.switches["leaf01"].tls == Tls(fingerprint=None, ca=None, verify=True, legacy=False)


def test_a_password_may_stand_in_a_file_that_the_environment_names(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from-a-file\n")
    inventory = read(
        "switches: {leaf01: {host: a, user: u, password: '${SWITCHES_PASSWORD}'}}",
        {"SWITCHES_PASSWORD_FILE": str(tmp_path / "password")},
    )
    assert inventory.switches["leaf01"].password.get_secret_value() == "from-a-file"


D = 'defaults: {user: admin, password: "${SWITCHES_PASSWORD}"}\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "defaults:\n  user: admin\n  password: hunter2\n",
            "line 3 (defaults, password): the password stands in the file: set SWITCHES_PASSWORD in the "
            "environment and "
            "write ${SWITCHES_PASSWORD} here.",
        ),
        (
            D + "switches:\n  leaf01: {host: a, password: 'pre-${SWITCHES_PASSWORD}'}\n",
            "line 3 (switches, leaf01, password): the password stands in the file: set SWITCHES_PASSWORD in the "
            "environment and write ${SWITCHES_PASSWORD} here.",
        ),
        (
            D + "switches:\n  leaf01: {host: a, password: 12345}\n",
            "line 3 (switches, leaf01, password): the password stands in the file: set SWITCHES_PASSWORD in the "
            "environment and write ${SWITCHES_PASSWORD} here.",
        ),
        (
            "imports:\n  dc1: {from: netbox, url: https://netbox.example.com, token: 0123456789abcdef}\n",
            "line 2 (imports, dc1, token): the token stands in the file: set SWITCHES_TOKEN in the "
            "environment and write "
            "${SWITCHES_TOKEN} here.",
        ),
        (
            "defaults: {user: admin, password: '${NOT_SET}'}\n",
            "line 1 (defaults, password): ${NOT_SET} is not set in the environment.",
        ),
        (
            D + "switches:\n  leaf01: {hots: a}\n",
            "line 3 (switches, leaf01, hots): there is no key 'hots' here; did you mean 'host'?",
        ),
        (
            D + "swiches: {}\n",
            "line 2 (swiches): there is no key 'swiches' here; did you mean 'switches'?",
        ),
        (D + "switches:\n  leaf01: {user: u}\n", "line 3 (switches, leaf01): leaf01 has no host."),
        (D + "switches:\n  leaf01:\n", "line 3 (switches, leaf01): leaf01 has no host."),
        (
            "switches:\n  leaf01: {host: a}\n",
            "line 2 (switches, leaf01): leaf01 has no user, and the defaults have none.",
        ),
        (
            "switches:\n  leaf01: {host: a, user: u}\n",
            "line 2 (switches, leaf01): leaf01 has no password, and the defaults have none: write "
            "${SWITCHES_PASSWORD}.",
        ),
        (
            D + "switches:\n  leaf01: {host: a, port: 70000}\n",
            "line 3 (switches, leaf01, port): Input should be less than or equal to 65535.",
        ),
        (
            D + "switches:\n  leaf01: {host: 'a b'}\n",
            "line 3 (switches, leaf01, host): 'a b' is no name of a host and no address.",
        ),
        (
            D + "switches:\n  leaf01: {url: 'https://admin:x@leaf01'}\n",
            "line 3 (switches, leaf01, url): it must hold no user, password or query: those have keys of their own.",
        ),
        (
            D + "switches:\n  leaf01: {url: 'ssh://leaf01'}\n",
            "line 3 (switches, leaf01, url): it must be an address such as https://leaf01.example.com.",
        ),
        (
            D + "switches:\n  leaf01: {host: a, tls: {fingerprint: 'sha256:12'}}\n",
            "line 3 (switches, leaf01, tls, fingerprint): it must be the certificate's SHA-256, sha256: "
            "and 64 hexadecimal "
            "digits, as `openssl x509 -noout -fingerprint -sha256` prints them.",
        ),
        (
            D + "switches:\n  leaf01: {host: a, tls: {ca: x.pem, verify: false}}\n",
            "line 3 (switches, leaf01, tls): fingerprint, ca and verify: false exclude each other: keep one.",
        ),
        (
            D + "switches:\n  leaf01: {host: a, protocol: http, tls: {verify: false}}\n",
            "line 3 (switches, leaf01): leaf01 speaks plain HTTP, where tls and legacy_tls say nothing: remove them.",
        ),
        (
            D + "switches:\n  leaf01: {host: a}\n  LEAF01: {host: b}\n",
            "line 4 (switches, LEAF01): 'LEAF01' and 'leaf01' are the same name: capitals make no difference.",
        ),
        (
            D + "switches:\n  leaf01: {host: a}\n  leaf01: {host: b}\n",
            "line 4: the key 'leaf01' is given twice, first on line 3.",
        ),
        (
            D + "switches:\n  leaf 01: {host: a}\n",
            "line 3 (switches, leaf 01): the name 'leaf 01' cannot be said in a target: letters, digits, and . _ - / "
            "between them.",
        ),
        (
            D + "switches:\n  all: {host: a}\n",
            "line 3 (switches, all): the name 'all' means something else in a target.",
        ),
        (
            D + "switches:\n  leaf01: {host: a, tags: [leaf, 'pod 1']}\n",
            "line 3 (switches, leaf01, tags): the tag 'pod 1' cannot be said in a target: letters, digits, and . _ - / "
            "between them.",
        ),
        (
            D + "switches: {leaf01: {host: a}}\ngroups:\n  core: '@leaf and ('\n",
            "line 4 (groups, core): the target ends where a switch, a tag or a group should stand.",
        ),
        (
            D + "switches: {leaf01: {host: a}}\ngroups:\n  a: '@b'\n  b: '@a'\n",
            "line 4 (groups, a): the group holds itself: a > b > a.",
        ),
        (D + "switches: [leaf01]\n", "line 2 (switches): must be a mapping, `key: value`."),
        ("- leaf01\n", "line 1: the file must be a mapping, `key: value`."),
    ],
)
def test_a_fault_is_told_with_file_line_and_reason(text: str, told: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read(text)
    assert str(caught.value) == f"inventory/switches.yaml, {told}"


def test_what_is_no_yaml() -> None:
    with pytest.raises(InventoryError, match=r"^inventory/switches\.yaml, line 3: this is not YAML: "):
        read("switches:\n  leaf01: {host: a\n")


def test_every_fault_is_told_and_no_value_of_the_environment() -> None:
    with pytest.raises(InventoryError) as caught:
        read(
            D
            + "switches:\n  a: {host: '${SWITCHES_PASSWORD} x'}\n  b: {host: c, port: 0}\n  c: {host: d, api: x}\n"
        )
    assert str(caught.value).splitlines() == [
        "inventory/switches.yaml, line 3 (switches, a, host): what ${SWITCHES_PASSWORD} x stands for "
        "cannot be used here.",
        "inventory/switches.yaml, line 4 (switches, b, port): Input should be greater than or equal to 1.",
        "inventory/switches.yaml, line 5 (switches, c, api): Input should be 'ins_api' or 'jsonrpc'.",
    ]


def test_one_switch_from_the_environment(tmp_path: Path) -> None:
    settings = SwitchesSettings.model_validate(
        {
            "SWITCHES_INVENTORY": str(tmp_path / "none.yaml"),
            "SWITCH_URL": "https://leaf01.lab.example:8443",
            "SWITCH_USER": "admin",
            "SWITCH_PASSWORD": "s3cret",
            "SWITCH_FINGERPRINT": "sha256:" + "ab" * 32,
        }
    )
    (switch,) = InventoryFile(settings, {}).inventory().switches.values()
    assert (switch.name, switch.url, switch.source) == (
        "leaf01",
        "https://leaf01.lab.example:8443/ins",
        "environment",
    )
    assert switch.tls == Tls(fingerprint=b"\xab" * 32)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"SWITCH_URL": "https://a"},
            "SWITCH_USER is not set, and SWITCH_URL is.\nSWITCH_PASSWORD is not set, and SWITCH_URL is.",
        ),
        (
            {"SWITCH_URL": "https://a", "SWITCH_USER": "u", "SWITCH_PASSWORD": "p", "SWITCH_NAME": "a b"},
            "SWITCH_NAME: the name 'a b' cannot be said in a target: letters, digits, and . _ - / between them.",
        ),
        (
            {"SWITCH_URL": "https://leaf01.x", "SWITCH_USER": "u", "SWITCH_PASSWORD": "p"},
            "SWITCH_URL: leaf01 is in the inventory already; set SWITCH_NAME to call it otherwise.",
        ),
        (
            {"SWITCH_URL": "https://u:p@b", "SWITCH_USER": "u", "SWITCH_PASSWORD": "p"},
            "the environment: it must hold no user, password or query: those have keys of their own.",
        ),
    ],
)
def test_faults_of_the_environment(given: dict[str, str], told: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read(D + "switches: {leaf01: {host: a}}", **given)
    assert str(caught.value) == told


def test_a_file_that_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "switches.yaml"
    settings = SwitchesSettings(inventory=path)
    with pytest.raises(InventoryError) as caught:
        InventoryFile(settings, {}).inventory()
    assert str(caught.value) == (
        f"There are no switches: there is no file {path} (SWITCHES_INVENTORY), and SWITCH_URL is not set."
    )
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InventoryError, match="it is not text in UTF-8"):
        InventoryFile(settings, {}).inventory()


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "switches.yaml"
    path.write_text(D + "switches: {leaf01: {host: a}}")
    file = InventoryFile(SwitchesSettings(inventory=path), ENVIRON)
    first = file.inventory()
    assert file.inventory() is first
    path.write_text(D + "switches: {leaf01: {host: a}, leaf02: {host: b}}")
    os.utime(path, ns=(1, 1))
    assert list(file.inventory().switches) == ["leaf01", "leaf02"]
    path.write_text("switches: {")
    with pytest.raises(InventoryError):
        file.inventory()


IMPORTING = D + (
    "switches:\n  leaf01: {port: 8443, tags: [mine]}\n  leaf09: {host: leaf09}\n"
    "imports:\n  dc1: {from: netbox, url: 'https://netbox.example.com', token: '${NETBOX_TOKEN}'}\n"
)


def test_the_file_wins_over_an_import_and_both_over_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "switches.yaml"
    path.write_text(IMPORTING)
    asked: list[tuple[str, str]] = []

    def from_netbox(name: str, source: Import) -> Imported:
        asked.append((name, source.token.get_secret_value()))
        entries = {
            "LEAF01": {"host": "10.0.0.1", "tags": ("leaf",), "site": "dc1"},
            "leaf02": {"host": "10.0.0.2", "tags": ("leaf",), "site": "dc1"},
        }
        return Imported(entries, ("dc1: rack01 is left out, since it has no primary address.",))

    file = InventoryFile(SwitchesSettings(inventory=path), {**ENVIRON, "NETBOX_TOKEN": "t0ken"}, from_netbox)
    inventory = file.inventory()
    shown = {
        each.name: (each.url, sorted(each.tags), each.site, each.source)
        for each in inventory.switches.values()
    }
    assert shown == {
        "leaf01": ("https://10.0.0.1:8443/ins", ["mine"], "dc1", "import dc1"),
        "leaf02": ("https://10.0.0.2:443/ins", ["leaf"], "dc1", "import dc1"),
        "leaf09": ("https://leaf09:443/ins", [], None, str(path)),
    }
    assert inventory.notes == ("dc1: rack01 is left out, since it has no primary address.",)
    file.inventory()
    assert asked == [("dc1", "t0ken")], "it is kept for ten minutes"


def test_an_import_that_fails_later_is_kept_as_it_was_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "switches.yaml"
    path.write_text(IMPORTING)
    answers: list[Imported | InventoryError] = [
        Imported({"leaf01": {"host": "10.0.0.1"}}),
        InventoryError("dc1: https://netbox.example.com/ answered 502: Bad Gateway"),
    ]

    def from_netbox(name: str, source: Import) -> Imported:
        answer = answers.pop(0)
        if isinstance(answer, InventoryError):
            raise answer
        return answer

    now = [1000.0]
    monkeypatch.setattr("integrations.switches.inventory.load.time.monotonic", lambda: now[0])
    file = InventoryFile(SwitchesSettings(inventory=path), {**ENVIRON, "NETBOX_TOKEN": "t0ken"}, from_netbox)
    assert "leaf01" in file.inventory().switches
    now[0] += 601
    later = file.inventory()
    assert "leaf01" in later.switches
    assert later.notes == (
        "dc1: https://netbox.example.com/ answered 502: Bad Gateway What it said before is used.",
    )


def test_an_import_that_fails_at_first_is_told(tmp_path: Path) -> None:
    path = tmp_path / "switches.yaml"
    path.write_text(IMPORTING)

    def failing(name: str, source: Import) -> Imported:
        raise InventoryError("dc1: no answer.")

    with pytest.raises(InventoryError, match=r"dc1: no answer\."):
        InventoryFile(SwitchesSettings(inventory=path), {**ENVIRON, "NETBOX_TOKEN": "x"}, failing).inventory()


def test_no_password_is_shown_by_a_switch_or_its_inventory() -> None:
    inventory = read(WHOLE)
    assert "s3cret" not in repr(inventory) + str(inventory.switches["leaf01"]) + repr(
        parse(PATH, WHOLE, ENVIRON)
    )


def test_the_example_of_the_readme_can_be_used(tmp_path: Path) -> None:
    readme = Path(__file__).parents[3] / "integrations" / "switches" / "README.md"
    example = re.search(r"```yml\n(.*?)```", readme.read_text(), re.DOTALL)
    assert example is not None
    path = tmp_path / "switches.yaml"
    path.write_text(textwrap.dedent(f"   {example[1].strip()}").replace("sha256:…", "sha256:" + "ab" * 32))
    environ = {"SWITCHES_PASSWORD": "x", "NETBOX_TOKEN": "y"}

    def from_netbox(name: str, source: Import) -> Imported:
        assert (source.from_, dict(source.filter)) == (
            "netbox",
            {"platform": ("nxos",), "status": ("active",)},
        )
        return Imported({"spine01": {"host": "10.0.0.1", "tags": ("spine",)}})

    inventory = InventoryFile(SwitchesSettings(inventory=path), environ, from_netbox).inventory()
    assert list(inventory.switches) == ["spine01", "leaf01", "leaf02", "old01"]

"""sparkops.yaml: what it may say; what cannot be used is told with its line and the reason."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import ValidationError

from bot.config_file import (
    AccessRule,
    ApprovalRule,
    ConfigFile,
    LimitRule,
    Rate,
    SettingsError,
    duration,
    read_config_file,
)
from bot.stale_policy import StaleRooms

TOKEN = "a-token-nobody-should-see"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str, **environ: str) -> ConfigFile:
    """The file of this text, in this environment."""
    path = Path("sparkops.yaml")
    path.write_text(dedent(text), encoding="utf-8")
    return read_config_file(path, environ)


def fault(text: str, **environ: str) -> str:
    """What is said of a file that cannot be used."""
    with pytest.raises(SettingsError) as caught:
        read(text, **environ)
    return str(caught.value)


def test_the_whole_of_sparkops_yaml() -> None:
    file = read(
        """
        groups:
          ops: [ada@example.com, "*@ops.example.com"]
          leads: grace@example.com
        people:
          Ada: [ada@example.com, ada@home.example]
        access:
          - allow: ops
            rooms: [Ops, Berlin, Paris]
            commands: ["run *", audit]
            effects: [read, change]
            arguments: {job: api*, extras.NODES: 1..4}
            reason: Operators may.
          - deny: everyone
            effects: destroy
            rooms: "Café, the second"
        approvals:
          - for: ops
            of: [leads, moderators]
            count: 2
            commands: jenkins build
            ask: Release room
            within: 1h30m
            remind: 10m
        limits:
          - rate: 30/1m
          - for: team:Interns
            per: [person, command]
            rate: 5/h
            burst: 8
        notifications: 100/d
        stale_rooms:
          - name: old
            titles: [Release *, 007]
            kinds: [group, team]
            idle: 90d
            action: leave
            grace: 14d
            keep: 180d
            protected: Release train
            report_to: Ops
            schedule: 0 6 * * mon
            most: 50
            percent: 10
          - {name: lunch, idle: 2w}
        integrations:
          jenkins: {notify: all, port: 8080}
        modules: [house.integration]
        """
    )
    assert file.groups == {"ops": ("ada@example.com", "*@ops.example.com"), "leads": ("grace@example.com",)}
    assert file.people == {"Ada": ("ada@example.com", "ada@home.example")}
    assert file.access == (
        AccessRule(
            allow=("ops",),
            rooms=("Ops", "Berlin", "Paris"),
            commands=("run *", "audit"),
            effects=("read", "change"),
            arguments={"job": ("api*",), "extras.NODES": ("1..4",)},
            reason="Operators may.",
        ),
        AccessRule(deny=("everyone",), effects=("destroy",), rooms=("Café, the second",)),
    )
    assert file.approvals == (
        ApprovalRule(
            for_=("ops",),
            of=("leads", "moderators"),
            count=2,
            commands=("jenkins build",),
            ask="Release room",
            within=timedelta(minutes=90),
            remind=timedelta(minutes=10),
        ),
    )
    assert file.limits == (
        LimitRule(rate=Rate(count=30, seconds=60.0)),
        LimitRule(
            for_=("team:Interns",), per=("person", "command"), rate=Rate(count=5, seconds=3600.0), burst=8
        ),
    )
    assert [limit.capacity for limit in file.limits] == [30, 8]
    assert file.notifications == Rate(count=100, seconds=86400.0)
    assert file.stale_rooms == (
        StaleRooms(
            name="old",
            titles=("Release *", "007"),
            kinds=("group", "team"),
            idle=timedelta(days=90),
            action="leave",
            grace=timedelta(days=14),
            keep=timedelta(days=180),
            protected=("Release train",),
            report_to="Ops",
            schedule="0 6 * * mon",
            most=50,
            percent=10,
        ),
        StaleRooms(
            name="lunch",
            titles=("*",),
            kinds=("group",),
            idle=timedelta(days=14),
            action="notify",
            grace=timedelta(days=7),
            keep=timedelta(days=90),
            most=20,
            percent=25,
        ),
    )
    assert file.integrations == {"jenkins": {"notify": "all", "port": 8080}}
    assert file.modules == ("house.integration",)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}", "~"])
def test_an_empty_file_is_fine(text: str) -> None:
    assert read(text) == ConfigFile()


def test_in_rules_a_number_a_date_and_a_yes_are_the_words_that_are_written() -> None:
    """YAML alone makes them 1.1, 8, 750, true and a date: a rule about `1.10` would be about `1.1`."""
    values = "[1.10, 010, 12:30, on, 2026-11-23, 1_000, 5]"
    file = read(
        f"""
        access: [{{allow: everyone, rooms: 007, arguments: {{version: {values}, on: off}}}}]
        integrations: {{house: {{version: 1.5, loud: off}}}}
        """
    )
    (rule,) = file.access
    assert rule.rooms == ("007",)
    assert rule.arguments == {
        "version": ("1.10", "010", "12:30", "on", "2026-11-23", "1_000", "5"),
        "on": ("off",),
    }
    assert file.integrations == {"house": {"version": 1.5, "loud": False}}


def test_anchors_and_merges_are_yamls_own() -> None:
    file = read(
        """
        integrations:
          defaults: &careful {effects: read, reason: Look only.}
        access:
          - {<<: *careful, allow: everyone, reason: Everybody may look.}
        """
    )
    assert file.access == (AccessRule(allow=("everyone",), effects=("read",), reason="Everybody may look."),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        # Keys there are none of, and keys that are wanting.
        ("acess: []", "line 1 (acess): there is no key 'acess' here; did you mean 'access'?"),
        ("access:\n- allow: everyone\n  room: Ops",
         "line 3 (access, rule 1, room): there is no key 'room' here; did you mean 'rooms'?"),
        ("limits:\n- rate: 3/m\n  xyz: 1",
         "line 3 (limits, rule 1, xyz): there is no key 'xyz' here; there are rooms, commands, effects, "
         "arguments, reason, for, per, rate, burst."),
        ("approvals:\n- commands: jenkins build", "line 2 (approvals, rule 1): 'of' is missing."),
        # Values of the wrong form.
        ("access:\n- allow: everyone\n- commands: ping",
         "line 3 (access, rule 2): a rule needs exactly one of 'allow' and 'deny'."),
        ("access: [{allow: everyone, deny: everyone}]",
         "line 1 (access, rule 1): a rule needs exactly one of 'allow' and 'deny'."),
        ("access: [{allow: []}]", "line 1 (access, rule 1): a rule needs exactly one of 'allow' and 'deny'."),
        ("access:\n- allow: everyone\n  effects: burn",
         "line 3 (access, rule 1, effects): Input should be 'read', 'change' or 'destroy'."),
        ("access:\n- allow: everyone\n  effects:\n  - read\n  - burn",
         "line 5 (access, rule 1, effects, item 2): Input should be 'read', 'change' or 'destroy'."),
        ("integrations:\n  careful: &a {effects: read}\naccess:\n- <<: *a\n  allow: everyone\n  effects: burn",
         "line 6 (access, rule 1, effects): Input should be 'read', 'change' or 'destroy'."),
        ("integrations:\n  careless: &a {effects: burn}\naccess:\n- <<: *a\n  allow: everyone",
         "line 2 (access, rule 1, effects): Input should be 'read', 'change' or 'destroy'."),
        ("groups: 3", "line 1 (groups): must be a mapping, `key: value`."),
        ("modules: 3", "line 1 (modules): must be a list."),
        ("modules:\n- [a]", "line 2 (modules, item 1): must be text."),
        ("access:\n\n- 3", "line 3 (access, rule 1): must be a mapping, `key: value`."),
        ("- groups", "line 1: the file must be a mapping, `key: value`."),
        ("limits:\n- rate: often",
         "line 2 (limits, rule 1, rate): 'often' is not a rate such as 30/1m, 5/h or 100/1d."),
        ("limits:\n- rate: 0/m", "line 2 (limits, rule 1, rate): '0/m' is not a rate such as 30/1m, 5/h or 100/1d."),
        ("limits:\n- rate: 5/0s", "line 2 (limits, rule 1, rate): '5/0s' is not a rate such as 30/1m, 5/h or 100/1d."),
        ("approvals:\n- of: owners\n  within: soon",
         "line 3 (approvals, rule 1, within): 'soon' is not a duration such as 90s, 15m, 2h or 30d."),
        ("approvals:\n- of: owners\n  remind: 0s",
         "line 3 (approvals, rule 1, remind): no time at all is too short."),
        # Names nobody bears, and rules about nobody and nothing.
        ("groups: {ops: [ada@example.com]}\naccess:\n- allow: ops\n- deny:\n  - ops\n  - opps",
         "line 6 (access, rule 2, deny, item 2): 'opps' is no group, no e-mail, no team: and none of everyone, "
         "moderators, owners."),
        ("access: [{deny: '*'}]",
         "line 1 (access, rule 1, deny): '*' is no group, no e-mail, no team: and none of everyone, "
         "moderators, owners."),
        ("access: [{deny: 'team:'}]",
         "line 1 (access, rule 1, deny): 'team:' is no group, no e-mail, no team: and none of everyone, "
         "moderators, owners."),
        ("limits:\n- for: opps\n  rate: 3/m",
         "line 2 (limits, rule 1, for): 'opps' is no group, no e-mail, no team: and none of everyone, "
         "moderators, owners."),
        ("approvals:\n- of: opps",
         "line 2 (approvals, rule 1, of): 'opps' is no group, no e-mail, no team: and none of everyone, "
         "moderators, owners."),
        ("groups:\n  ops:\n  - ada@example.com\n  - dev",
         "line 4 (groups, ops, item 2): the group 'ops' holds 'dev', which is no e-mail."),
        ("groups:\n  ops: []\n  owners: eve@example.com",
         "line 3 (groups, owners): 'owners' means something else in a rule, so no group can be called so."),
        ("groups: {'team:a': eve@example.com}",
         "line 1 (groups, team:a): 'team:a' means something else in a rule, so no group can be called so."),
        ("groups: {eve@example.com: ada@example.com}",
         "line 1 (groups, eve@example.com): 'eve@example.com' means something else in a rule, so no group "
         "can be called so."),
        ("access:\n- deny: everyone\n  commands: []",
         "line 3 (access, rule 1, commands): is empty, so that the rule would be about nothing."),
        ("access:\n- deny: everyone\n  arguments:\n    job: []",
         "line 4 (access, rule 1, arguments, job): is empty, so that the rule would be about nothing."),
        ("limits:\n- rate: 3/m\n  for: []",
         "line 3 (limits, rule 1, for): is empty, so that the rule would be about nothing."),
        ("limits:\n- rate: 3/m\n  per: []",
         "line 3 (limits, rule 1, per): is empty: it needs person, room or command."),
        # People of several addresses.
        ("people:\n  Ada: [ada@example.com, ada@home.example]\n  Bob:\n  - bob@example.com\n  - ADA@home.example",
         "line 5 (people, Bob, item 2): 'ADA@home.example' is 'Ada' already, and belongs to one person."),
        ("people: {Ada: '*@example.com'}",
         "line 1 (people, Ada): '*@example.com' is no e-mail of one person."),
        # Stale rooms.
        ("stale_rooms:\n- name: old", "line 2 (stale_rooms, rule 1): 'idle' is missing."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  graze: 7d",
         "line 4 (stale_rooms, rule 1, graze): there is no key 'graze' here; did you mean 'grace'?"),
        ("stale_rooms:\n- name: old\n  idle: long",
         "line 3 (stale_rooms, rule 1, idle): 'long' is not a duration such as 90s, 15m, 2h or 30d."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  grace: 0d",
         "line 4 (stale_rooms, rule 1, grace): no time at all is too short."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  action: burn",
         "line 4 (stale_rooms, rule 1, action): Input should be 'notify', 'leave' or 'delete'."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  kinds:\n  - group\n  - public",
         "line 6 (stale_rooms, rule 1, kinds, item 2): Input should be 'group', 'team' or 'direct'."),
        ("stale_rooms:\n- name: old rooms\n  idle: 30d",
         "line 2 (stale_rooms, rule 1, name): 'old rooms' is no name to be typed: it begins with a letter and goes on "
         "with letters, digits, `.`, `_`, `-`."),
        ("stale_rooms:\n- {name: old, idle: 30d}\n- {name: OLD, idle: 60d}",
         "line 3 (stale_rooms, rule 2, name): there is a policy 'OLD' already."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  titles: []",
         "line 4 (stale_rooms, rule 1, titles): is empty, so that the policy would be about nothing."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  kinds: []",
         "line 4 (stale_rooms, rule 1, kinds): is empty, so that the policy would be about nothing."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  action: delete\n  kinds: [direct]",
         "line 5 (stale_rooms, rule 1, kinds): a direct room cannot be deleted; leave 'direct' out, or let the action "
         "be 'leave', which hides it."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  report_to: Ops\n  schedule: daily",
         "line 5 (stale_rooms, rule 1, schedule): 'daily' has 1 fields, and a cron line has five."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  report_to: Ops\n  schedule: 0 6 31 * mon",
         "line 5 (stale_rooms, rule 1, schedule): '0 6 31 * mon' names both days of the month and weekdays; it can be "
         "one of them."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  schedule: 0 6 * * mon",
         "line 4 (stale_rooms, rule 1, schedule): needs 'report_to': somebody must be told what is done by the clock."),
        ("stale_rooms:\n- name: old\n  idle: 30d\n  percent: 101",
         "line 4 (stale_rooms, rule 1, percent): Input should be less than or equal to 100."),
        # Arguments.
        ("access:\n- allow: everyone\n  arguments:\n    nodes:\n    - 4..1",
         "line 5 (access, rule 1, arguments, nodes, item 1): '4..1' is empty: a range goes from the smaller number "
         "to the larger."),
        ("access: [{allow: everyone, arguments: {nodes: a..b}}]",
         "line 1 (access, rule 1, arguments, nodes): 'a..b' is no range of numbers (1..4, ..10, 4..)."),
        ("access: [{allow: everyone, arguments: {nodes: ..}}]",
         "line 1 (access, rule 1, arguments, nodes): '..' is no range of numbers (1..4, ..10, 4..)."),
        ("access: [{allow: everyone, arguments: {nodes: 1...4}}]",
         "line 1 (access, rule 1, arguments, nodes): '1...4' is no range of numbers (1..4, ..10, 4..)."),
        ("access: [{allow: everyone, arguments: {job: a, Job: b}}]",
         "line 1 (access, rule 1, arguments): the argument 'job' is given twice, in other capitals."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used(text: str, says: str) -> None:
    assert fault(text) == f"sparkops.yaml, {says}"


PEOPLE = """
people: {Ada: [ada@example.com, ada@home.example]}
groups: {leads: [ada@example.com, ada@home.example, bob@example.com], all: ["*@example.com"]}
approvals:
"""


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("{of: ada@example.com, count: 2}", "needs 2 to agree, and 'of' has only 1"),
        ("{of: [ada@example.com, ada@home.example], count: 2}", "needs 2 to agree, and 'of' has only 1"),
        ("{of: [ada@example.com, Ada@Example.com], count: 2}", "needs 2 to agree, and 'of' has only 1"),
        ("{of: leads, count: 3}", "needs 3 to agree, and 'of' has only 2"),
        ("{of: [leads, bob@example.com], count: 3}", "needs 3 to agree, and 'of' has only 2"),
        ("{for: ada@home.example, of: ada@example.com, count: 1}",
         "needs 1 to agree, and 'of' has only 0 beside whoever asked"),
        ("{for: leads, of: leads, count: 2}", "needs 2 to agree, and 'of' has only 1 beside whoever asked"),
    ],
)  # fmt: skip
def test_an_approval_there_can_never_be_is_refused(rule: str, says: str) -> None:
    assert fault(f"{PEOPLE}- {rule}") == f"sparkops.yaml, line 5 (approvals, rule 1, count): {says}."


@pytest.mark.parametrize(
    "rule",
    [
        "{of: leads, count: 2}",
        "{for: all, of: leads, count: 2}",
        "{for: [ada@example.com, bob@example.com], of: bob@example.com}",
        "{of: [leads, all], count: 3}",
        "{of: [leads, owners], count: 3}",
        "{of: [leads, moderators], count: 3}",
        "{of: [leads, team:Release], count: 3}",
    ],
)
def test_an_approval_there_may_be_is_taken(rule: str) -> None:
    assert len(read(f"{PEOPLE}- {rule}").approvals) == 1


@pytest.mark.parametrize(
    "of", ["all", "moderators", "team:Release", "everyone", "['*@example.com', moderators]"]
)
def test_nobody_can_be_asked_directly_where_no_address_is_known(of: str) -> None:
    assert fault(f"{PEOPLE}- {{of: {of}, ask: direct}}") == (
        "sparkops.yaml, line 5 (approvals, rule 1, ask): 'direct' needs somebody to write to, and 'of' names nobody "
        "by an e-mail."
    )


@pytest.mark.parametrize(
    "of", ["leads", "owners", "bob@example.com", "[all, bob@example.com]", "[everyone, leads]"]
)
def test_somebody_can_be_asked_directly(of: str) -> None:
    assert read(f"{PEOPLE}- {{of: {of}, ask: direct}}").approvals[0].ask == "direct"


def test_all_faults_are_told_at_once_each_with_its_line() -> None:
    assert fault(
        """\
        groups: {ops: dev}
        access:
        - deny: opps
        - allow: everyone
          rooms: []
        """
    ) == (
        "sparkops.yaml, line 1 (groups, ops): the group 'ops' holds 'dev', which is no e-mail.\n"
        "sparkops.yaml, line 3 (access, rule 1, deny): 'opps' is no group, no e-mail, no team: and none of everyone, "
        "moderators, owners.\n"
        "sparkops.yaml, line 5 (access, rule 2, rooms): is empty, so that the rule would be about nothing."
    )


def test_what_is_made_without_a_file_is_held_to_the_same() -> None:
    with pytest.raises(ValidationError, match="'opps' is no group"):
        ConfigFile(access=(AccessRule(deny=("opps",)),))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("access:\n- deny: everyone\n\naccess:\n- allow: everyone",
         "line 4: the key 'access' is given twice, first on line 1."),
        ("access:\n- deny: everyone\n  rooms: a\n  effects: read\n  rooms: b",
         "line 5: the key 'rooms' is given twice, first on line 3."),
        ("integrations:\n  house:\n    url: a\n    'url': b",
         "line 4: the key 'url' is given twice, first on line 3."),
        ("groups: {a: a@b}\ngroups: {}\ngroups: {}",
         "line 2: the key 'groups' is given twice, first on line 1.\n"
         "sparkops.yaml, line 3: the key 'groups' is given twice, first on line 1."),
        ("groups: &groups\n  ops: *groups", "line 1: this part holds itself by its own anchor."),
        ("groups:\n  ? [a]\n  : b", "line 2: a key must be a single word or text."),
        ("groups:\n  ops: [ada@example.com\n",
         "line 3: this is not YAML: while parsing a flow sequence, expected ',' or ']', but got '<stream end>'."),
        ("groups:\n\tops: x",
         "line 2: this is not YAML: while scanning for the next token, found character '\\t' that cannot start any "
         "token."),
        ("groups: *nobody", "line 1: this is not YAML: found undefined alias 'nobody'."),
        ("groups: {}\n---\ngroups: {}",
         "line 2: this is not YAML: expected a single document in the stream, but found another document."),
        ("groups: {}\nmodules: [!!python/object:os.system x]",
         "line 2: this is not YAML: could not determine a constructor for the tag "
         "'tag:yaml.org,2002:python/object:os.system'."),
        ("groups: {}\nmodules: [\x07]", "line 2: this is not YAML: special characters are not allowed."),
    ],
)  # fmt: skip
def test_what_yaml_would_take_or_not_take_is_told_with_its_line(text: str, says: str) -> None:
    assert fault(text) == f"sparkops.yaml, {says}"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^sparkops\.yaml cannot be read: No such file or directory\.$"):
        read_config_file(Path("sparkops.yaml"), {})
    with pytest.raises(SettingsError, match=r"cannot be read: Is a directory\.$"):
        read_config_file(tmp_path, {})
    Path("sparkops.yaml").write_bytes(b"groups: {ops: \xff}")
    with pytest.raises(SettingsError, match=r"^sparkops\.yaml cannot be read: it is not text in UTF-8\.$"):
        read_config_file(Path("sparkops.yaml"), {})


def test_names_in_the_file_stand_for_the_environments_values(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from-a-file\n")
    file = read(
        """
        groups: {ops: ["${LEAD}"]}
        integrations:
          house:
            url: "https://${HOST_NAME}/${PATH_}x"
            password: "${PASSWORD}"
            plain: "${lower} $NAME"
            port: 3
        """,
        LEAD="ada@example.com",
        HOST_NAME="house.example",
        PATH_="",
        PASSWORD_FILE=str(tmp_path / "password"),
    )
    assert file.groups == {"ops": ("ada@example.com",)}
    assert file.integrations["house"] == {
        "url": "https://house.example/x",
        "password": "from-a-file",
        "plain": "${lower} $NAME",
        "port": 3,
    }


def test_a_name_that_stands_for_nothing_is_told_with_its_line() -> None:
    assert fault("access:\n- allow: everyone\n- allow: '${LEAD}'") == (
        "sparkops.yaml, line 3 (access, rule 2, allow): ${LEAD} is not set in the environment."
    )


def test_no_secret_is_shown_by_a_fault() -> None:
    assert fault(
        "integrations: {house: '${HOUSE_PASSWORD}'}\ngroups: {ops: '${HOUSE_PASSWORD}@x', dev: {a: 1}}",
        HOUSE_PASSWORD=TOKEN,
    ) == (
        "sparkops.yaml, line 2 (groups, dev): must be a list.\n"
        "sparkops.yaml, line 1 (integrations, house): must be a mapping, `key: value`."
    )
    assert fault(
        "groups: {ops: '${HOUSE_PASSWORD}'}\naccess: [{allow: 'x${HOUSE_PASSWORD}'}]", HOUSE_PASSWORD=TOKEN
    ) == (
        "sparkops.yaml, line 1 (groups, ops): the group 'ops' holds '${HOUSE_PASSWORD}', which is no e-mail.\n"
        "sparkops.yaml, line 2 (access, rule 1, allow): 'x${HOUSE_PASSWORD}' is no group, no e-mail, no team: and "
        "none of everyone, moderators, owners."
    )
    assert TOKEN not in fault("limits: [{rate: '${HOUSE_PASSWORD}'}]", HOUSE_PASSWORD=TOKEN)
    assert TOKEN not in fault("people: {a: '${SECRET}', b: '${SECRET}'}", SECRET=f"{TOKEN}@x")


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("15m", 900), ("1h30m", 5400), ("30d", 2592000), ("2 W", 1209600)]
)
def test_a_duration(written: str, seconds: int) -> None:
    assert duration(written) == timedelta(seconds=seconds)

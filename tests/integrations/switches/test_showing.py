"""`switch show`: what a person asks of a fleet, and what they see."""

from __future__ import annotations

import json

import pytest

from bot.commands.forms import words_of_submission
from tests.integrations.switches.farm import Farm, FleetTalk

VERSIONS = (
    "**`show version`**: 6 rows of 6 switches.\n\n"
    "```\n"
    "switch  host_name  nxos_ver_str  kickstart_ver_str  proc_board_id\n"
    "leaf01  leaf01     9.3(5)        9.3(5)             FDO256545T7\n"
    "leaf02  leaf02                   7.0(3)I4(6)        FDO20443KQK\n"
    "leaf03  leaf03     9.3(5)        9.3(5)             FDO2089AQDP\n"
    "leaf04  leaf04     9.3(5)        9.3(5)             FDO2451VPNL\n"
    "leaf05  leaf05     9.3(5)        9.3(5)             FDO2661AAMM\n"
    "leaf06  leaf06     9.3(5)        9.3(5)             FDO2588JVPY\n"
    "```\n\n"
    "24 more fields: `header_str`, `bios_ver_str`, `kick_file_name`, `nxos_file_name`, `kick_cmpl_time`, "
    "`nxos_cmpl_time`, `kick_tmstmp`, `nxos_tmstmp`, `bios_cmpl_time`, `chassis_id`, `cpu_name`, `memory` …"
)


def test_one_table_over_all_of_them(talk: FleetTalk) -> None:
    assert talk.say('switch show @leaf "show version"') == VERSIONS


def test_shows_may_be_typed_without_quotes(talk: FleetTalk) -> None:
    assert talk.say("switch show @leaf show version") == VERSIONS


def test_fields_and_conditions_narrow_it_down(talk: FleetTalk) -> None:
    assert talk.say(
        "switch show leaf01,leaf06 show environment --fields PSNUM,ps_status --where ps_status!=ok"
    ) == (
        "**`show environment`**: 1 of 4 rows of 1 switch.\n\n"
        "```\n"
        "switch  psnum  ps_status\n"
        "leaf06  2      Fail/Shut\n"
        "```\n\n"
        "4 more fields: `psmodel`, `actual_out`, `actual_input`, `tot_capa`\n"
        "6 other tables of it: `--as json` has them."
    )


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("interface=eth1/1*", 11),
        ("interface=Ethernet1/?", 9),
        ("vlan>20", 12),
        ("vlan>=20", 19),
        ("interface=Po1", 1),
        ("state=nothing", 0),
    ],
)
def test_a_value_may_be_a_glob_a_short_name_or_a_bound(talk: FleetTalk, where: str, rows: int) -> None:
    said = talk.say(
        f'switch show leaf01 "show interface brief" --where {where} --where type=eth --fields interface'
    )
    assert said.startswith(f"**`show interface brief`**: {rows} of 72 rows{'' if rows else ' fits'}."), said


def test_a_field_there_is_not_is_asked_about(talk: FleetTalk) -> None:
    assert talk.say("switch show leaf01 show interface brief --fields interface,stat") == (
        "⚠️ show interface brief has no field stat. Did you mean state? It has: interface, state, ip\\_addr, speed, "
        "mtu, vlan, type, portmode, state\\_rsn\\_desc, ratemode, portchan, proto, oper\\_state, svi\\_rsn\\_desc, "
        "loop\\_desc."
    )


def test_a_condition_that_cannot_be_read_is_told_how_to_write(talk: FleetTalk) -> None:
    said = talk.say("switch show leaf01 show vlan brief --where up")
    assert (
        said.startswith(
            "⚠️ Invalid value for '\\-\\-where': 'up' is no condition: write field=value, field\\!=value"
        )
        or "is no condition: write field=value" in said
    )


def test_one_switch_and_one_row_are_shown_a_field_to_a_line(talk: FleetTalk) -> None:
    assert talk.say('switch show leaf01 "show hostname"') == (
        "**`show hostname`**: 1 row.\n\n```\nfield     value\nhostname  leaf01.lab.example.com\n```"
    )


def test_several_shows_are_one_question(talk: FleetTalk, farm: Farm) -> None:
    said = talk.say('switch show leaf01,leaf02 "show hostname" "show vlan brief" --fields hostname')
    assert said.startswith("**`show hostname`**: 2 rows of 2 switches.\n\n```\nswitch  hostname\n")
    assert "**`show vlan brief`**: 12 rows of 2 switches." in said
    assert farm.requests()["leaf01"] == 1


def test_text_where_text_is_wanted_each_different_one_once(talk: FleetTalk) -> None:
    said = talk.say('switch show @spine "show hostname" --text')
    assert said == (
        "**`show hostname`**: text of 2 switches, 2 different texts.\n\n"
        "`spine01`:\n```\nspine01.lab.example.com\n```\n\n"
        "`spine02`:\n```\nspine02.lab.example.com\n```"
    )


def test_what_has_no_structure_comes_as_text_beside_the_table(talk: FleetTalk) -> None:
    said = talk.say('switch show leaf01,spine01,spine02 "show vpc" --fields vpc-id --where vpc-id=101')
    assert said == (
        "**`show vpc`**: 1 of 10 rows of 1 switch.\n\n"
        "```\nswitch  vpc-id\nleaf01  101\n```\n\n"
        "8 more fields: `vpc-ifindex`, `vpc-port-state`, `phy-port-if-removed`, `vpc-thru-peerlink`, "
        "`vpc-consistency`, `vpc-consistency-status`, `up-vlan-bitset`, `es-attr`\n"
        "2 other tables of it: `--as json` has them.\n\n"
        "`spine01` and `spine02`:\n```\nNote: vPC is not configured on this switch\n```"
    )


def test_text_has_no_fields(talk: FleetTalk, farm: Farm) -> None:
    assert talk.say("switch show leaf01 show version --text --fields host_name") == (
        "⚠️ Text has no fields: leave out `--text`, or `--fields` and `--where`."
    )
    assert sum(farm.requests().values()) == 0


# --- files


def test_what_is_too_long_for_a_room_is_in_a_file(talk: FleetTalk) -> None:
    reply = talk.outcome("switch show leaf01 show interface brief").replies[0]
    assert reply.markdown.count("\nleaf01 ") == 30
    assert "These are the first 30 rows; the file has all." in reply.markdown
    assert reply.file is not None and reply.file.name.startswith("show-interface-brief-")
    assert len(reply.file.content.decode().splitlines()) == 73


def test_a_file_of_rows_has_the_fields_that_were_asked_for(talk: FleetTalk) -> None:
    line = (
        "switch show @leaf show interface brief --fields interface,state_rsn_desc --where state=down --as csv"
    )
    rows = talk.file(f"{line} --where interface=*1/15").content.decode().splitlines()
    assert rows == [
        "switch,interface,state_rsn_desc",
        *(f"leaf0{number},Ethernet1/15,XCVR not inserted" for number in range(1, 7)),
    ]


def test_a_file_of_json_has_every_table(talk: FleetTalk) -> None:
    told = json.loads(talk.file("switch show leaf01,spine01 show vpc --as json").content)
    assert [each["switch"] for each in told] == ["spine01", "leaf01"]
    assert told[0]["shows"]["show vpc"] == "Note: vPC is not configured on this switch"
    assert set(told[1]["shows"]["show vpc"]) == {"", "peerlink", "vpc"}


# --- what goes wrong


def test_failures_are_told_by_cause_and_retry_asks_only_those(talk: FleetTalk, farm: Farm) -> None:
    farm.fault("refused", "leaf02")
    farm.fault("html", "leaf0[34]")
    said = talk.say('switch show "leaf0[1-5]" "show hostname"')
    assert said == (
        "**`show hostname`**: 2 rows of 2 switches.\n\n"
        "```\n"
        "switch  hostname\n"
        "leaf01  leaf01.lab.example.com\n"
        "leaf05  leaf05.lab.example.com\n"
        "```\n\n"
        "⚠️ 3 of 5 switches gave no answer:\n"
        "- back-end error \\(500\\) (2): `leaf03` and `leaf04`. Ask for less; it may be too busy.\n"
        "- connection refused (1): `leaf02`. Check that the switch is up, that `feature nxapi` is on, and its host "
        "and port in the inventory.\n\n"
        '`retry 1` asks the 3 again, as does `switch show leaf02,leaf03,leaf04 "show hostname"`.'
    )
    farm.control("faults", "DELETE")
    before = farm.requests()
    again = talk.say("retry")
    assert again == (
        "**`show hostname`**: 3 rows of 3 switches.\n\n"
        "```\n"
        "switch  hostname\n"
        "leaf02  leaf02.lab.example.com\n"
        "leaf03  leaf03.lab.example.com\n"
        "leaf04  leaf04.lab.example.com\n"
        "```"
    )
    asked = {name for name, count in farm.requests().items() if count > before[name]}
    assert asked == {"leaf02", "leaf03", "leaf04"}
    assert talk.say("retry").startswith("⚠️ Nothing of yours waits in this room")


def test_a_show_that_the_switch_does_not_know_is_not_worth_asking_again(talk: FleetTalk) -> None:
    assert talk.say('switch show @spine "show interface nonsense"') == (
        "⚠️ 2 of 2 switches gave no answer:\n"
        "- command not taken: % Invalid command (2): `spine01` and `spine02`. Try it on the switch: models and "
        "versions differ."
    )


def test_a_structure_that_is_not_there_is_asked_for_as_text(talk: FleetTalk, farm: Farm) -> None:
    farm.fault("unstructured", "leaf01", command="show hostname")
    assert talk.say('switch show leaf01 "show hostname"') == (
        "**`show hostname`**: text of 1 switch.\n\n```\nleaf01.lab.example.com\n```"
    )


# --- who may ask what


def test_secrets_are_hidden_even_from_who_may_see_the_configuration(talk: FleetTalk, farm: Farm) -> None:
    assert "is not asked from chat: it holds secrets" in talk.say("switch show leaf01 show running-config")
    assert sum(farm.requests().values()) == 0


def test_a_missing_show_opens_a_form_whose_answer_is_one_show(talk: FleetTalk) -> None:
    outcome = talk.outcome("switch show leaf01")
    card = outcome.replies[0].card
    assert card is not None
    words = words_of_submission({**card["actions"][0]["data"], "field0": "show hostname"})
    assert words is not None
    assert talk.conversation.words(words).replies[0].markdown == (
        "**`show hostname`**: 1 row.\n\n```\nfield     value\nhostname  leaf01.lab.example.com\n```"
    )


def test_too_many_shows_at_once(talk: FleetTalk, farm: Farm) -> None:
    shows = " ".join(f'"show vlan id {number}"' for number in range(13))
    assert talk.say(f"switch show leaf01 {shows}") == (
        "⚠️ A switch is asked 12 shows at once at most, and these are 13."
    )
    assert sum(farm.requests().values()) == 0


def test_of_very_many_fields_a_room_sees_a_few_rows_and_the_file_has_all(talk: FleetTalk) -> None:
    fields = "interface,state,ip_addr,speed,mtu,vlan,type,portmode,state_rsn_desc,ratemode,portchan,proto,oper_state"
    reply = talk.outcome(
        f"switch show leaf01 show interface brief --fields {fields} --where state=up"
    ).replies[0]
    assert reply.markdown.count("\nleaf01 ") == 5
    assert "These are the first 5 rows; the file has all." in reply.markdown
    assert reply.file is not None


def test_long_texts_are_cut_in_a_room_and_whole_in_the_file(talk: FleetTalk) -> None:
    reply = talk.outcome("switch show leaf01 show interface --text").replies[0]
    assert "… " in reply.markdown and " more lines\n```" in reply.markdown
    assert reply.file is not None and reply.file.name.endswith(".txt")
    assert len(reply.file.content) > 10 * len(reply.markdown.encode())

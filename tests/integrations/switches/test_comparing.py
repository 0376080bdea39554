"""`switch compare`: who says something else than most."""

from __future__ import annotations

from tests.integrations.switches.farm import Farm, FleetTalk


def test_what_most_say_and_who_says_otherwise(talk: FleetTalk) -> None:
    assert talk.say("switch compare @leaf show environment") == (
        "**`show environment`** on 6 switches: 9 differences, 42 values the same. Most on their own: `leaf06` (5), "
        "`leaf01` (3), `leaf03` (1).\n\n"
        "```\n"
        "row                     field             most say             otherwise\n"
        "tempinfo CPU, 1         alarmstatus       Ok (5)               Minor: leaf03\n"
        "faninfo Fan3(sys_fan3)  fanmodel          NXA-FAN-30CFM-F (5)  --: leaf01\n"
        "faninfo Fan3(sys_fan3)  fandir            front-to-back (5)    --: leaf01\n"
        "faninfo Fan3(sys_fan3)  fanstatus         Ok (5)               Absent: leaf01\n"
        "faninfo Fan_in_PS2      fanstatus         Ok (5)               Failure: leaf06\n"
        "psinfo 2                tot_capa          650 W (5)            0 W: leaf06\n"
        "psinfo 2                ps_status         Ok (5)               Fail/Shut: leaf06\n"
        "power_summary           ps_oper_mode      PS-Redundant (5)     Non-Redundant: leaf06\n"
        "power_summary           cumulative_power  1300.00 W (5)        650.00 W: leaf06\n"
        "```\n\n"
        "Left out, since they always change: `curtemp`, `actual_out`, `actual_input`."
    )


def test_of_some_fields_only(talk: FleetTalk) -> None:
    assert talk.say("switch compare @leaf show version --fields kickstart_ver_str") == (
        "**`show version`** on 6 switches: 1 difference, 0 values the same. Most on their own: `leaf02` (1).\n\n"
        "```\n"
        "row  field              most say    otherwise\n"
        "     kickstart_ver_str  9.3(5) (5)  7.0(3)I4(6): leaf02\n"
        "```"
    )


def test_no_difference(talk: FleetTalk) -> None:
    assert talk.say("switch compare leaf01,leaf03 show vlan brief --fields vlanshowbr-vlanname") == (
        "✅ **`show vlan brief`** on 2 switches: no difference, 6 values compared."
    )


def test_without_a_majority_it_says_so_and_who_has_text_is_told_apart(talk: FleetTalk) -> None:
    assert talk.say("switch compare all show vpc --fields vpc-domain-id") == (
        "**`show vpc`** on 6 switches: 1 difference, 0 values the same.\n\n"
        "```\n"
        "row  field          most say            otherwise\n"
        "     vpc-domain-id  no majority: 1 (2)  2: leaf03, leaf04; 3: leaf05, leaf06\n"
        "```\n\n"
        "Text instead of a table to `show vpc`: `spine01` and `spine02`."
    )


def test_texts_are_compared_line_by_line(talk: FleetTalk, farm: Farm) -> None:
    farm.fault("unstructured", command="show hostname")
    assert talk.say("switch compare @spine show hostname") == (
        "**`show hostname`** (text): the same on 1 switch, `spine01`; 1 other text.\n\n"
        "`spine02` against it:\n"
        "```diff\n"
        "@@ -1 +1 @@\n"
        "-spine01.lab.example.com\n"
        "+spine02.lab.example.com\n"
        "```"
    )


def test_a_file_has_every_difference_with_all_names(talk: FleetTalk) -> None:
    file = talk.file("switch compare @leaf show environment --fields ps_status,fanstatus --as csv")
    assert file.content.decode().splitlines() == [
        "row,field,most say,otherwise",
        "faninfo Fan3(sys_fan3),fanstatus,Ok (5),Absent: leaf01",
        "faninfo Fan_in_PS2,fanstatus,Ok (5),Failure: leaf06",
        "psinfo 2,ps_status,Ok (5),Fail/Shut: leaf06",
    ]


def test_one_switch_is_nothing_to_compare(talk: FleetTalk, farm: Farm) -> None:
    assert talk.say("switch compare leaf01 show version") == (
        "⚠️ `leaf01` is one switch, and comparing takes two at least."
    )
    farm.fault("refused", "leaf02")
    assert talk.say("switch compare leaf01,leaf02 show version").startswith(
        "**`show version`**: nothing to compare. Only `leaf01` said something.\n\n⚠️ 1 of 2 switches gave no answer:\n"
    )


def test_a_field_there_is_not(talk: FleetTalk) -> None:
    assert talk.say("switch compare @leaf show hostname --fields hostnam") == (
        "⚠️ show hostname has no field hostnam. Did you mean hostname? It has: hostname."
    )


def test_of_several_shows_the_file_says_which(talk: FleetTalk) -> None:
    line = (
        'switch compare @leaf "show environment" "show version" --fields ps_status,kickstart_ver_str --as csv'
    )
    assert talk.file(line).content.decode().splitlines() == [
        "row,field,most say,otherwise",
        "show environment psinfo 2,ps_status,Ok (5),Fail/Shut: leaf06",
        "show version,kickstart_ver_str,9.3(5) (5),7.0(3)I4(6): leaf02",
    ]

"""The wire of `ins_api`: envelopes, codes, and the quirks of releases."""

import json

import pytest
import requests

from tests.playground.switches.running_farm import AUTH, PATIENCE_S, RunningFarm, message


def test_one_command_is_answered_with_an_object_whose_code_is_text(farm: RunningFarm) -> None:
    answer = farm.ask("leaf01", "show hostname")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "ins_api": {
            "type": "cli_show",
            "version": "1.0",
            "sid": "eoc",
            "outputs": {
                "output": {
                    "input": "show hostname",
                    "msg": "Success",
                    "code": "200",
                    "body": {"hostname": "leaf01.lab.example.com"},
                }
            },
        }
    }


def test_several_commands_are_answered_with_a_list_that_echoes_leading_blanks(farm: RunningFarm) -> None:
    outputs = farm.outputs("leaf01", "show hostname ; show clock ;show users")
    assert [output["input"] for output in outputs] == ["show hostname", " show clock", "show users"]
    assert [output["code"] for output in outputs] == ["200", "200", "200"]


def test_the_separator_needs_the_blank_before_it(farm: RunningFarm) -> None:
    output = farm.outputs("leaf01", "show hostname;show clock")
    assert output == {
        "input": "show hostname;show clock",
        "msg": "Input CLI command error",
        "code": "400",
        "clierror": "% Invalid command\n",
    }


def test_one_bad_command_does_not_spoil_the_others(farm: RunningFarm) -> None:
    outputs = farm.outputs("leaf01", "show hostname ;show nonsense ;show clock")
    assert [output["code"] for output in outputs] == ["200", "400", "200"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sh ver", "show version"),
        ("show int bri", "show interface brief"),
        ("show mac add", "show mac address-table"),
        ("show int status", "show interface status"),
        ("show ip bgp sum vrf all", "show ip bgp summary vrf all"),
    ],
)
def test_words_may_be_abbreviated(farm: RunningFarm, typed: str, meant: str) -> None:
    assert farm.outputs("leaf01", typed)["body"].keys() == farm.outputs("leaf01", meant)["body"].keys()


def test_an_abbreviation_of_several_commands_is_ambiguous(farm: RunningFarm) -> None:
    assert farm.outputs("leaf01", "show v")["clierror"] == "% Ambiguous command\n"


def test_a_pipe_has_no_structured_answer_but_text(farm: RunningFarm) -> None:
    command = "show running-config | include ^hostname"
    assert farm.outputs("leaf01", command) == {
        "input": command,
        "msg": "Pipe is not allowed for this message type",
        "code": "501",
        "clierror": "",
    }
    assert farm.text("leaf01", command) == "hostname leaf01\n"


@pytest.mark.parametrize("command", ["show running-config", "show logging last 5", "show checkpoint summary"])
def test_what_has_no_structured_form_is_told_as_text(farm: RunningFarm, command: str) -> None:
    output = farm.outputs("leaf01", command)
    assert (output["code"], output["msg"]) == ("501", "Structured output unsupported")
    assert farm.text("leaf01", command)


@pytest.mark.parametrize(
    ("filters", "lines"),
    [
        (
            "include ntp",
            ["ntp server 192.0.2.123 prefer use-vrf management", "ntp server 192.0.2.124 use-vrf management"],
        ),
        ("include ntp | exclude prefer", ["ntp server 192.0.2.124 use-vrf management"]),
        ("include ntp | count", ["2"]),
        ("section Vlan10", ["interface Vlan10", "  ip address 10.1.10.1/24"]),
        ("begin ^line", ["line vty", "  exec-timeout 15", ""]),
        ("last 2", ["  exec-timeout 15", ""]),
    ],
)
def test_text_may_be_filtered(farm: RunningFarm, filters: str, lines: list[str]) -> None:
    assert farm.text("leaf01", f"show running-config | {filters}").splitlines() == lines


def test_an_unknown_filter_is_an_invalid_command(farm: RunningFarm) -> None:
    output = farm.outputs("leaf01", "show version | nonsense", "cli_show_ascii")
    assert (output["code"], output["clierror"]) == ("400", "% Invalid command\n")


def test_a_filter_with_a_bad_pattern_or_number_is_an_invalid_command(farm: RunningFarm) -> None:
    for filters in ("include [", "last many"):
        assert farm.outputs("leaf01", f"show version | {filters}", "cli_show_ascii")["code"] == "400"


def test_text_comes_where_json_was_asked(farm: RunningFarm) -> None:
    output = farm.outputs("leaf01", "show vpc orphan-ports")
    assert output["code"] == "200"
    assert output["body"].startswith("Note: \n")
    assert "Eth1/12" in output["body"]


def test_bash_needs_its_feature(farm: RunningFarm) -> None:
    output = farm.outputs("leaf01", "uname -a; id", "bash")
    assert (output["code"], output["clierror"]) == ("400", "bash-shell is not enabled: feature bash-shell\n")


def test_old_releases_stumble_over_the_order_of_keys(farm: RunningFarm) -> None:
    fields = message("show interface Ethernet1/1 | include type", "cli_show_ascii")["ins_api"]
    upside_down = {"ins_api": dict(sorted(fields.items()))}
    right = json.dumps({"ins_api": fields})
    for name, status in (("leaf01", 200), ("leaf02", 400)):
        answer = farm.post(name, json=upside_down)
        assert answer.status_code == status
        assert farm.post(name, data=right, headers={"Content-Type": "application/json"}).status_code == 200
    assert answer.text.startswith('<?xml version="1.0"?>')
    farm.control("options", switches="leaf02", order_sensitive=False)
    assert farm.post("leaf02", json=upside_down).status_code == 200


def test_numbers_rows_and_nothing_are_written_as_the_release_does(farm: RunningFarm) -> None:
    seen = {}
    for release in ("7.0(3)I4(6)", "9.2(2)", "9.3(5)", "10.2(3)"):
        farm.control("options", switches="leaf01", release=release)
        version, module = (output["body"] for output in farm.outputs("leaf01", "show version ;show module"))
        one_row = isinstance(module["TABLE_modinfo"]["ROW_modinfo"], dict)
        packages = version["TABLE_package_list"]["ROW_package_list"]["package_id"]
        names = sorted(key for key in version if key.endswith("ver_str") and key != "bios_ver_str")
        seen[release] = (version["memory"], packages, one_row, names)
    assert seen == {
        "7.0(3)I4(6)": (24569704, {}, True, ["kickstart_ver_str"]),
        "9.2(2)": (24569704, {}, True, ["kickstart_ver_str"]),
        "9.3(5)": ("24569704", "", True, ["kickstart_ver_str", "nxos_ver_str"]),
        "10.2(3)": (24569704, None, True, ["kickstart_ver_str", "nxos_ver_str"]),
    }


def test_json_native_gives_lists_and_numbers(farm: RunningFarm) -> None:
    for command, kind in (
        ("show module | json native", "cli_show"),
        ("show module", "cli_array"),
        ("show module", "cli_show_array"),
    ):
        row = farm.outputs("leaf01", command, kind)["body"]["TABLE_modinfo"]["ROW_modinfo"]
        assert [(each["modinf"], each["ports"]) for each in row] == [(1, 54)]
    assert farm.outputs("leaf02", "show module | json native")["code"] == "501", "7.0(3)I4 does not know it"


def test_one_row_and_many_are_mixed_within_an_answer(farm: RunningFarm) -> None:
    vrf = farm.outputs("leaf03", "show ip route")["body"]["TABLE_vrf"]["ROW_vrf"]
    paths = [
        row["TABLE_path"]["ROW_path"] for row in vrf["TABLE_addrf"]["ROW_addrf"]["TABLE_prefix"]["ROW_prefix"]
    ]
    assert {type(path) for path in paths} == {dict, list}


def test_a_table_may_itself_be_a_list(farm: RunningFarm) -> None:
    body = farm.outputs("leaf01", "show ip interface vrf all")["body"]
    names = [each["ROW_intf"]["intf-name"] for each in body["TABLE_intf"]]
    vrfs = [each["ROW_vrf"]["vrf-name-out"] for each in body["TABLE_vrf"]]
    assert dict(zip(names, vrfs, strict=True))["mgmt0"] == "management"
    assert vrfs.count("default") == len(vrfs) - 1


def test_values_are_padded(farm: RunningFarm) -> None:
    body = farm.outputs("leaf01", "show environment")["body"]
    sensor = body["TABLE_tempinfo"]["ROW_tempinfo"][0]
    assert (sensor["tempmod"], sensor["majthres"]) == ("1        ", "80  ")


def test_error_counters_name_an_interface_four_times_with_a_part_of_them_each(farm: RunningFarm) -> None:
    rows = farm.show("leaf01", "show interface counters errors")["TABLE_interface"]["ROW_interface"]
    parts = [set(row) - {"interface"} for row in rows if row["interface"] == "Ethernet1/1"]
    assert len(parts) == 4
    assert "eth_fcs_err" in parts[0] and "eth_indisc" in parts[3]
    assert [len(row) for row in rows if row["interface"] == "mgmt0"] == [3, 5, 5, 1]


def test_xml_is_answered_to_xml(farm: RunningFarm) -> None:
    body = (
        '<?xml version="1.0"?><ins_api><version>1.0</version><type>cli_show</type><chunk>0</chunk><sid>1</sid>'
        "<input>show hostname ;show module</input><output_format>xml</output_format></ins_api>"
    )
    answer = farm.post("leaf01", data=body, headers={"Content-Type": "text/xml"})
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert "<body><hostname>leaf01.lab.example.com</hostname>\n</body>" in answer.text
    assert "<code>200</code>" in answer.text and "<ROW_modinfo><modinf>1</modinf>" in answer.text
    assert farm.ask("leaf01", "show hostname", output_format="xml").text.startswith("<?xml")


@pytest.mark.parametrize(
    "sent",
    [
        b"{",
        b"[]",
        b'{"ins_api": {"type": "cli_show"}}',
        b'{"ins_api": {"type": "cli_sing", "input": "show clock"}}',
        b'{"ins_api": {"type": "cli_conf", "input": "vlan 7", "rollback": "never"}}',
        b"",
    ],
)
def test_what_cannot_be_read_is_answered_with_http_400_and_xml(farm: RunningFarm, sent: bytes) -> None:
    answer = farm.post("leaf01", data=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.text == (
        '<?xml version="1.0"?>\n<ins_api>\n  <outputs>\n    <output>\n'
        "      <msg>Server internal error.</msg>\n      <code>400</code>\n"
        "    </output>\n  </outputs>\n</ins_api>\n"
    )


def test_an_answer_that_is_too_large_is_code_413(farm: RunningFarm) -> None:
    farm.control("options", switches="leaf01", largest_answer=2000)
    output = farm.outputs("leaf01", "show interface brief")
    assert output == {
        "input": "show interface brief",
        "msg": "Response size too big",
        "code": "413",
        "clierror": "",
    }
    assert farm.outputs("leaf01", "show hostname")["code"] == "200"


def test_only_posts_to_ins_are_served(farm: RunningFarm) -> None:
    url = farm.url("leaf01")
    got = requests.get(url, auth=AUTH, timeout=PATIENCE_S)
    assert (got.status_code, got.headers["Content-Type"]) == (405, "text/html")
    assert "<title>405 Not Allowed</title>" in got.text
    assert requests.post(url.replace("/ins", "/api"), auth=AUTH, timeout=PATIENCE_S).status_code == 404


def test_a_chunked_request_must_say_its_length(farm: RunningFarm) -> None:
    assert farm.post("leaf01", data=iter([b"{}"])).status_code == 411

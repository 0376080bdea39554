"""`stack.yaml`: what it may say, and what is told of everything in it that is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest
import yaml

from integrations.stacks.errors import SpecError
from integrations.stacks.spec import GitSource, read_shelf, read_stack, stack_schema

ROOT = Path(__file__).parent.parent.parent.parent
IDEAL = """
name: eth-private
engine: terraform
source: ./terraform/eth
binary: [terraform, tofu]
variables:
  nodes:   {type: int, min: 1, max: 8, default: 4}
  region:  {type: choice, choices: [metapod, aws]}
  owner:   {type: string, pattern: "[a-z]+", default: ops}
  spot:    {type: bool, default: false}
  os_pass: {type: secret, from: "env:OS_PASSWORD"}
approval: {need: 1, from: ["group:ops"], not_requester: true, expires: 30m, skip_if: no_changes, always_if: destroy}
lock: "{stack}/{instance}/{var.region}"
lease: {default: 8h, max: 72h, warn: [2h, 30m], on_expiry: destroy, protect: [prod]}
cost: {estimate: {aws_instance: 0.0104}, limit_month: 200}
outputs: {show: [rpc_url], hide: [rpc_password]}
health:
  - {jsonrpc: eth_blockNumber, url: "{out.rpc_url}", rising: true, within: 60s}
  - {http: "{out.page}", status: 204}
  - {tcp: "127.0.0.1:8545"}
  - {command: [kubectl, get, nodes]}
drift: {cron: "0 6 * * *", room: ops}
timeout: 45m
"""
FILES = {
    "terraform/eth/main.tf": "\n".join(
        f'variable "{name}" {{}}' for name in ("nodes", "region", "owner", "spot", "os_pass")
    )
}


def shelved(folder: Path, text: str, name: str = "eth-private", files: dict[str, str] | None = None) -> Path:
    """A stack's folder with its file and its sources; returns the file."""
    for path, content in {"stack.yaml": text, **(FILES if files is None else files)}.items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(content))
    return folder / name / "stack.yaml"


def test_the_ideal_file_is_read_into_types(tmp_path: Path) -> None:
    stack = read_stack(shelved(tmp_path, IDEAL))
    spec = stack.spec
    assert (spec.name, spec.engine, spec.binaries, spec.timeout) == (
        "eth-private",
        "terraform",
        ("terraform", "tofu"),
        timedelta(minutes=45),
    )
    assert {name: each.type for name, each in spec.variables.items()} == {
        "nodes": "int",
        "region": "choice",
        "owner": "string",
        "spot": "bool",
        "os_pass": "secret",
    }
    assert [type(each).__name__ for each in spec.health] == [
        "JsonRpcCheck",
        "HttpCheck",
        "TcpCheck",
        "CommandCheck",
    ]
    assert spec.lease is not None
    assert (spec.lease.max, spec.lease.warn, spec.lease.protect) == (
        timedelta(hours=72),
        (timedelta(hours=2), timedelta(minutes=30)),
        ("prod",),
    )
    assert stack.source == (tmp_path / "eth-private/terraform/eth").resolve()
    assert spec.outputs.told("rpc_url", sensitive=False)
    assert not spec.outputs.told("rpc_url", sensitive=True)
    assert not spec.outputs.told("other", sensitive=False)


def test_what_is_not_said_has_a_safe_default(tmp_path: Path) -> None:
    spec = read_stack(shelved(tmp_path, "{name: eth-private, engine: terraform, source: terraform/eth}")).spec
    assert spec.approval.need == 1
    assert spec.approval.not_requester
    assert spec.approval.always_if == "destroy"
    assert (spec.lock, spec.state, spec.lease) == ("{stack}/{instance}", "bot", None)
    assert spec.versions == ">=1.5,<2"


def test_a_source_in_git_is_pinned_to_a_commit(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    text = f"""
        name: eth-private
        engine: terraform
        source: {{git: "https://git.example.com/infra.git", commit: "{commit}"}}
        folder: terraform/eth
    """
    stack = read_stack(shelved(tmp_path, text, files={}))
    assert stack.spec.source == GitSource(git="https://git.example.com/infra.git", commit=commit)
    assert stack.source is None


FAULTS = {
    "an unknown key": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\napprovals: {need: 2}\n",
        ["line 4 (approvals): there is no key 'approvals' here; did you mean 'approval'?"],
    ),
    "an unknown key of a part": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\nlease:\n  default: 8h\n  colour: red\n",
        [
            "line 6 (lease, colour): there is no key 'colour' here; "
            "there are default, max, warn, on_expiry, protect."
        ],
    ),
    "an unknown key of a variable": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\n"
        "variables:\n  nodes: {type: int, mx: 3, default: 1}\n",
        ["line 5 (variables, nodes, mx): there is no key 'mx' here; did you mean 'max'?"],
    ),
    "an unknown key of a health check": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\n"
        'health:\n  - tcp: "a:1"\n  - {http: "http://a/", stats: 200}\n',
        ["line 6 (health, 2, stats): there is no key 'stats' here; did you mean 'status'?"],
    ),
    "no kind of health check": (
        'name: eth-private\nengine: terraform\nsource: terraform/eth\nhealth: [{url: "http://a/"}]\n',
        ["line 4 (health, 1): a health check needs one of http, tcp, jsonrpc, command."],
    ),
    "an unknown type of variable": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\nvariables:\n  nodes: {type: integer}\n",
        ["line 5 (variables, nodes): there is no type 'integer'; did you mean 'int'?"],
    ),
    "a variable without a type": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\nvariables:\n  nodes: {min: 1}\n",
        ["line 5 (variables, nodes): needs a type: int, bool, string, choice or secret."],
    ),
    "a default beyond its own bounds": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\n"
        "variables:\n  nodes: {type: int, max: 3, default: 4}\n",
        ["line 5 (variables, nodes): 4 is not a whole number of at most 3."],
    ),
    "a default of another type": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\n"
        "variables:\n  nodes: {type: int, default: yes}\n",
        ["line 5 (variables, nodes, default): must be a whole number."],
    ),
    "a pattern that is none": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\n"
        "variables:\n  owner: {type: string, pattern: '[a-'}\n",
        ["line 5 (variables, owner, pattern): '[a-' is no pattern that RE2 reads: missing ]: [a-."],
    ),
    "a secret in the file": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\n"
        "variables:\n  os_pass: {type: secret, from: hunter2}\n",
        [
            "line 5 (variables, os_pass, from): 'hunter2' must be env:NAME or file:/path; "
            "a secret stands in no stack.yaml."
        ],
    ),
    "several faults at once": (
        "name: Eth\nengine: teraform\nlease: {default: 9d, max: 2d}\ntimeout: 45\ndrift: {cron: '0 6 * *'}\n",
        [
            "line 1 (name): String should match pattern '^[a-z][a-z0-9-]{0,39}$'.",
            "line 2 (engine): 'teraform' must be 'terraform', 'packer', 'ansible' or 'program'.",
            "line 3 (lease): default is longer than max.",
            "line 5 (drift, cron): '0 6 * *' has 4 fields, and a cron line has five.",
            "line 4 (timeout): 45 needs a unit, such as 45m or 45h.",
        ],
    ),
    "another engine's part": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\npacker: {template: a.json}\n",
        ["line 1: 'packer' is for the engine packer, and this is terraform."],
    ),
    "an engine without its part": (
        "name: eth-private\nengine: packer\nsource: terraform/eth\n",
        ["line 1: the engine packer needs a part 'packer' that says what to run."],
    ),
    "a file that is not there": (
        "name: eth-private\nengine: packer\nsource: terraform/eth\npacker:\n  template: b.json\n",
        ["line 5 (packer, template): there is no file 'b.json' in eth."],
    ),
    "another name than its folder's": (
        "name: eth\nengine: terraform\nsource: terraform/eth\n",
        ["line 1 (name): 'eth' must be the name of its folder, 'eth-private'."],
    ),
    "a source elsewhere": (
        "name: eth-private\nengine: terraform\nsource: ../../elsewhere\n",
        ["line 3 (source): '../../elsewhere' leads out of the folder of stacks."],
    ),
    "a folder that climbs": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\nfolder: ../..\n",
        ["line 4 (folder): '../..' must be a path below the source's folder."],
    ),
    "no source": (
        "name: eth-private\nengine: terraform\nsource: terraform/etc\n",
        ["line 3 (source): there is no folder 'terraform/etc'."],
    ),
    "a variable that terraform does not know": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\n"
        "variables:\n  node: {type: int, default: 3}\n",
        ["line 5 (variables, node): terraform's files declare no variable 'node'; did you mean 'nodes'?"],
    ),
    "a placeholder that means nothing": (
        'name: eth-private\nengine: terraform\nsource: terraform/eth\nlock: "{stack}/{instanse}"\n'
        'health: [{tcp: "{var.a}:{out.port}"}]\n',
        [
            "line 4 (lock): {instanse} means nothing here; did you mean {instance}?",
            "line 5 (health, 1): {var.a} means nothing here; there is out.NAME.",
        ],
    ),
    "a commit that is a branch": (
        "name: eth-private\nengine: terraform\nsource:\n  git: https://git.example.com/a.git\n  commit: main\n",
        ["line 5 (source, commit): String should match pattern '^[0-9a-f]{40}$'."],
    ),
    "the bot's own secrets": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\nenvironment: [AWS_PROFILE, DATABASE_URL]\n",
        [
            "line 4 (environment, 2): 'DATABASE_URL' is the bot's own, or decides which code is run: "
            "no engine is given it."
        ],
    ),
    "nobody who could agree": (
        "name: eth-private\nengine: terraform\nsource: terraform/eth\napproval: {from: ops}\n",
        [
            "line 4 (approval, from): 'ops' is nobody: it takes group:NAME, team:NAME, e-mails, "
            "everyone, moderators, owners."
        ],
    ),
    "no YAML": (
        "name: [\n",
        [
            "line 2: this is not YAML: while parsing a flow node, expected the node content, "
            "but found '<stream end>'."
        ],
    ),
    "a key given twice": (
        "name: eth-private\nname: b\n",
        ["line 2: the key 'name' is given twice, first on line 1."],
    ),
    "an empty file": ("", ["line 1: 'name' is missing.", "line 1: 'engine' is missing."]),
}


@pytest.mark.parametrize(("text", "faults"), FAULTS.values(), ids=FAULTS)
def test_every_fault_is_told_with_its_file_its_line_and_the_reason(
    text: str, faults: list[str], tmp_path: Path
) -> None:
    path = shelved(tmp_path, text)
    with pytest.raises(SpecError) as told:
        read_stack(path)
    assert list(told.value.faults) == [f"{path}, {fault}" for fault in faults]
    assert str(told.value) == "\n".join(told.value.faults)


def test_one_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    shelved(tmp_path, IDEAL)
    bad = shelved(tmp_path, "{name: bad, engine: terraform}", name="bad", files={})
    shelf = read_shelf(tmp_path)
    assert list(shelf.stacks) == ["eth-private"]
    assert shelf.faults == (f"{bad}, line 1 (source): there is no .tf file in bad.",)
    assert read_shelf(tmp_path / "nowhere") == type(shelf)()


@pytest.mark.parametrize(
    ("backend", "is_kept"),
    [("", False), ('backend "local" {}', False), ('backend "s3" {}', True), ("cloud {}", True)],
)
def test_a_state_of_ones_own_must_outlive_the_run(backend: str, is_kept: bool, tmp_path: Path) -> None:
    text = "{name: eth-private, engine: terraform, source: tf, state: own}"
    path = shelved(tmp_path, text, files={"tf/main.tf": f"terraform {{\n  {backend}\n}}\n"})
    faults = read_shelf(tmp_path).faults
    assert faults == (() if is_kept else (
        f"{path}, line 1 (state): no .tf file names a backend that outlives the run: "
        "its state would be gone with its folder.",
    ))  # fmt: skip


def test_a_link_that_leads_out_of_the_source_is_refused(tmp_path: Path) -> None:
    path = shelved(tmp_path, IDEAL)
    (path.parent / "terraform/eth/keys").symlink_to("/etc")
    with pytest.raises(SpecError) as told:
        read_stack(path)
    assert told.value.faults == (f"{path}, line 4 (source): the link keys leads out of it.",)


# --- the published schema


def test_the_schema_takes_what_lint_takes_and_refuses_the_same_keys(tmp_path: Path) -> None:
    schema = stack_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    assert list(check.iter_errors(yaml.safe_load(IDEAL))) == []
    for name in (
        "an unknown key",
        "an unknown key of a part",
        "a variable without a type",
        "a commit that is a branch",
    ):
        assert list(check.iter_errors(yaml.safe_load(FAULTS[name][0]))), name


# --- what ships


def test_the_stacks_that_ship_are_clean_and_fit_the_schema() -> None:
    shelf = read_shelf(ROOT / "stacks")
    assert shelf.faults == ()
    assert "hello" in shelf.stacks
    check = jsonschema.Draft202012Validator(stack_schema())
    for stack in shelf.stacks.values():
        assert list(check.iter_errors(yaml.safe_load((stack.folder / "stack.yaml").read_text()))) == []

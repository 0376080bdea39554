"""What is typed after `jenkins build JOB` is checked against the job before Jenkins sees any of it."""

from __future__ import annotations

import pytest

from bot.commands.parameters import Assignment
from integrations.jenkins.model import Job, ParameterDefinition
from integrations.jenkins.parameters import BadParameters, askable, choose, describe, naming
from tests.integrations.jenkins.canned import recorded

DEMO = Job.model_validate(recorded("job_info_parameters")).parameters
"""BRANCH, ENV (dev, stage, prod), DRY_RUN, NOTES, SECRET, SECS: a real job's."""


def chosen(*typed: str, definitions: tuple[ParameterDefinition, ...] = DEMO) -> tuple[tuple[str, str], ...]:
    return choose(definitions, [assignment(each) for each in typed]).given


def assignment(typed: str) -> Assignment:
    name, _, value = typed.partition("=")
    return Assignment(name, value)


def problems(*typed: str) -> tuple[str, ...]:
    with pytest.raises(BadParameters) as caught:
        chosen(*typed)
    return caught.value.problems


def test_what_is_typed_is_sent_in_the_job_s_order() -> None:
    assert chosen("ENV=stage", "BRANCH=feature/ü ✓") == (("BRANCH", "feature/ü ✓"), ("ENV", "stage"))


def test_names_may_be_written_in_small_letters() -> None:
    assert chosen("branch=main") == (("BRANCH", "main"),)


def test_what_is_left_out_is_not_sent_but_expected_with_its_default() -> None:
    assert choose(DEMO, [Assignment("ENV", "prod")]).expected == (
        ("BRANCH", "main"),
        ("ENV", "prod"),
        ("DRY_RUN", "true"),
        ("NOTES", ""),
        ("SECS", "1"),
    )


def test_an_unknown_name_which_jenkins_would_drop_without_a_word_is_asked_about() -> None:
    assert problems("BRNACH=main") == ("There is no `BRNACH`; did you mean `BRANCH`?",)


def test_a_name_unlike_any_other_is_answered_with_those_there_are() -> None:
    assert problems("COLOUR=red") == (
        "There is no `COLOUR`; the job takes `BRANCH`, `ENV`, `DRY_RUN`, `NOTES`, `SECRET`, `SECS`.",
    )


def test_a_job_without_parameters_takes_none() -> None:
    with pytest.raises(BadParameters, match="The job takes no parameters, so there is no `BRANCH`"):
        chosen("BRANCH=main", definitions=())


def test_a_value_outside_the_choices_which_jenkins_answers_with_500_is_refused_with_the_choices() -> None:
    assert problems("ENV=production") == (
        "`ENV` offers no `production`: it is `dev`, `stage` or `prod`. Did you mean `prod`?",
    )


def test_a_choice_may_differ_in_capitals() -> None:
    assert chosen("ENV=Stage") == (("ENV", "stage"),)


@pytest.mark.parametrize("spelling", ["true", "True", "yes", "on", "1", "Y"])
def test_a_boolean_may_be_said_in_many_ways(spelling: str) -> None:
    assert chosen(f"DRY_RUN={spelling}") == (("DRY_RUN", "true"),)


@pytest.mark.parametrize("spelling", ["false", "NO", "off", "0", "n"])
def test_and_so_may_its_opposite(spelling: str) -> None:
    assert chosen(f"DRY_RUN={spelling}") == (("DRY_RUN", "false"),)


def test_a_boolean_is_not_guessed() -> None:
    assert problems("DRY_RUN=perhaps") == ("`DRY_RUN` is true or false, and not `perhaps`.",)


def test_a_password_is_not_taken_in_chat_and_not_repeated() -> None:
    (said,) = problems("SECRET=hunter2hunter2")
    assert said == (
        "`SECRET` is a password, and I take none as text, where it stays to be read. Delete your message, and "
        "change the password where it comes from. `build-with-passwords` in place of `build` asks for it on a card "
        "in our direct room."
    )


def test_all_problems_come_at_once() -> None:
    assert problems("ENV=moon", "DRY_RUN=perhaps", "SECS=1", "secs=2") == (
        "`ENV` offers no `moon`: it is `dev`, `stage` or `prod`.",
        "`DRY_RUN` is true or false, and not `perhaps`.",
        "`SECS` is there twice.",
    )


def test_a_value_may_be_empty_and_hold_anything() -> None:
    assert chosen("BRANCH=", "NOTES=a=b\nc") == (("BRANCH", ""), ("NOTES", "a=b\nc"))


def test_parameters_are_described_in_a_few_words() -> None:
    assert ", ".join(describe(each) for each in DEMO) == (
        "`BRANCH` (else `main`), `ENV` (`dev`, `stage` or `prod`), `DRY_RUN` (true or false, else true), "
        "`NOTES`, "
        "`SECRET` (a password), `SECS` (else `1`)"
    )


def test_a_kind_that_a_plugin_adds_is_passed_on_as_text() -> None:
    git = ParameterDefinition.model_validate({"name": "TAG", "type": "PT_TAG", "defaultParameterValue": None})
    assert chosen("TAG=v1.2", definitions=(git,)) == (("TAG", "v1.2"),)


def test_a_job_s_hostile_names_and_choices_cannot_format_or_mention() -> None:
    evil = ParameterDefinition.model_validate(
        {"name": "X`<@all>", "type": "ChoiceParameterDefinition", "choices": ["**a**", "<@all>"]}
    )
    assert "<@all>" not in describe(evil)


# --- kinds that plugins and core have beside the plain ones


def definition(kind: str, name: str = "X", **more: object) -> ParameterDefinition:
    return ParameterDefinition.model_validate({"name": name, "type": f"{kind}ParameterDefinition", **more})


@pytest.mark.parametrize(
    ("kind", "described"),
    [
        ("Run", "`X` (a build, as `JOB#12`)"),
        ("Credentials", "`X` (the id of a credential in Jenkins, never what is in it)"),
        ("File", "`X` (a file, which I cannot give)"),
        ("Password", "`X` (a password)"),
        ("NonStoredPassword", "`X` (a password)"),
        ("Extensible", "`X`"),
    ],
)
def test_each_kind_has_a_word(kind: str, described: str) -> None:
    assert describe(definition(kind)) == described


@pytest.mark.parametrize("kind", ["Run", "Credentials", "Extensible", "Text"])
def test_what_cannot_be_checked_here_is_passed_on_as_text(kind: str) -> None:
    assert choose([definition(kind)], [Assignment("X", "one\ntwo")]).given == (("X", "one\ntwo"),)


def test_a_file_cannot_be_given() -> None:
    with pytest.raises(BadParameters, match="is a file, and I cannot give one"):
        choose([definition("File")], [Assignment("X", "a")])


def test_a_form_offers_no_files_and_not_the_one_for_who_asks() -> None:
    declared = [definition("String", "A"), definition("File", "B"), definition("String", "REQUESTED_BY")]
    assert [each.name for each in askable(declared, "REQUESTED_BY")] == ["A"]
    assert [each.name for each in askable(declared, "ASKER")] == ["A", "REQUESTED_BY"]


def test_only_a_string_holds_who_asks() -> None:
    choice = [definition("Choice", "REQUESTED_BY", choices=["a", "b"])]
    assert naming(choice, [Assignment("REQUESTED_BY", "a")], "REQUESTED_BY", "ada@example.com") == (
        Assignment("REQUESTED_BY", "a"),
    )

"""What a person writes to say which switches: what it means, and what is said where it means nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from integrations.switches.inventory.model import Inventory, Switch
from integrations.switches.targets.expression import (
    And,
    Everything,
    Expression,
    Labelled,
    Named,
    Not,
    Or,
    TargetError,
    all_of,
    any_of,
    parse,
    read_range,
)
from integrations.switches.targets.selection import check_groups, select


def _switch(name: str, *tags: str, site: str | None = None) -> Switch:
    return Switch(name, f"{name}.lab", "admin", SecretStr("x"), tags=frozenset(tags), site=site)


LAB = Inventory(
    {
        each.name: each
        for each in (
            _switch("spine01", "spine", site="lab"),
            _switch("spine02", "spine", site="dc"),
            _switch("leaf01", "leaf", "pod1", site="lab"),
            _switch("leaf02", "leaf", "pod1", site="lab"),
            _switch("leaf03", "leaf", "pod2", site="dc"),
            _switch("leaf10", "leaf", "pod2", site="dc"),
            _switch("LEAF-X.example.com", "old"),
        )
    },
    groups={
        "core": "@spine and not spine02",
        "edge": "@leaf -leaf10",
        "all-named": "group:core or group:edge",
    },
)


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("leaf01", "leaf01"),
        ("LEAF01", "leaf01"),
        ("leaf-x.example.com", "LEAF-X.example.com"),
        ("leaf*", "leaf01 leaf02 leaf03 leaf10 LEAF-X.example.com"),
        ("leaf0?", "leaf01 leaf02 leaf03"),
        ("leaf[01-03]", "leaf01 leaf02 leaf03"),
        ("leaf[01,03-10]", "leaf01 leaf03 leaf10"),
        ("*f[01-02]", "leaf01 leaf02"),
        ("leaf[02]", "leaf02"),
        ("@leaf", "leaf01 leaf02 leaf03 leaf10"),
        ("@LEAF", "leaf01 leaf02 leaf03 leaf10"),
        ("@lab", "spine01 leaf01 leaf02"),
        ("@core", "spine01"),
        ("tag:leaf", "leaf01 leaf02 leaf03 leaf10"),
        ("site:dc", "spine02 leaf03 leaf10"),
        ("group:edge", "leaf01 leaf02 leaf03"),
        ("@all-named", "spine01 leaf01 leaf02 leaf03"),
        ("@pod*", "leaf01 leaf02 leaf03 leaf10"),
        ("all", "spine01 spine02 leaf01 leaf02 leaf03 leaf10 LEAF-X.example.com"),
        ("*", "spine01 spine02 leaf01 leaf02 leaf03 leaf10 LEAF-X.example.com"),
        ("@leaf and @lab", "leaf01 leaf02"),
        ("@leaf and not @lab", "leaf03 leaf10"),
        ("@spine or leaf01", "spine01 spine02 leaf01"),
        ("@spine, leaf01", "spine01 spine02 leaf01"),
        ("@spine,leaf01", "spine01 spine02 leaf01"),
        ("leaf01 or @spine and @lab", "spine01 leaf01"),
        ("(leaf01 or @spine) and @dc", "spine02"),
        ("not (@leaf or @spine)", "LEAF-X.example.com"),
        ("@leaf -leaf02", "leaf01 leaf03 leaf10"),
        ("@leaf, -leaf02, -leaf03", "leaf01 leaf10"),
        ("@leaf, -@pod2, @spine", "spine01 spine02 leaf01 leaf02"),
        ("-@leaf -@old", "spine01 spine02"),
        ("@leaf -(leaf01, leaf02)", "leaf03 leaf10"),
        ("  @leaf   AND  NOT  leaf01 ", "leaf02 leaf03 leaf10"),
    ],
)
def test_a_target_means_these_switches_in_the_order_of_the_inventory(target: str, names: str) -> None:
    assert select(target, LAB).names == tuple(names.split())


def test_numbers_of_a_range_that_are_no_switch_are_told() -> None:
    selection = select("leaf[01-05], leaf10", LAB)
    assert selection.names == ("leaf01", "leaf02", "leaf03", "leaf10")
    assert selection.missing == ("leaf04", "leaf05")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("", "No switch is named; `all` means all of them.\n  \n  ^"),
        ("leaf99", "There is no switch 'leaf99'; did you mean 'leaf10'?\n  leaf99\n  ^"),
        ("spnie01", "There is no switch 'spnie01'; did you mean 'spine01'?\n  spnie01\n  ^"),
        ("leaf", "There is no switch 'leaf'; did you mean `@leaf`?\n  leaf\n  ^"),
        ("@leef", "There is no tag, group or site 'leef'; did you mean 'leaf'?\n  @leef\n  ^"),
        ("site:leaf", "There is no site 'leaf'.\n  site:leaf\n  ^"),
        ("role:leaf", "There is no role: here, only tag:, group: and site:.\n  role:leaf\n  ^"),
        ("leaf[1-3]", "No switch is called `leaf[1-3]`; did you mean `leaf[01-03]`?\n  leaf[1-3]\n  ^"),
        ("leaf[03-01]", "03-01 runs backwards: write 01-03.\n  leaf[03-01]\n       ^"),
        ("leaf[01-x]", "'01-x' is no number and no range such as 01-48.\n  leaf[01-x]\n       ^"),
        ("leaf[01,,02]", "'' is no number and no range such as 01-48.\n  leaf[01,,02]\n          ^"),
        ("leaf[01", "This [ is never closed.\n  leaf[01\n      ^"),
        ("leaf[1-999999]", "1-999999 is more than 20,000 numbers.\n  leaf[1-999999]\n       ^"),
        ("@leaf[1-2]", "Ranges are for names of switches; a label has none.\n  @leaf[1-2]\n       ^"),
        ("(@leaf", "This ( is never closed.\n  (@leaf\n  ^"),
        ("@leaf)", "There is no ( that this ) would close.\n  @leaf)\n       ^"),
        (
            "@leaf and",
            "The target ends where a switch, a tag or a group should stand.\n  @leaf and\n           ^",
        ),
        ("and @leaf", "There is `and` where a switch, a tag or a group should stand.\n  and @leaf\n  ^"),
        (
            "@leaf @spine",
            "Between two parts there must be `and`, `or` or a comma before `@spine`.\n  @leaf @spine\n        ^",
        ),
        (
            "@leaf and -leaf01",
            "After `and`, `or` and `not` write `not` in place of `-`.\n  @leaf and -leaf01\n            ^",
        ),
        ("@leaf & @lab", "Write `and` in place of `&`.\n  @leaf & @lab\n        ^"),
        ("leaf01; leaf02", "No name holds ';'.\n  leaf01; leaf02\n        ^"),
        ("%core", "No name holds '%'; write `@`.\n  %core\n  ^"),
        ("@", "After `@` a name is missing.\n  @\n  ^"),
        (
            "@leaf and @spine",
            "No switch is meant: `@leaf` are 4, `@spine` are 2, and none is in all of these.\n  @leaf and @spine\n  ^",
        ),
        ("not all", "No switch is meant: `not all` is none of 7.\n  not all\n  ^"),
        # What is excluded must be there too: a slip would leave it in.
        ("@leaf -leaf33", "There is no switch 'leaf33'; did you mean 'leaf03'?\n  @leaf -leaf33\n         ^"),
        ("@leaf, none*", "No switch is called `none*`.\n  @leaf, none*\n         ^"),
        ("(" * 60 + "all" + ")" * 60, "More than 50 parentheses and nots stand in each other."),
        ("x" * 5000, "A target has at most 4,000 characters."),
    ],
)
def test_what_cannot_be_understood_or_means_nothing_is_told_with_its_place(target: str, told: str) -> None:
    with pytest.raises(TargetError) as caught:
        select(target, LAB)
    assert str(caught.value) == told or (str(caught.value).startswith(f"{told}\n  ") and "\n" not in told)


def test_an_empty_inventory_says_so() -> None:
    with pytest.raises(TargetError, match=r"^There are no switches at all\."):
        select("all", Inventory({}))


@pytest.mark.parametrize(
    ("groups", "name", "says"),
    [
        ({"a": "@leaf and ("}, "a", "the target ends where a switch, a tag or a group should stand"),
        ({"a": "group:b"}, "a", "there is no group 'b'; did you mean 'a'?"),
        ({"a": "group:a"}, "a", "the group holds itself: a > a"),
        ({"a": "@b", "b": "not @c", "c": "leaf01, group:a"}, "a", "the group holds itself: a > b > c > a"),
    ],
)
def test_groups_are_checked(groups: dict[str, str], name: str, says: str) -> None:
    with pytest.raises(TargetError) as caught:
        check_groups(Inventory(LAB.switches, groups))
    assert (caught.value.group, caught.value.says.replace("; did you mean 'a'?", "")) == (
        name,
        says.replace("; did you mean 'a'?", ""),
    )


def test_a_fault_within_a_group_is_told_as_the_groups() -> None:
    inventory = Inventory(LAB.switches, {"gone": "leaf01, leaf77"})
    check_groups(inventory)
    with pytest.raises(TargetError) as caught:
        select("@spine or @gone", inventory)
    assert str(caught.value) == (
        "In the group 'gone' of the inventory: there is no switch 'leaf77'; did you mean 'leaf10'?\n"
        "  leaf01, leaf77\n          ^"
    )


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("1-3", "1 2 3"),
        ("01-03", "01 02 03"),
        ("08-11", "08 09 10 11"),
        ("8-11", "8 9 10 11"),
        ("099-101", "099 100 101"),
        ("5", "5"),
        ("05, 1 - 2", "05 1 2"),
        ("1-2,2-3", "1 2 3"),
    ],
)
def test_zeros_before_a_number_are_kept(written: str, numbers: str) -> None:
    assert read_range(written) == tuple(numbers.split())


# Whatever tree there is: it can be written and read again, and means what sets mean.

_named = st.sampled_from([Everything(), Named("leaf01"), Named("leaf[01-03]"), Named("spine*"), Named("*0?")])
_labelled = st.sampled_from([("any", "leaf"), ("tag", "pod1"), ("site", "lab"), ("group", "core")])
_terms: st.SearchStrategy[Expression] = st.one_of(_named, _labelled.map(lambda pair: Labelled(*pair)))


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(inner.map(Not), several.map(all_of), several.map(any_of))


trees: st.SearchStrategy[Expression] = st.recursive(_terms, _grown, max_leaves=8)


def _names(tree: Expression) -> frozenset[str]:
    try:
        return frozenset(select(str(tree), LAB).names)
    except TargetError as error:
        assert error.says.startswith("no switch is meant"), error
        return frozenset()


ALL = frozenset(LAB.switches)


@given(trees)
def test_what_is_written_is_read_as_the_same(tree: Expression) -> None:
    assert parse(str(tree)) == tree


@given(trees, trees)
def test_or_is_union_and_and_is_intersection(left: Expression, right: Expression) -> None:
    assert _names(any_of((left, right))) == _names(left) | _names(right)
    assert _names(all_of((left, right))) == _names(left) & _names(right)


@given(trees)
def test_not_is_everybody_else(tree: Expression) -> None:
    assert _names(Not(tree)) == ALL - _names(tree)


@given(trees, trees)
def test_de_morgan(left: Expression, right: Expression) -> None:
    assert _names(Not(any_of((left, right)))) == _names(all_of((Not(left), Not(right))))


@given(trees, trees)
def test_exclusion_is_and_not(left: Expression, right: Expression) -> None:
    excluded = parse(f"({left}) -({right})")
    assert _names(excluded) == _names(left) - _names(right)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place_in_it(text: str) -> None:
    try:
        parse(text)
    except TargetError as error:
        assert 0 <= error.at <= max(len(text), 1)
        assert error.says


def test_trees_hold_no_tree_of_their_own_kind() -> None:
    assert any_of((Or((Named("a"), Named("b"))), Named("c"))) == Or((Named("a"), Named("b"), Named("c")))
    assert all_of((And((Named("a"), Named("b"))), Named("c"))) == And((Named("a"), Named("b"), Named("c")))

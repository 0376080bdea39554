"""Tables for a monospaced block."""

from bot.commands.tables import table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table(("run", "what"), [("1", "oven one"), ("12", "")]) == "run  what\n1    oven one\n12"


def test_wide_characters_take_two_columns_and_accents_none() -> None:
    assert table(("a", "b"), [("麺麭", "x"), ("e\u0301", "y")]) == "a     b\n麺麭  x\ne\u0301     y"


def test_a_cell_is_one_line_and_cut_where_it_is_too_wide() -> None:
    assert table(("a",), [("one\ntwo  three",), ("x" * 11,), ("麺" * 6,)], widest=10) == (
        "a\none two t…\nxxxxxxxxx…\n麺麺麺麺…"
    )

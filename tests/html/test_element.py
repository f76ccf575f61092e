from hypothesis import given
from hypothesis import strategies as st

from brainlens.html.element import Html, element, joined, table


def test_elements_nest_without_escaping_twice() -> None:
    inner = element("b", "a < b")
    assert element("p", inner, " & ", 3, class_="x") == '<p class="x"><b>a &lt; b</b> &amp; 3</p>'


def test_attributes_are_escaped_and_spelt_with_hyphens() -> None:
    assert element("meta", http_equiv="a\"'b") == '<meta http-equiv="a&quot;&#x27;b">'


@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    page = element("p", text, title=text)
    assert page.count("<") == 2
    assert page.count(">") == 2
    assert page.count('"') == 2


def test_tables_put_numbers_to_the_right() -> None:
    made = table(("file", "n"), [("<a>", "1,000"), (Html("<i>2</i>"), 7)])
    assert '<td class="number">1,000</td>' in made
    assert '<td class="text">&lt;a&gt;</td>' in made
    assert '<td class="text"><i>2</i></td>' in made


def test_signed_numbers_are_numbers() -> None:
    made = table(("what", "points"), [("a", "+1.0"), ("b", "−0.3 to +2"), ("c", "")])
    assert made.count('<td class="number">') == 3


def test_parts_are_joined_escaped() -> None:
    assert joined("<", Html("<"), 1) == "&lt;<1"

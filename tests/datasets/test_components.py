from hypothesis import given
from hypothesis import strategies as st

from brainlens.datasets.components import components

LINKS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20)


def test_links_join_through_others() -> None:
    assert components(5, [(3, 1), (0, 3)]) == [(0, 1, 3), (2,), (4,)]
    assert components(0, []) == []


@given(LINKS)
def test_components_are_what_links_join_and_no_more(links: list[tuple[int, int]]) -> None:
    found = components(12, links)
    home = {i: number for number, members in enumerate(found) for i in members}
    assert sorted(home) == list(range(12))
    assert all(home[a] == home[b] for a, b in links)
    # Joining one more thing takes one link at least.
    assert len(found) >= 12 - len(links)
    assert components(12, reversed(links)) == found

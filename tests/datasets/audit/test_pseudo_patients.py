from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from brainlens.datasets.audit.copy_pair import CopyPair, NearCopies
from brainlens.datasets.audit.pseudo_patients import pseudo_patients
from brainlens.datasets.manifest import Manifest, Row


def _rows(*patients: str) -> Manifest:
    rows = (Row(Path(f"{i}.png"), patient=p) for i, p in enumerate(patients))
    return Manifest(Path(), tuple(rows))


def test_copies_and_neighbours_connect_step_by_step() -> None:
    near = NearCopies((CopyPair(0, 2, "copy", 1.0), CopyPair(2, 4, "neighbour", 0.9)))
    names = pseudo_patients(_rows("", "", "", "", ""), near)
    assert names == ("pseudo-1", "pseudo-2", "pseudo-1", "pseudo-3", "pseudo-1")


def test_a_known_patient_is_never_parted() -> None:
    near = NearCopies((CopyPair(1, 2, "copy", 1.0),))
    names = pseudo_patients(_rows("p", "p", "q", "", "q", "r"), near)
    assert names[0] == names[1] == names[2] == names[4]
    assert len(set(names)) == 3


def test_names_sort_in_their_order() -> None:
    names = pseudo_patients(_rows(*[""] * 12), NearCopies(()))
    assert names[0] == "pseudo-01"
    assert list(names) == sorted(names)


def test_there_may_be_no_rows() -> None:
    assert pseudo_patients(_rows(), NearCopies(())) == ()


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=12))
def test_rows_share_a_name_exactly_where_a_chain_of_pairs_joins_them(
    links: list[tuple[int, int]],
) -> None:
    pairs = tuple(CopyPair(min(p), max(p), "neighbour", 0.9) for p in links if p[0] != p[1])
    names = pseudo_patients(_rows(*[""] * 9), NearCopies(pairs))
    for start in range(9):
        reached, before = {start}, set[int]()
        while reached != before:
            before = set(reached)
            for pair in pairs:
                if {pair.first, pair.second} & reached:
                    reached |= {pair.first, pair.second}
        assert {i for i, name in enumerate(names) if name == names[start]} == reached

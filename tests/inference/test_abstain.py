import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.errors import UsageError
from brainlens.inference.abstain import LOW_CONFIDENCE, choose_threshold, decide

SHARE = st.floats(0, 1)


@given(SHARE, SHARE)
def test_answered_if_and_only_if_confidence_reaches_the_threshold(
    confidence: float, threshold: float
) -> None:
    status, reasons = decide(confidence, threshold)
    assert (status == "answered") == (confidence >= threshold)
    assert (status == "abstained") == (reasons == (LOW_CONFIDENCE,))


def test_the_threshold_itself_is_enough() -> None:
    assert decide(0.7, 0.7) == ("answered", ())
    assert decide(0.6999999999, 0.7) == ("abstained", (LOW_CONFIDENCE,))


@given(SHARE, SHARE)
def test_a_threshold_may_only_be_raised(wanted: float, own: float) -> None:
    assert choose_threshold(wanted, own, allow_lower=True) == wanted
    if wanted >= own:
        assert choose_threshold(wanted, own) == wanted
    else:
        with pytest.raises(UsageError, match="below the model's own"):
            choose_threshold(wanted, own)


def test_no_wish_means_the_models_own() -> None:
    assert choose_threshold(None, 0.7) == 0.7


@pytest.mark.parametrize("wanted", [-0.1, 1.1, float("nan"), float("inf")])
@pytest.mark.parametrize("allow_lower", [False, True])
def test_a_threshold_that_is_no_share_is_refused(wanted: float, allow_lower: bool) -> None:
    with pytest.raises(UsageError, match="not between 0 and 1"):
        choose_threshold(wanted, 0.7, allow_lower=allow_lower)

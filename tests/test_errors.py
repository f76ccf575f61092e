import inspect

from brainlens import errors


def _all() -> list[type[errors.BrainLensError]]:
    found = [m for _, m in inspect.getmembers(errors, inspect.isclass)]
    return [e for e in found if issubclass(e, errors.BrainLensError)]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [e.code for e in _all()]
    assert len(set(codes)) == len(codes)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    for error in _all():
        assert error.__name__ in errors.__doc__


def test_an_error_says_what_is_wrong_and_what_to_do() -> None:
    error = errors.DataError("No class folders in x.", hint="Put each class into a folder.")
    assert str(error) == "No class folders in x. Put each class into a folder."
    assert str(errors.DataError("Alone.")) == "Alone."

"""What is wrong with a JSON file that somebody wrote or edited, in words."""

from pydantic import ValidationError


def first_fault(error: ValueError) -> str:
    """Return the first thing that an error of parsing or validating complains of.

    Returns
    -------
    str
        With the place: line and column of what is no JSON, else the keys that lead there.
    """
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else first["msg"]
    return str(error).splitlines()[0]

"""What an answer says in words."""

from collections.abc import Iterable

from brainlens.words import REASON_SENTENCES, STATUS_SENTENCES


def message(status: str, reasons: Iterable[str] = ()) -> dict[str, str]:
    """Return the sentences of a status and its reasons, by language.

    Raises
    ------
    KeyError
        If the status or a reason has no sentence.
    """
    parts = [STATUS_SENTENCES[status], *(REASON_SENTENCES[reason] for reason in reasons)]
    return {language: " ".join(part[language] for part in parts) for language in parts[0]}

"""A class is data, not code: its name, display names, aliases and role."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["en", "fr"]


class ClassInfo(BaseModel):
    """One class that a model tells apart.

    Attributes
    ----------
    id
        Stable identifier, the label in manifests and outcomes.
    display_name
        What people read, by language.
    aliases
        Other folder names that mean this class.
    role
        ``lesion``, or ``no_lesion`` for a class of tumour-free slices.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    display_name: dict[Language, str]
    aliases: tuple[str, ...] = ()
    role: Literal["lesion", "no_lesion"] = "lesion"

    @classmethod
    def from_id(cls, class_id: str) -> "ClassInfo":
        """Return the class of a label about which nothing else is known."""
        name = class_id.replace("_", " ").strip() or class_id
        return cls(id=class_id, display_name={"en": name, "fr": name})


class TruthMap:
    """Finds the class that a label or folder name means: by id, then alias, then explicit map.

    Never by position. An explicit map wins over both, since the user said so.

    Parameters
    ----------
    classes
        The classes of the bundle.
    explicit
        ``{folder: class id}`` given by the user.

    Raises
    ------
    ValueError
        If ``explicit`` names a class that the bundle does not have.
    """

    def __init__(
        self, classes: Sequence[ClassInfo], explicit: Mapping[str, str] | None = None
    ) -> None:
        ids = {c.id for c in classes}
        explicit = dict(explicit or {})
        unknown = sorted(set(explicit.values()) - ids)
        if unknown:
            raise ValueError(f"no such class: {', '.join(unknown)}")
        self.aliases_used: set[tuple[str, str]] = set()
        self._by_alias = {alias: c.id for c in classes for alias in c.aliases}
        self._ids = ids
        self._explicit = explicit

    def find(self, label: str) -> str | None:
        """Return the class id that ``label`` means, or None; remembers the aliases it used."""
        if label in self._explicit:
            return self._explicit[label]
        if label in self._ids:
            return label
        if label in self._by_alias:
            self.aliases_used.add((label, self._by_alias[label]))
            return self._by_alias[label]
        return None

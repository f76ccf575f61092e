"""The strings of the page: both languages whole, every code of the service told, words kept."""

import json
import re
import subprocess
from importlib.resources import files
from typing import Any

import pytest

from brainlens.errors import ImageError
from brainlens.evaluation.evaluation import UNSEEN, UNSHARED
from brainlens.server.page_assets import assets
from brainlens.server.problems import KINDS
from brainlens.words import AID, INTENDED_INPUT, NOT_A_DEVICE, REASON_SENTENCES

LANGUAGES = ("en", "fr")
PLURAL = re.compile(r"\.(one|other)$")
PLACE = re.compile(r"\{(\w+)\}")
# Written out in the code, or made of a fixed beginning and a name.
SPELLED = re.compile(
    r"""(?:\bt\(|\bt:|tLabel:|tTitle:|tPlaceholder:|labelled\()\s*["']([\w.-]+)["']"""
)
# The beginning of a key that is made of it and a name.
MADE = re.compile(r"`([a-z]+\.(?:[a-z]+\.)*)\$\{")
IN_HTML = re.compile(r'data-t(?:-label)?="([^"]+)"')


@pytest.fixture(scope="module")
def strings() -> dict[str, dict[str, str]]:
    """Return every string by language and key, as the browser reads them."""
    page = files("brainlens.server.page")
    program = "".join(
        f"import {tag} from {json.dumps(str(page.joinpath(f'strings.{tag}.js')))};"
        for tag in LANGUAGES
    )
    program += f"process.stdout.write(JSON.stringify({{{','.join(LANGUAGES)}}}))"
    command = ["node", "--no-warnings", "--input-type=module", "--eval", program]
    told = subprocess.run(command, capture_output=True, check=True, timeout=60)
    found: dict[str, dict[str, str]] = json.loads(told.stdout)
    return found


def text_of(*suffixes: str) -> str:
    """Return the page's files of these kinds in one, the strings left out."""
    return "".join(
        asset.body.decode()
        for path, asset in assets().items()
        if path.endswith(suffixes) and not path.startswith("strings.")
    )


def stems(of_language: dict[str, Any]) -> set[str]:
    return {PLURAL.sub("", key) for key in of_language}


def test_both_languages_have_the_same_strings(strings: dict[str, dict[str, str]]) -> None:
    assert stems(strings["en"]) == stems(strings["fr"])


def test_places_to_fill_are_the_same(strings: dict[str, dict[str, str]]) -> None:
    def places(tag: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for key, text in strings[tag].items():
            found.setdefault(PLURAL.sub("", key), set()).update(PLACE.findall(text))
        return found

    assert places("en") == places("fr")


def test_no_string_is_empty_or_untranslated(strings: dict[str, dict[str, str]]) -> None:
    assert all(text.strip() for tag in LANGUAGES for text in strings[tag].values())
    sentences = {key for key, text in strings["en"].items() if text.count(" ") > 3}
    assert all(strings["en"][key] != strings["fr"][key] for key in sentences)


def test_every_string_that_the_code_names_is_there(strings: dict[str, dict[str, str]]) -> None:
    named = {*SPELLED.findall(text_of(".js")), *IN_HTML.findall(text_of(".html"))}

    assert len(named) > 100
    assert named <= stems(strings["en"])


def test_every_string_is_used(strings: dict[str, dict[str, str]]) -> None:
    code = text_of(".js", ".html")
    made = tuple(MADE.findall(code))

    unused = {
        key for key in stems(strings["en"]) if f'"{key}"' not in code and not key.startswith(made)
    }
    assert unused == set()


def test_every_class_of_the_style_is_used() -> None:
    code = text_of(".js", ".html")
    made = tuple(re.findall(r"`([a-z]+-)\$\{", code))
    styled = set(re.findall(r"\.([a-z][a-z-]+)", text_of(".css")))

    assert len(styled) > 80
    unused = {name for name in styled if not re.search(rf"\b{name}\b", code)}
    assert {name for name in unused if not name.startswith(made)} == set()


def test_protocols_of_an_evaluation_are_told(strings: dict[str, dict[str, str]]) -> None:
    for words in (UNSEEN, UNSHARED):
        assert f"protocol.{words}" in strings["en"]


def test_french_signs_do_not_stand_alone_at_the_start_of_a_line(
    strings: dict[str, dict[str, str]],
) -> None:
    wrong = {key: text for key, text in strings["fr"].items() if re.search(r" [:;?!»%]|« ", text)}

    assert wrong == {}


def test_words_are_said_as_everywhere(strings: dict[str, dict[str, str]]) -> None:
    english = strings["en"]

    assert english["said.aid"] == AID
    assert english["said.device"] == NOT_A_DEVICE
    assert english["intended.input"] == INTENDED_INPUT


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_reason_is_told(strings: dict[str, dict[str, str]], tag: str) -> None:
    for code, sentences in REASON_SENTENCES.items():
        assert strings[tag][f"reason.{code}"] == sentences[tag]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_failure_of_an_image_is_told(strings: dict[str, dict[str, str]], tag: str) -> None:
    codes = [kind.type for error, kind in KINDS.items() if issubclass(error, ImageError)]

    assert len(codes) >= 5
    for code in codes:
        assert f"failure.{code.removeprefix('urn:brainlens:problem:')}" in strings[tag]


def test_every_measured_figure_has_a_name(strings: dict[str, dict[str, str]]) -> None:
    shipped = files("brainlens").joinpath("bundles/default/bundle.json").read_text()
    names = {metric["name"] for metric in json.loads(shipped)["metrics"]} - {"support", "loss"}

    assert {f"metric.{name}" for name in names} <= set(strings["en"])

"""The configuration file: what it sets, and what it refuses."""

import dataclasses

import pytest

from index.errors import UsageError
from rag.config import AnswerConfig, Config, RetrievalConfig, fingerprint, load_config


def write(tmp_path, text):
    path = tmp_path / "youju.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_is_the_default():
    assert load_config(None) == Config()


def test_a_file_changes_what_it_names(tmp_path):
    path = write(
        tmp_path, "[retrieval]\npassages = 5\ndense_weight = 1\n[answer]\nmin_probability = 0.4\n"
    )
    assert load_config(path) == Config(
        retrieval=RetrievalConfig(passages=5, dense_weight=1.0),
        answer=AnswerConfig(min_probability=0.4),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[retreival]\n",
            r"unknown table \[retreival\]; known: answer, gate, .*, page, question, retrieval",
        ),
        (
            "[answer]\nmax_sentence = 2\n",
            "unknown key 'max_sentence'; known: generator, max_sentences",
        ),
        ("[answer]\nmax_sentences = 'two'\n", "max_sentences must be a int, not 'two'"),
        ("[answer]\nmax_sentences = true\n", "max_sentences must be a int, not True"),
        ("[retrieval]\npassages = 0\n", "passages must lie between 1 and 1000, got 0"),
        (f"[retrieval]\ncandidates = {10**23}\n", "candidates must lie between"),
        (
            "[retrieval]\ndense_weight = nan\n",
            "dense_weight must lie between 0.0 and 100.0, got nan",
        ),
        ("[retrieval]\ndense_weight = inf\n", "dense_weight must lie between"),
        (
            "[answer]\nmin_probability = nan\n",
            "min_probability must lie between 0.0 and 1.0, got nan",
        ),
        ("[answer]\nmin_probability = 5.0\n", "min_probability must lie between"),
        ("[answer]\nmax_sentences = 0\n", "max_sentences must lie between"),
        ("answer = 3\n", "must be a table"),
        ("[answer\n", "not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        load_config(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot read the configuration"):
        load_config(tmp_path / "none.toml")


def test_every_number_has_bounds_that_hold_its_default(tmp_path):
    for section in dataclasses.fields(Config):
        part = getattr(Config(), section.name)
        for setting in dataclasses.fields(part):
            value = getattr(part, setting.name)
            if not isinstance(value, str):
                path = write(tmp_path, f"[{section.name}]\n{setting.name} = {value}\n")
                assert load_config(path) == Config()


def test_the_fingerprint_covers_every_setting():
    seen = {fingerprint(Config())}
    default = Config()
    for section in dataclasses.fields(Config):
        part = getattr(default, section.name)
        for setting in dataclasses.fields(part):
            value = getattr(part, setting.name)
            other = value + "x" if isinstance(value, str) else value + 1
            changed = dataclasses.replace(part, **{setting.name: other})
            seen.add(fingerprint(dataclasses.replace(default, **{section.name: changed})))
    settings = sum(
        len(dataclasses.fields(getattr(default, s.name))) for s in dataclasses.fields(Config)
    )
    assert len(seen) == 1 + settings

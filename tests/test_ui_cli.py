"""The terminal: what each command prints, and how each mistake is answered."""

import io
import json
import os
import shlex
import subprocess
import sys

import pytest

from ui.cli import main

QUESTION = "截至2月底，交行的在线机器人回答了多少笔提问？"


@pytest.fixture
def youju(monkeypatch, capsys):
    """Run a command in this process; gives (status, stdout, stderr)."""

    def run(*arguments, stdin=None):
        monkeypatch.setattr(sys, "argv", ["youju", *map(str, arguments)])
        if stdin is not None:
            raw = io.BytesIO(stdin.encode("utf-8", "surrogateescape"))
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw, encoding="ascii"))
        with pytest.raises(SystemExit) as exit_:
            main()
        captured = capsys.readouterr()
        return exit_.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def folder(tmp_path):
    articles = tmp_path / "news"
    articles.mkdir()
    (articles / "2021-05-06-branch.md").write_text(
        "---\ntitle: 支行搬迁\nsource: 本地报\n---\n"
        "江湾银行东门支行搬到和平路12号。新址有停车位。\n",
        encoding="utf-8",
    )
    return articles


def test_ask_prints_sentences_numbers_and_where_they_stand(youju, sample_folder):
    status, out, err = youju("ask", QUESTION, "--index", sample_folder)
    assert (status, err) == (0, "")
    # How the question was understood, then the answer.
    notes = [line for line in out.splitlines() if line.startswith("(")]
    assert notes[0].startswith("(交行 = 交通银行")
    first = out.splitlines()[len(notes)]
    assert "55.57万笔" in first
    assert "[1]" in first
    assert "articles/zh/2020-03-12-six-banks-online.md" in out
    command = shlex.split(next(line for line in out.splitlines() if "youju show" in line))
    status, shown, _ = youju(*command[1:])
    assert status == 0
    assert f"⟦{first[: first.index('[1]')]}⟧" in shown


def test_ask_declines_with_the_nearest_passages(youju, sample_folder):
    status, out, _ = youju("ask", "冥王星上有几家银行网点？", "--index", sample_folder)
    assert status == 0
    assert "没有足够的依据" in out
    assert "weak evidence" in out
    assert out.count("\n- ") == 3


def test_ask_json(youju, sample_folder):
    _, out, _ = youju("ask", QUESTION, "--json", "--k", 3, "--index", sample_folder)
    answer = json.loads(out)
    assert answer["question"] == QUESTION
    assert len(answer["passages"]) == 3


def test_ask_filters(youju, sample_folder):
    arguments = ["--json", "--since", "2022", "--until", "2022-06", "--lang", "zh"]
    _, out, _ = youju("ask", "手机银行", *arguments, "--index", sample_folder)
    days = {p["published"] for p in json.loads(out)["passages"]}
    assert days
    assert all("2022-01-01" <= day <= "2022-06-30" for day in days)


def test_batch_from_stdin_to_stdout(youju, sample_folder):
    lines = (
        f'{json.dumps({"id": 1, "question": QUESTION})}\nnot json\n{{"id": 3, "question": "？"}}\n'
    )
    status, out, err = youju("ask", "--batch", "-", "--index", sample_folder, stdin=lines)
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [row["id"] for row in rows] == [1, None, 3]
    assert [row.get("line") for row in rows] == [None, 2, 3]
    assert "55.57万笔" in rows[0]["answer"]
    assert "3 lines, 2 failed" in err


def test_batch_between_files(youju, sample_folder, tmp_path):
    questions, answers = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    # A byte that is not UTF-8 spoils its own line only.
    questions.write_bytes(
        b'\xef\xbb\xbf{"id": "a", "question": "U\xe7\x9b\xbe"}\n'
        b'{"id": "b", "question": "\xff\xff"}\n'
    )
    status, _, _ = youju("ask", "--batch", questions, "--output", answers, "--index", sample_folder)
    rows = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["a", "b"]
    assert "error" not in rows[0]
    assert "error" in rows[1]
    assert status == 1


def test_the_questions_are_never_overwritten(youju, sample_folder, tmp_path):
    questions, link = tmp_path / "q.jsonl", tmp_path / "link.jsonl"
    questions.write_text('{"id": 1, "question": "U盾"}\n', encoding="utf-8")
    link.symlink_to(questions)
    for output in (questions, link):
        status, _, err = youju(
            "ask", "--batch", questions, "--output", output, "--index", sample_folder
        )
        assert (status, "is the file of the questions" in err) == (2, True)
    assert questions.read_text(encoding="utf-8") == '{"id": 1, "question": "U盾"}\n'


def test_a_byte_order_mark_and_another_locale_do_no_harm(sample_folder):
    command = [sys.executable, "-m", "ui.cli", "ask", "--batch", "-", "--index", sample_folder]
    done = subprocess.run(
        command,
        input=b'\xef\xbb\xbf{"id": "\xe7\x9b\xbe", "question": "U\xe7\x9b\xbe"}\n',
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    row = json.loads(done.stdout)
    assert (row["id"], row["question"]) == ("盾", "U盾")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")  # noqa: PTH110
def test_a_full_disk_is_one_line(sample_folder):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "ui.cli", "info", "--index", sample_folder],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_an_id_from_somebody_elses_file_is_safe_to_copy(youju, tmp_path):
    articles = tmp_path / "a.jsonl"
    articles.write_text(
        json.dumps({"id": "--help; touch x", "title": "通知", "text": "东门支行搬到和平路12号。"}),
        encoding="utf-8",
    )
    index = tmp_path / "index"
    youju("index", articles, "--index", index)
    _, out, _ = youju("ask", "东门支行搬到哪里？", "--index", index)
    command = next(line.strip() for line in out.splitlines() if "youju show" in line)
    assert shlex.split(command)[-4:] == ["--cite", "0:13", "--", "--help; touch x"]
    _, shown, _ = youju(*shlex.split(command)[1:])
    assert "⟦东门支行搬到和平路12号。⟧" in shown


def test_index_reports_and_syncs(youju, folder, tmp_path):
    index = tmp_path / "index"
    status, out, _ = youju("index", folder, "--index", index, "--dry-run")
    assert status == 0
    assert "+ news/2021-05-06-branch.md" in out
    assert "nothing was written" in out
    assert not index.exists()

    status, out, _ = youju("index", folder, "--index", index)
    assert (status, "1 added" in out, "wrote g000001: 1 articles" in out) == (0, True, True)
    status, out, _ = youju("index", folder, "--index", index)
    assert (status, "1 unchanged" in out, "kept g000001" in out) == (0, True, True)

    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    (folder / "empty.txt").write_bytes(b"")
    status, out, _ = youju("index", folder, "--index", index)
    assert status == 1
    assert "! news/broken.pdf: " in out
    assert "! news/empty.txt: " in out
    assert "1 unchanged, 2 quarantined" in out
    assert ": 1 articles, 1 chunks" in out

    status, out, _ = youju("index", folder, "--index", index, "--json")
    assert json.loads(out)["counts"]["quarantined"] == 2


def test_info_and_show(youju, folder, tmp_path):
    index = tmp_path / "index"
    youju("index", folder, "--index", index)
    _, out, _ = youju("info", "--index", index, "--articles", "--json", "--verify")
    facts = json.loads(out)
    assert (facts["articles"], facts["earliest"]) == (1, "2021-05-06")
    assert (facts["vectors"], facts["recall"]) == ("flat", 1.0)
    (row,) = facts["list"]
    assert (row["title"], row["source"]) == ("支行搬迁", "本地报")
    _, out, _ = youju("info", "--index", index, "--articles")
    assert "支行搬迁" in out
    _, out, _ = youju("show", row["id"], "--index", index, "--cite", "0:4")
    assert "⟦江湾银行⟧东门支行" in out
    _, out, _ = youju("show", row["id"], "--index", index, "--json")
    assert json.loads(out)["published"] == "2021-05-06"


def test_exact_overrules_the_settings(youju, folder, tmp_path):
    index = tmp_path / "index"
    config = tmp_path / "youju.toml"
    config.write_text('[index]\nvectors = "codes"\n', encoding="utf-8")
    youju("index", folder, "--index", index, "--config", config)
    _, out, _ = youju("info", "--index", index, "--json")
    assert json.loads(out)["vectors"] == "codes"
    assert json.loads(out)["recall"] >= 0.99
    youju("index", folder, "--index", index, "--config", config, "--exact")
    _, out, _ = youju("info", "--index", index)
    assert "vectors     flat\nrecall      1.0\n" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", "？", "--index", "INDEX"], "nothing to search for"),
        (["ask"], "ask one question"),
        (["ask", "a", "--batch", "b"], "ask one question"),
        (["ask", "a", "--output", "b"], "--output belongs to --batch"),
        (["ask", "--batch", "none.jsonl", "--index", "INDEX"], "cannot open none.jsonl"),
        (["ask", "--batch", "-", "--since", "2020"], "filters stand in each line"),
        (["ask", "a", "--since", "soon", "--index", "INDEX"], "--since: 'soon' is not a date"),
        (["ask", "a", "--since", "2021", "--until", "2020"], "ends before it begins"),
        (["ask", "a", "--index", "nowhere"], "youju index"),
        (["show", "nope", "--index", "INDEX"], "no article 'nope'"),
        (["info", "--index", "nowhere"], "youju index"),
        (["index", "nowhere"], "nowhere"),
        (["index"], "name a folder or file"),
        (["index", "a", "--rollback"], "--rollback stands alone"),
        (["index", "--rollback", "--dry-run"], "--rollback stands alone"),
        (["ask", "a", "--since", "", "--index", "INDEX"], "--since: '' is not a date"),
        (["ask", "a", "--index", "no\x1bwhere"], "no\ufffdwhere"),
        (["index", "a", "--config", "none.toml"], "cannot read the configuration"),
        (["chat", "--index", "nowhere"], "youju index"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_status_2(
    youju, sample_folder, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    given = [str(sample_folder) if a == "INDEX" else a for a in arguments]
    status, out, err = youju(*given, stdin="")
    assert status == 2
    assert out == ""
    assert err.startswith("youju: ")
    assert message in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_unknown_options_are_usage_errors(youju):
    status, _, err = youju("ask", "a", "--nope")
    assert status == 2
    assert "--nope" in err


def test_version(youju):
    assert youju("--version")[1].startswith("youju 0.")


@pytest.mark.parametrize(
    ("options", "token", "status"),
    [
        ((), "", 200),
        ((), "secret", 401),
        (("--allow-host", "desk.example"), "", 403),
        (("--allow-host", "desk.example"), "secret", 401),
        (("--host", "0.0.0.0", "--allow-remote"), "", 403),
        (("--host", "0.0.0.0", "--allow-remote"), "secret", 401),
    ],
)
def test_chat_serves_the_collection_to_whom_it_may(
    youju, sample_folder, monkeypatch, options, token, status
):
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    told = []

    def serve(*_, parts, hosts, **__):
        assert hosts == tuple(name for name in options if name == "desk.example")
        app = FastAPI()
        for add in parts:
            add(app)
        told.append(TestClient(app).get("/api/collection").status_code)

    monkeypatch.setattr("ui.server.serve", serve)
    monkeypatch.setenv("YOUJU_ADMIN_TOKEN", token)
    assert youju("chat", "--index", sample_folder, *options)[0] == 0
    assert told == [status]

"""Records of exchanges, made up for the tests of the log, the hand-off and the operations page."""

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


def record(name, question="江湾银行有多少网点？", *, ago=timedelta(hours=2), **changes):
    """One exchange in its plain JSON form; ``name`` is a number, which becomes its id."""
    return {
        "v": 1,
        "id": f"{name:016x}",
        "asked": (NOW - ago).isoformat(timespec="milliseconds"),
        "language": "zh-Hans",
        "question": question,
        "searched": question,
        "without": [],
        "filters": {"since": None, "until": None, "sources": [], "languages": [], "tags": []},
        "outcome": "answered",
        "answer": "有 12 家。[1]",
        "reason": None,
        "error": None,
        "sentences": [],
        "citations": [],
        "passages": [],
        "understood": None,
        "frame": "",
        "notice": None,
        "fallback": False,
        "suggestions": [],
        "gate": {
            "supported": 1,
            "partly": 0,
            "unsupported": 0,
            "uncited": 0,
            "unknown_keys": 0,
            "dropped": 0,
        },
        "probability": 0.9,
        "generator": "extractive",
        "approval": None,
        "index_generation": "g000001",
        "timings_ms": {
            "understand": 2.0,
            "retrieve": 10.0,
            "decide": 1.0,
            "first_sentence": 20.0,
            "answer": 15.0,
            "total": 30.0,
        },
        **changes,
    }


def sentence(text, *citations, verdict="supported", **changes):
    return {
        "text": text,
        "citations": list(citations),
        "verdict": verdict,
        "reason": "",
        "short": None,
        "lead": "",
        "item": False,
        "group": "",
        "as_of": "",
        **changes,
    }


def citation(article, quote, n=1, *, published="2021-05-06", start=None):
    at = article.text.index(quote) if start is None else start
    return {
        "n": n,
        "article_id": article.id,
        "title": article.title,
        "source": article.source,
        "published": published,
        "path": article.path,
        "url": article.url,
        "start": at,
        "end": at + len(quote),
        "quote": quote,
        "verdict": "supported",
    }


def passage(article_id="a", title="甲", *, dense=0.2, start=0, end=10):
    return {
        "article_id": article_id,
        "title": title,
        "source": None,
        "published": None,
        "start": start,
        "end": end,
        "excerpt": "……",
        "score": 0.5,
        "lexical": None,
        "dense": dense,
    }

"""The page of the scripted asker with everything that listens: log, ratings, hand-off, operations.

Run with a folder: the log is made up there, of the ninety days before today, always the same.
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from activity_records import passage, record
from ui_askers import ARTICLES, LIBRARY, PAYLOADS, ScriptedAsker

from ui.activity import ActivityLog
from ui.admin import Admin
from ui.feedback_routes import feedback_part
from ui.handoff_delivery import open_desk
from ui.operations_routes import operations_part
from ui.server import serve

PATH = __file__
TOKEN = "s3cret"

SUBJECTS = (
    (
        ("江湾银行有多少个网点？", "江灣銀行有多少個網點？", "江湾银行的网点有多少个"),
        "answered",
        0.02,
    ),
    (("怎么注册手机银行？", "如何注册手机银行", "手机银行怎么注册？"), "answered", 0.25),
    (("When did the River Street branch open?", "River Street branch opening date"), "answered", 0),
    (("忘记登录密码怎么办？", "忘记密码怎么办", "登录密码忘记了"), "declined", 0.0),
    (("数字人民币钱包怎么开通？", "数字人民币钱包如何开通"), "declined", 0.0),
    ((PAYLOADS[0], PAYLOADS[1]), "declined", 0.0),
    (("火星上能开户吗？",), "failed", 0.0),
)


def make_up(log, now):
    """Some 400 questions: more on weekdays, and slowly more of them."""
    rng = random.Random(7)
    number = 0
    for back in range(89, -1, -1):
        day = now - timedelta(days=back)
        busy = 2 if day.weekday() >= 5 else 4 + (90 - back) // 25
        for _ in range(busy):
            wordings, outcome, disliked = rng.choices(SUBJECTS, (30, 24, 12, 14, 10, 3, 2))[0]
            number += 1
            ago = timedelta(days=back, minutes=rng.randint(1, 500))
            article = rng.choice(list(ARTICLES.values()))
            cites = {
                "n": 1,
                "article_id": article.id,
                "title": article.title,
                "published": f"{rng.randint(2016, 2023)}-0{rng.randint(1, 9)}-15",
                "start": 0,
                "end": 5,
                "quote": article.text[:5],
                "verdict": "supported",
            }
            row = record(
                number,
                rng.choice(wordings),
                outcome=outcome,
                asked=(now - ago).isoformat(timespec="milliseconds"),
                citations=[cites] if outcome == "answered" else [],
                passages=[passage(LIBRARY.id, LIBRARY.title, dense=rng.uniform(0.05, 0.5))],
                timings_ms={
                    "understand": 2.0,
                    "retrieve": rng.uniform(6, 30),
                    "first_sentence": rng.uniform(20, 80),
                    "total": rng.uniform(30, 200),
                },
            )
            log.record(row)
            if rng.random() < 0.3 and outcome == "answered":
                solved = rng.random() > 0.1 + disliked
                reasons = [] if solved else [rng.choice(("outdated", "wrong", "not_found"))]
                comment = "" if solved else rng.choice(("", "去年就改了", PAYLOADS[0]))
                log.rate(row["id"], solved=solved, reasons=reasons, comment=comment)
            elif rng.random() < 0.06:
                log.hand_off(f"20260101-{number:06d}", row["id"], "zh-Hans")
    log.flush()


def main(folder, *options):
    asker = ScriptedAsker()
    path = folder / "activity.sqlite"
    kept = ActivityLog(path, days=400)
    if "empty" not in options:
        make_up(kept, datetime.now(UTC))
    if "off" in options:
        kept.close()
    log = None if "off" in options else kept
    target = next((option for option in options if "://" in option), "")
    desk = open_desk(target, otherwise=folder / "handoff", environment={})
    admin = Admin(TOKEN if "token" in options else "", is_local=True)
    serve(
        asker,
        port=0,
        parts=[
            feedback_part(
                log=log,
                desk=desk,
                article=asker.article,
                generation=lambda: asker.summary().generation,
            ),
            operations_part(path, log=log, admin=admin),
        ],
        on_ended=log.on_ended if log else None,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])

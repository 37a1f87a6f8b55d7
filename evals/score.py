"""Scores a file of answers against questions.jsonl. Runs without Django and without anything installed.

    python evals/score.py answers.jsonl [--split dev|all] [--show-failures]

One answer a line: {"id", "reply", "retrieved": [entry ids, best first], "escalated", "escalations", "tools",
"latency_ms", "usage"}; only id and reply are required. `manage.py evaluate --out` writes such a file.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from agent.evaluation import BadLineError, Scores, questions  # noqa: E402


def main() -> None:
    options = _arguments()
    try:
        print_scores(options)
    except (OSError, ValueError) as error:
        sys.exit(
            f"{type(error).__name__}: {error}"
            if not isinstance(error, BadLineError)
            else str(error)
        )


def print_scores(options: argparse.Namespace) -> None:
    answers = {row["id"]: row for row in _rows(options.answers)}
    asked = [q for q in questions(options.questions) if options.split in ("all", q.get("split"))]
    studios = json.loads(options.studios.read_text("utf-8"))["studios"]
    scores = Scores({studio["id"]: studio for studio in studios})
    for one in asked:
        if one["id"] in answers:
            scores.judge(one, answers[one["id"]])
    if options.show_failures:
        for question, why in scores.failures:
            _say(
                f"{question['id']} [{question.get('kind')}] {question['text'][:60]!r}: {' | '.join(why)}"
            )
    missing = sum(q["id"] not in answers for q in asked)
    figures = {"questions": len(asked), "missing": missing, **scores.table()}
    for name, value in figures.items():
        _say(f"{name:30s} {value}")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score answers of the assistant.")
    parser.add_argument("answers", type=Path)
    parser.add_argument("--questions", type=Path, default=HERE / "questions.jsonl")
    parser.add_argument("--studios", type=Path, default=HERE / "studios.json")
    parser.add_argument("--split", default="dev", choices=["dev", "all"])
    parser.add_argument("--show-failures", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""`manage.py evaluate --questions FILE`: answers every question of a file without WhatsApp and prints how good it was."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from tqdm import tqdm

from agent.bars import bars
from agent.evaluation import BadLineError, Scores, questions
from agent.trial import Answer, BadTimeError, Row, all_asked, asked, exported, moment
from tenants.models import Tenant

Figures = dict[str, float | None]


class Command(BaseCommand):
    help = (
        "Answer the questions of a JSONL file and print the figures. Stores only Turns. "
        "Exit code: 0 all bars reached, 1 a bar was missed, 2 nothing could be asked, 130 interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--questions", type=Path, required=True, metavar="FILE")
        parser.add_argument("--studio", metavar="SLUG", help="only the questions of this studio")
        parser.add_argument("--out", type=Path, metavar="FILE.jsonl", help="write the answers here")
        parser.add_argument(
            "--resume", action="store_true", help="keep the answers that --out has already"
        )
        parser.add_argument("--limit", type=int, metavar="N", help="only the first N questions")
        parser.add_argument("--context", choices=["full", "search", "auto"], default="")
        parser.add_argument("--parallel", type=int, default=1, metavar="N")
        parser.add_argument(
            "--show-failures", action="store_true", help="print the replies that failed, too"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        rows = self._rows(options)
        studios = self._studios(rows)
        wanted = self._bars_are_readable()
        known = self._known(options)
        done: dict[str, Answer] = {
            row["id"]: known[row["id"]] for row in rows if row["id"] in known
        }
        stopped = False
        try:
            for answer in self._answers(rows, done, studios, options):
                done[answer["id"]] = answer
        except KeyboardInterrupt:
            stopped = True
        answered = [(row, done[row["id"]]) for row in rows if row["id"] in done]
        scores = Scores({t.slug: exported(t) for t in self._marked(studios)})
        for row, answer in answered:
            scores.judge(row, answer)
        self._print_failures(scores, done, replies=options["show_failures"])
        figures = _figures(scores, [answer for _row, answer in answered])
        self._print(figures)
        if stopped:
            self._stop(len(answered), len(rows), options)
        self._hold_against(figures, wanted)

    def _rows(self, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        path = options["questions"]
        try:
            rows = questions(path)
        except OSError as error:
            raise _unusable(f"Cannot read {path}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise _unusable(f"{path.name} is not UTF-8 text: {error.reason}.") from error
        except BadLineError as error:
            raise _unusable(str(error)) from error
        only = options["studio"]
        rows = [{"studio": only, **row} for row in rows]
        rows = [row for row in rows if only in (None, row["studio"])][: options["limit"]]
        if not rows:
            raise _unusable("There is no question to ask.")
        try:
            for row in rows:
                moment(row, Tenant())  # a broken time is told before the first question is asked
        except BadTimeError as error:
            raise _unusable(str(error)) from error
        return rows

    def _studios(self, rows: Sequence[Row]) -> dict[str, Tenant]:
        slugs = {row["studio"] for row in rows}
        studios = {tenant.slug: tenant for tenant in Tenant.objects.filter(slug__in=slugs - {None})}
        for slug in slugs - set(studios):
            wanted = f"There is no studio “{slug}”." if slug else "A question names no studio."
            raise _unusable(f"{wanted} Load it first, or name one with --studio.")
        return studios

    def _marked(self, studios: Mapping[str, Tenant]) -> list[Tenant]:
        """The studios that were asked, and all whose words would be a leak."""
        rows = Tenant.objects.filter(Q(slug__in=studios) | Q(loaded__has_key="leak_markers"))
        return list(rows.order_by("slug"))

    def _bars_are_readable(self) -> list[str]:
        try:
            bars(settings.EVALUATION_BARS, with_model=False)
        except ValueError as error:
            raise _unusable(f"EVALUATION_BARS: {error}.") from error
        return list(settings.EVALUATION_BARS)

    def _known(self, options: Mapping[str, Any]) -> dict[str, Answer]:
        """What an interrupted run wrote; a last line that was cut off is asked again."""
        path = options["out"]
        if not options["resume"]:
            return {}
        if path is None:
            raise _unusable("--resume needs the file of --out.")
        if not path.exists():
            return {}
        lines = path.read_text("utf-8").splitlines()
        kept = {row["id"]: row for text in lines if (row := _whole(text)) and not row.get("error")}
        whole = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept.values())
        path.write_text(whole, "utf-8")
        return kept

    def _answers(
        self,
        rows: Sequence[Row],
        known: Mapping[str, Answer],
        studios: Mapping[str, Tenant],
        options: Mapping[str, Any],
    ) -> Iterator[Answer]:
        """The answers of the questions that are left, in the order of the file, each written as it comes."""
        left = [row for row in rows if row["id"] not in known]
        out = self._opened(options)

        def one(row: Row) -> Answer:
            return asked(row, studios[row["studio"]], options["context"])

        answers = all_asked(left, one, parallel=options["parallel"])
        try:
            for answer in self._progress(answers, len(left)):
                if out:
                    out.write(json.dumps(answer, ensure_ascii=False) + "\n")
                    out.flush()
                yield answer
        finally:
            if out:
                out.close()

    def _progress(self, answers: Iterator[Answer], total: int) -> Iterable[Answer]:
        """A bar where a person looks."""
        hidden = None if self.stderr.isatty() else True
        bar: Iterable[Answer] = tqdm(
            answers, total=total, unit=" questions", file=self.stderr, disable=hidden
        )
        return bar

    def _opened(self, options: Mapping[str, Any]) -> TextIO | None:
        path: Path | None = options["out"]
        try:
            return path.open("a" if options["resume"] else "w", encoding="utf-8") if path else None
        except OSError as error:
            raise _unusable(f"Cannot write {path}: {error.strerror}.") from error

    def _print_failures(
        self, scores: Scores, answers: Mapping[str, Answer], *, replies: bool
    ) -> None:
        for question, why in scores.failures:
            answer = answers[question["id"]]
            self.stdout.write(f"{question['id']}  {question['text'][:70]!r}: {' | '.join(why)}")
            shown = ", ".join(answer.get("retrieved", [])) or "-"
            self.stdout.write(f"      entries: {shown}")
            if replies:
                self.stdout.write(f"      reply: {answer['reply']!r}")

    def _print(self, figures: Figures) -> None:
        self.stdout.write("")
        for name, value in figures.items():
            self.stdout.write(f"{name:30s} {'-' if value is None else value}")

    def _stop(self, done: int, total: int, options: Mapping[str, Any]) -> None:
        again = " Go on with --resume." if options["out"] else ""
        raise CommandError(f"Interrupted after {done} of {total} questions.{again}", returncode=130)

    def _hold_against(self, figures: Figures, wanted: Sequence[str]) -> None:
        """Say which bars were missed, by the exit code, too."""
        with_model = bool(figures["model_calls"])
        held = bars(wanted, with_model=with_model)
        missed = [f"{bar} (is {figures[bar.figure]:g})" for bar in held if bar.missed(figures)]
        if missed:
            raise CommandError(f"Below the bars: {'; '.join(missed)}.", returncode=1)
        if held:
            kind = "with" if with_model else "without"
            self.stdout.write(f"\nAll {len(held)} bars for answers {kind} a model are reached.")


def _unusable(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=2)


def _whole(text: str) -> Answer | None:
    try:
        row = json.loads(text)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("id"), str) else None


def _figures(scores: Scores, answers: Sequence[Answer]) -> Figures:
    """The figures of the scoring, then what it took."""
    count = len(answers) or 1
    usage = [answer.get("usage", {}) for answer in answers]
    calls = sum(answer.get("rounds", 0) for answer in answers)
    tokens = {
        f"{name}_tokens": sum(used.get(name, 0) for used in usage)
        for name in ("input", "output", "cache_read", "cache_write")
    }
    cost = sum(used.get("cost", 0.0) for used in usage)
    return {
        "questions": len(answers),
        **scores.table(),
        "model_calls": calls,
        "model_calls_per_question": round(calls / count, 3),
        **tokens,
        "cost_usd": round(cost, 6),
        "cost_usd_per_1000_questions": round(1000 * cost / count, 4),
    }

"""`manage.py exam SLUG`: forty typical questions to a studio's own knowledge, and which entries it lacks."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from agent import exam
from agent.ask import ask
from agent.exam import ExamQuestion, Judged, Verdict
from agent.management.commands.ask import studio
from agent.reply import Reply
from agent.topics import Topic
from tenants.models import Tenant

Result = tuple[ExamQuestion, Judged, Reply]
SENTENCES = {
    "en": {
        Verdict.ANSWERED: "answered from {entries}",
        Verdict.HANDED_OVER: "handed over to a person, as it should be",
        Verdict.RIGHT: "answered politely",
        Verdict.PARTLY: "answered only a part; {entries} tells more",
        Verdict.NOT_USED: "stands in {entries}, but the customer was not told",
        Verdict.MISSING: "no entry tells it",
        Verdict.BESIDE: "answered with something else",
        Verdict.WRONG: "wrong: a person was needed, or something was promised",
        Verdict.FAILED: "no answer: {error}",
        "missing": "Missing entries",
        "score": "{right} of {all} questions ended well ({score:.0%}).",
    },
    "id": {
        Verdict.ANSWERED: "dijawab dari {entries}",
        Verdict.HANDED_OVER: "diteruskan ke tim, memang seharusnya",
        Verdict.RIGHT: "dijawab dengan sopan",
        Verdict.PARTLY: "baru dijawab sebagian; {entries} memuat lebih banyak",
        Verdict.NOT_USED: "ada di {entries}, tetapi tidak disampaikan",
        Verdict.MISSING: "tidak ada entri yang memuatnya",
        Verdict.BESIDE: "dijawab dengan hal lain",
        Verdict.WRONG: "salah: seharusnya diteruskan ke tim, atau menjanjikan sesuatu",
        Verdict.FAILED: "tidak ada jawaban: {error}",
        "missing": "Entri yang belum ada",
        "score": "{right} dari {all} pertanyaan berakhir baik ({score:.0%}).",
    },
}


class Command(BaseCommand):
    help = (
        "Put forty typical questions to a studio's assistant and name the entries that are missing. Stores only Turns. "
        "Exit code: 0 enough ended well, 1 too few or something wrong was said, 2 nothing could be asked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the studio's short name")
        parser.add_argument("--language", choices=["id", "en"], help="default: the studio's own")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--context", choices=["full", "search", "auto"], default="")
        parser.add_argument(
            "--pass",
            type=float,
            default=0.7,
            metavar="SHARE",
            dest="bar",
            help="share of questions that must end well (default 0.7)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant = studio(options["slug"])
        if not 0 <= options["bar"] <= 1:
            raise CommandError("--pass is a share between 0 and 1.", returncode=2)
        language = options["language"] or tenant.default_language
        results = self._results(tenant, language, options["context"])
        if options["json"]:
            told = json.dumps(as_dict(tenant, results, language), ensure_ascii=False)
            self.stdout.write(told)
        else:
            self._print(results, language)
        self._hold_against(results, options["bar"])

    def _results(self, tenant: Tenant, language: str, context: str) -> list[Result]:
        hidden = None if self.stderr.isatty() else True
        at = timezone.now()
        results = []
        for question in tqdm(exam.exam_questions(), file=self.stderr, disable=hidden):
            reply = ask(tenant, question.text(language), at=at, context=context)
            results.append((question, exam.judge(question, reply, tenant, at), reply))
        return results

    def _print(self, results: Sequence[Result], language: str) -> None:
        words = SENTENCES[language]
        for question, judged, reply in results:
            entries = ", ".join(f"“{entry.title}”" for entry in judged.entries)
            said = words[judged.verdict].format(entries=entries, error=reply.error)
            mark = "✓" if judged.verdict in exam.GOOD else "✗"
            self.stdout.write(f"{mark} {question.number:2} {question.text(language)!r}: {said}")
        missing = missing_topics(results)
        if missing:
            self.stdout.write(f"\n{words['missing']}:")
        for topic in missing:
            advice = topic.text("advice", language)
            self.stdout.write(f"- {topic.text('name', language)}: {advice}")
        right = sum(judged.verdict in exam.GOOD for _question, judged, _reply in results)
        share = right / len(results)
        told = words["score"].format(right=right, all=len(results), score=share)
        self.stdout.write(f"\n{told}")

    def _hold_against(self, results: Sequence[Result], bar: float) -> None:
        verdicts = [judged.verdict for _question, judged, _reply in results]
        share = exam.score(verdicts)
        wrong = verdicts.count(Verdict.WRONG)
        if share < bar:
            raise CommandError(f"{share:.0%} is less than {bar:.0%}.", returncode=1)
        if wrong:
            raise CommandError(f"Wrong answers: {wrong}.", returncode=1)


def missing_topics(results: Sequence[Result]) -> list[Topic]:
    """Each topic that no entry tells, once."""
    found = {topic.key: topic for _question, judged, _reply in results for topic in judged.missing}
    return list(found.values())


def as_dict(tenant: Tenant, results: Sequence[Result], language: str) -> dict[str, Any]:
    """The exam for programs, as `exam --json` prints it."""
    return {
        "studio": tenant.slug,
        "language": language,
        "score": exam.score([judged.verdict for _question, judged, _reply in results]),
        "missing": [
            {"topic": topic.key, **{p: topic.text(p, language) for p in ("name", "advice")}}
            for topic in missing_topics(results)
        ],
        "questions": [
            {
                "number": question.number,
                "question": question.text(language),
                "verdict": str(judged.verdict),
                "entries": [entry.reference for entry in judged.entries],
                "missing": [topic.key for topic in judged.missing],
                "reply": reply.text,
                "escalated": reply.escalation is not None,
                "error": exam.troubled(reply),
            }
            for question, judged, reply in results
        ],
        "cost": float(sum(reply.cost for _question, _judged, reply in results)),
    }

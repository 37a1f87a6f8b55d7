"""The model and its tools, round by round, until there is an answer. No transaction is open here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.claude import Completion, Model
from agent.pricing import Usage
from agent.tools import ESCALATE, ToolContext, schemas

MAX_ROUNDS = 3
_SHORTER = "Your answer was cut off. Answer again, in at most three short lines."


@dataclass
class Run:
    """A talk with the model: what was said so far and what it used up."""

    model: Model
    system: Sequence[dict[str, Any]]
    messages: list[dict[str, Any]]
    context: ToolContext
    deadline: float  # on time.monotonic()
    rounds: int = 0
    usage: Usage = field(default_factory=Usage)
    trace: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[dict[str, Any]] = field(
        default_factory=list
    )  # drafts that may not leave, and why

    def answer(self) -> str:
        """The model's text; empty when it refused, or had none after its rounds. Raises ModelError."""
        while self.rounds < MAX_ROUNDS:
            completion = self._ask()
            if completion.stop_reason == "refusal":
                return ""
            if completion.tool_calls:
                self._run_tools(completion)
                if completion.text and self._only_handed_over(completion):
                    return (
                        completion.text
                    )  # it told the customer already; another round would cost only
            elif completion.stop_reason == "max_tokens" and self.rounds < MAX_ROUNDS:
                self._shorter(completion)
            else:
                return completion.text
        return ""

    def _only_handed_over(self, completion: Completion) -> bool:
        names = {call.name for call in completion.tool_calls}
        return names == {ESCALATE} and self.context.escalation is not None

    def repair(self, complaint: str, draft: str) -> str:
        """One more call, with what is wrong with the draft."""
        self.messages += [
            {"role": "assistant", "content": draft},
            {"role": "user", "content": complaint},
        ]
        completion = self._ask()
        return "" if completion.tool_calls else completion.text

    def _shorter(self, cut: Completion) -> None:
        if cut.text:
            self.messages.append({"role": "assistant", "content": cut.text})
            self.messages.append({"role": "user", "content": _SHORTER})

    def _ask(self) -> Completion:
        self.rounds += 1
        completion = self.model.complete(
            system=self.system,
            messages=self.messages,
            tools=schemas(strict=self.model.card.strict_tools),
            deadline=self.deadline,
        )
        self.usage += completion.usage
        self.trace.append({"round": self.rounds, "stop": completion.stop_reason})
        return completion

    def _run_tools(self, completion: Completion) -> None:
        """All results in one user message, results first, one for each call."""
        results = [self.context.run(call) for call in completion.tool_calls]
        for call, result in zip(completion.tool_calls, results, strict=True):
            failed = bool(result.get("is_error"))
            self.trace.append({"tool": call.name, "input": dict(call.arguments), "failed": failed})
        self.messages.append({"role": "assistant", "content": list(completion.content)})
        self.messages.append({"role": "user", "content": results})

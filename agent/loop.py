"""The model and its tools, round by round, until there is an answer. No transaction is open here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from agent.claude import Completion, Model, ModelError
from agent.pricing import Usage, card
from agent.tools import ESCALATE, ToolContext, schemas
from agent.troubles import CUT_OFF, DECLINED, NO_END, TOO_LONG

MAX_ROUNDS = 3
_LAST = "(That was the last use of a tool. Answer the customer now.)"
_SHORTEN = "(Answer in at most three short lines.)"
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
    cost: Decimal = Decimal(0)
    answered_by: str = (
        ""  # the model of the newest answer; another than `model` when that one is gone
    )
    error: str = ""  # a sentence for staff when an answer came that cannot be sent
    trace: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[dict[str, Any]] = field(
        default_factory=list
    )  # drafts that may not leave, and why

    def __post_init__(self) -> None:
        self._asked = len(self.messages) - 1  # where the customer's newest message stands

    def answer(self) -> str:
        """The model's text. Empty when there is none to send; `error` tells staff why. Raises ModelError."""
        shorter = False
        while self.rounds < MAX_ROUNDS:
            completion = self._ask()
            stop = completion.stop_reason
            if stop == "refusal":
                self.error = DECLINED
                return ""
            if stop == "max_tokens":
                if shorter or self.rounds == MAX_ROUNDS:
                    break  # half a sentence is never sent as if it were whole
                shorter = self._shorter(completion)
            elif completion.tool_calls:
                self._run_tools(completion)
                if completion.text and self._only_handed_over(completion):
                    # It told the customer already; another round would cost only.
                    return completion.text
            elif stop == "pause_turn":
                self.messages.append(_said(completion))
            else:
                return completion.text
        self.error = CUT_OFF if stop == "max_tokens" else NO_END
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
        whole = not completion.tool_calls and completion.stop_reason not in (
            "max_tokens",
            "refusal",
        )
        return completion.text if whole else ""

    def _shorter(self, cut: Completion) -> bool:
        """Ask again for less. A cut tool call is not repeated, as its arguments may be half."""
        if cut.text:
            self.messages.append({"role": "assistant", "content": cut.text})
            self.messages.append({"role": "user", "content": _SHORTER})
        else:
            self.messages[-1] = _with_words(self.messages[-1], _SHORTEN)
        return True

    def _ask(self) -> Completion:
        try:
            completion = self._call()
        except ModelError as error:
            if error.about != "length" or not self._drop_history():
                raise
            completion = self._call()
        if completion.stop_reason == "model_context_window_exceeded":
            if not self._drop_history():
                raise ModelError(TOO_LONG, permanent=True, about="length")
            completion = self._call()
        return completion

    def _drop_history(self) -> bool:
        """Leave only what came since the customer's newest message. False when there was nothing before it."""
        dropped, self._asked = self._asked, 0
        self.trace.append({"dropped": dropped})
        self.messages = self.messages[dropped:]
        return dropped > 0

    def _call(self) -> Completion:
        self.rounds += 1
        try:
            completion = self.model.complete(
                system=self.system, messages=self.messages, tools=schemas(), deadline=self.deadline
            )
        except ModelError as error:
            self.rounds -= not error.made
            raise
        self.usage += completion.usage
        self.answered_by = completion.model or self.model.name
        self.cost += card(self.answered_by).cost(completion.usage)
        self.trace.append({"round": self.rounds, "stop": completion.stop_reason})
        return completion

    def _run_tools(self, completion: Completion) -> None:
        """All results in one user message, results first, one for each call."""
        results = [self.context.run(call) for call in completion.tool_calls]
        for call, result in zip(completion.tool_calls, results, strict=True):
            failed = bool(result.get("is_error"))
            self.trace.append({"tool": call.name, "input": dict(call.arguments), "failed": failed})
        if self.rounds == MAX_ROUNDS - 1:
            results[-1]["content"] += f"\n{_LAST}"
        self.messages.append(_said(completion))
        self.messages.append({"role": "user", "content": results})


def _said(completion: Completion) -> dict[str, Any]:
    return {"role": "assistant", "content": list(completion.content)}


def _with_words(message: dict[str, Any], words: str) -> dict[str, Any]:
    """The message with a sentence of ours at its end; tool results stay first."""
    content = message["content"]
    if isinstance(content, str):
        return {**message, "content": f"{content}\n{words}"}
    return {**message, "content": [*content, {"type": "text", "text": words}]}

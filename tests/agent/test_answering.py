"""One question, one reply: the floors in code hold with and without a model."""

import pytest

from agent import held_back, troubles
from agent.answering import answer
from agent.claude import Completion, ModelError, ToolCall
from agent.pricing import Usage, card
from agent.reply import Question
from conversations.history import Line
from tests import factories


class FakeModel:
    """Plays a script and remembers what it was asked. An exception in the script is raised."""

    name = "claude-haiku-4-5"
    card = card(name)

    def __init__(self, *script):
        self.script = list(script)
        self.requests = []

    def complete(self, **request):
        self.requests.append({**request, "messages": list(request["messages"])})
        reply = self.script.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def says(text, stop="end_turn", *calls):
    return Completion(text, list(calls), stop, Usage(10, 5), [{"type": "text", "text": text}])


def calls(name, text="", **arguments):
    return says(text, "tool_use", ToolCall("t1", name, arguments))


@pytest.fixture
def price(ombak):
    return factories.entry(
        ombak,
        "Harga kelas",
        content="Sekali datang Rp 150.000, buka 07:00 sampai 20:00.",
        external_id="price",
    )


def question(tenant, text, now, **more):
    return Question(tenant, text, now, **more)


def test_a_plain_question_takes_one_model_call(ombak, price, now):
    model = FakeModel(says("Sekali datang Rp 150.000 Kak."))
    reply = answer(question(ombak, "berapa sekali datang?", now), model)
    assert (reply.text, reply.rounds, reply.outcome) == (
        "Sekali datang Rp 150.000 Kak.",
        1,
        "answered",
    )
    assert list(reply.entries) == ["price"]


@pytest.mark.parametrize("model", [None, FakeModel()])
@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I have severe back pain", "medical"),
        ("punggung saya sakit banget", "medical"),
        ("can I talk to a real person", "human_request"),
        ("admin", "human_request"),
        ("my friend just passed out", "emergency"),
        ("rasanya pengen mati aja", "self_harm"),
    ],
)
def test_what_is_dangerous_reaches_a_person_without_the_model(ombak, now, model, text, category):
    reply = answer(question(ombak, text, now), model)
    assert reply.escalation is not None
    assert reply.escalation.category == category
    assert "Ombak Yoga" in reply.text
    assert reply.rounds == 0


def test_pain_is_answered_before_the_payment_in_the_same_message(ombak, now):
    text = "[image] udah tf ya kak, tapi dada saya sakit banget sesak tolong"
    reply = answer(question(ombak, text, now, with_file=True), FakeModel())
    assert reply.escalation is not None
    assert (reply.escalation.category, reply.escalation.urgency) == ("emergency", "urgent")
    assert "Pembayaran" not in reply.text


def test_the_answer_to_pain_is_kind_and_has_no_advice_on_yoga(ombak, now):
    reply = answer(question(ombak, "I have severe back pain", now), None)
    assert "doctor" in reply.text
    assert not any(word in reply.text.lower() for word in ("pose", "stretch", "class"))


def test_in_distress_the_customer_gets_numbers_to_call(ombak, now):
    reply = answer(question(ombak, "i want to kill myself", now), None)
    assert "119" in reply.text
    assert "112" in reply.text
    assert reply.escalation is not None
    assert reply.escalation.urgency == "urgent"


@pytest.mark.parametrize("category", ["self_harm", "emergency"])
def test_danger_that_only_the_model_sees_is_urgent_and_gets_the_numbers(ombak, now, category):
    call = calls("escalate_to_human", "Peluk jauh.", category=category, urgency="low", summary="x")
    reply = answer(question(ombak, "semua terasa gelap belakangan ini", now), FakeModel(call))
    assert reply.escalation is not None
    assert (reply.escalation.category, reply.escalation.urgency) == (category, "urgent")
    assert "112" in reply.text
    assert "Peluk" not in reply.text


def test_a_touch_that_only_the_model_sees_is_urgent(ombak, now):
    said = "Terima kasih sudah cerita."
    call = calls("escalate_to_human", said, category="safeguarding", urgency="low", summary="x")
    reply = answer(question(ombak, "gurunya aneh ke saya", now), FakeModel(call))
    assert reply.escalation is not None
    assert reply.escalation.urgency == "urgent"


@pytest.mark.parametrize("text", ["{danger}\n{talk}", "{talk}\n{danger}"])
def test_danger_is_seen_wherever_it_stands_in_a_long_burst(ombak, now, text):
    talk = "\n".join(["saya suka kelas yin di studio ini"] * 300)
    burst = text.format(danger="aku pengen bunuh diri", talk=talk)
    reply = answer(question(ombak, burst, now), FakeModel())
    assert reply.escalation is not None
    assert reply.escalation.category == "self_harm"


def test_of_a_long_burst_the_model_reads_the_newest_words(ombak, price, now):
    model = FakeModel(says("Rp 150.000 Kak."))
    talk = "saya suka kelas yin di studio ini\n" * 300
    answer(question(ombak, f"{talk}berapa sekali datang?", now), model)
    assert "berapa sekali datang?" in repr(model.requests[0]["messages"])


def test_a_complaint_is_handed_over_although_the_model_only_chatted(ombak, price, now):
    model = FakeModel(says("Maaf ya Kak."))
    reply = answer(question(ombak, "kecewa banget sama pelayanannya", now), model)
    assert reply.escalation is not None
    assert reply.escalation.category == "complaint"
    assert reply.text.startswith("Maaf ya Kak.")
    assert "tim Ombak Yoga" in reply.text


def test_an_invented_price_is_repaired_by_one_more_call(ombak, price, now):
    model = FakeModel(says("Rp 99.000 Kak."), says("Rp 150.000 Kak."))
    reply = answer(question(ombak, "harga?", now), model)
    assert (reply.text, reply.rounds) == ("Rp 150.000 Kak.", 2)
    assert "IDR:99000" in model.requests[1]["messages"][-1]["content"]


def test_an_invention_that_stays_never_leaves(ombak, price, now):
    model = FakeModel(says("Rp 99.000 Kak."), says("Beneran Rp 99.000."))
    reply = answer(question(ombak, "harga?", now), model)
    assert "99" not in reply.text
    assert reply.escalation is not None
    assert (reply.outcome, reply.error) == ("handed_over", held_back.STOPPED)


def test_when_the_model_fails_the_knowledge_or_a_person_answers(ombak, price, now):
    model = FakeModel(ModelError(troubles.OVERLOADED, permanent=False))
    reply = answer(question(ombak, "ada kolam renang?", now), model)
    assert reply.error == troubles.OVERLOADED
    assert reply.outcome == "handed_over"


def test_what_the_model_did_before_it_failed_stays_done(ombak, price, now):
    call = calls("escalate_to_human", category="billing", urgency="normal", summary="Paid twice.")
    model = FakeModel(call, ModelError(troubles.TOO_SLOW, permanent=False))
    reply = answer(question(ombak, "invoice saya mana", now), model)
    assert reply.escalation is not None
    assert (reply.escalation.category, reply.escalation.summary) == ("billing", "Paid twice.")


def test_a_refusal_becomes_a_hand_over(ombak, price, now):
    reply = answer(question(ombak, "hmm?", now), FakeModel(says("", "refusal")))
    assert reply.escalation is not None
    assert reply.text


def test_an_empty_answer_becomes_a_hand_over(ombak, price, now):
    reply = answer(question(ombak, "kalau hari jumat?", now), FakeModel(says("")))
    assert reply.escalation is not None
    assert reply.error == held_back.EMPTY


def test_a_cut_off_answer_is_asked_for_once_more_and_shorter(ombak, price, now):
    model = FakeModel(says("Harga sekali dat", "max_tokens"), says("Rp 150.000 Kak."))
    reply = answer(question(ombak, "harga?", now), model)
    assert reply.text == "Rp 150.000 Kak."


def test_a_model_that_only_searches_is_stopped(ombak, price, now):
    search = [calls("knowledge_search", queries=["harga"]) for _ in range(9)]
    model = FakeModel(*search)
    reply = answer(question(ombak, "kalau hari jumat?", now), model)
    assert len(model.requests) == 3
    assert reply.escalation is not None


def test_a_wrong_use_of_a_tool_is_told_to_the_model(ombak, price, now):
    model = FakeModel(calls("book_class", day="friday"), says("Maaf Kak, itu lewat tim kami."))
    answer(question(ombak, "bisa jumat?", now), model)
    [result] = model.requests[1]["messages"][-1]["content"]
    assert result["is_error"]
    assert "book_class" in result["content"]


def test_the_text_with_an_escalation_is_the_answer_without_another_call(ombak, price, now):
    said = "Tim kami akan bantu Kak."
    call = calls("escalate_to_human", said, category="billing", urgency="low", summary="x")
    reply = answer(question(ombak, "invoice saya mana", now), FakeModel(call))
    assert (reply.text, reply.rounds) == (said, 1)


def test_the_language_is_that_of_the_message_else_of_what_was_said_before(ombak, now):
    earlier = [Line("customer", "what time is the class?", now), Line("assistant", "17:00", now)]
    reply = answer(question(ombak, "👍", now, history=earlier), None)
    assert reply.language == "en"
    assert reply.escalation is None


def test_nothing_of_another_studio_is_in_the_request(ombak, senja, price, now):
    factories.entry(senja, "Harga", content="Sekali datang Rp 185.000.", external_id="secret")
    model = FakeModel(says("Rp 150.000."))
    for context in ("search", "full"):
        model.script = [says("Rp 150.000.")]
        answer(question(ombak, "berapa sekali datang?", now), model, context=context)
    assert "185.000" not in repr(model.requests)
    assert "150.000" in repr(model.requests)

"""The entry form, filled in as far as is known: staff write the answer, not the frame around it."""

from urllib.parse import urlencode

from django.urls import reverse

from agent.topics import Topic, topics

LONGEST_TITLE = 120
_BROAD = frozenset({"schedule", "morning", "teachers"})  # every second question says “kelas”


def for_topic(topic: Topic, language: str) -> str:
    """The address of a new entry about one of the exam's topics."""
    return _address(
        title=topic.text("name", language),
        category=topic.category,
        language=language,
        content=topic.text("draft", language),
        keywords=topic.keywords,
    )


def for_question(text: str, language: str) -> str:
    """The address of a new entry that answers what a customer asked; of its topic when it names a known one."""
    named = (one for key, one in topics().items() if key not in _BROAD)
    topic = next((one for one in named if one.named_in(text)), None)
    if topic is not None:
        return for_topic(topic, language)
    title = " ".join(text.split())[:LONGEST_TITLE]
    return _address(title=title[:1].upper() + title[1:], language=language)


def _address(**fields: str) -> str:
    return f"{reverse('admin:knowledge_knowledgeentry_add')}?{urlencode(fields)}"

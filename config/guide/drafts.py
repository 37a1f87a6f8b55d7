"""Drafts to fill in: for each of the five categories one in Indonesian and one in English, with the gaps marked.

What to ask for comes from the exam's topics, so a studio that fills in all drafts passes it.
"""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import override

from agent.topics import Topic, topics
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tenants.models import Language, Tenant
from tenants.phones import readable

SOURCE = "template"
Builtin = KnowledgeCategory.Builtin


@transaction.atomic
def make(tenant: Tenant, languages: Iterable[str]) -> int:
    """Make those drafts that the studio does not have yet, and return how many they were."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    rows = KnowledgeEntry.objects.for_tenant(tenant).filter(external_id__startswith=SOURCE)
    known = set(rows.values_list("external_id", flat=True))
    wanted = [(category, language) for category in Builtin for language in languages]
    new = [pair for pair in wanted if name_of(*pair) not in known]
    for category, language in new:
        draft(tenant, category, language).save()
    return len(new)


def waiting(tenant: Tenant) -> int:
    """How many of them still wait to be filled in."""
    rows = KnowledgeEntry.objects.for_tenant(tenant).filter(external_id__startswith=SOURCE)
    return rows.filter(status=KnowledgeEntry.Status.DRAFT).count()


def name_of(category: Builtin, language: str) -> str:
    return f"{SOURCE}-{category.name.lower()}-{language}"


def draft(tenant: Tenant, category: Builtin, language: str) -> KnowledgeEntry:
    """One draft, which no customer is told before somebody makes it active."""
    asked = [topic for topic in topics().values() if topic.category == category.value]
    with override(language):
        title = str(category.label)
    return KnowledgeEntry(
        tenant=tenant,
        title=title,
        category=category.value,
        language=language,
        content="\n\n".join(_passage(tenant, topic, language) for topic in asked),
        keywords=_keywords(asked),
        status=KnowledgeEntry.Status.DRAFT,
        external_id=name_of(category, language),
    )


def _passage(tenant: Tenant, topic: Topic, language: str) -> str:
    text = topic.text("draft", language)
    if topic.key == "address":
        text = "\n".join([_address(tenant, text), *_phone(tenant, language)])
    return f"**{topic.text('name', language)}**\n{text}"


def _address(tenant: Tenant, text: str) -> str:
    """With the street of the settings where there is one; landmark and map stay to be filled in."""
    return text.replace("…", tenant.address, 1) if tenant.address else text


def _phone(tenant: Tenant, language: str) -> list[str]:
    number = readable(tenant.phone or tenant.whatsapp_number)
    name = "Telepon" if language == Language.INDONESIAN else "Phone"
    return [f"{name}: {number}"] if number else []


def _keywords(asked: Iterable[Topic]) -> str:
    words = dict.fromkeys(w.strip() for topic in asked for w in topic.keywords.split(","))
    kept = ""
    for word in words:
        if len(kept) + len(word) + 2 <= 500:
            kept = f"{kept}, {word}" if kept else word
    return kept

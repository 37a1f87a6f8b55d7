"""The project's only signals: a saved or deleted entry is brought to the index after the commit."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from knowledge import sync
from knowledge.models import KnowledgeEntry


@receiver(post_save, sender=KnowledgeEntry, dispatch_uid="knowledge.saved")
def saved(instance: KnowledgeEntry, *, raw: bool = False, **_more: Any) -> None:
    if not raw:  # a fixture: its rows wait for syncknowledge
        transaction.on_commit(partial(sync.changed, instance.pk, instance.tenant_id), robust=True)


@receiver(post_delete, sender=KnowledgeEntry, dispatch_uid="knowledge.deleted")
def deleted(instance: KnowledgeEntry, **_more: Any) -> None:
    transaction.on_commit(partial(sync.removed, instance.pk, instance.tenant_id), robust=True)

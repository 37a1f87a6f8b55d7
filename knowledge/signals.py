"""The project's only signals: a saved or deleted entry is brought to the index after the commit."""

import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from knowledge import queueing, sync
from knowledge.models import KnowledgeEntry


@receiver(post_save, sender=KnowledgeEntry, dispatch_uid="knowledge.saved")
def saved(instance: KnowledgeEntry, *, raw: bool = False, **_more: Any) -> None:
    if not raw:  # a fixture: its rows wait for the runner
        step = sync.queued if queueing.is_later() else sync.changed
        _after_commit(step, instance.pk, instance.tenant_id)


@receiver(post_delete, sender=KnowledgeEntry, dispatch_uid="knowledge.deleted")
def deleted(instance: KnowledgeEntry, **_more: Any) -> None:
    _after_commit(sync.removed, instance.pk, instance.tenant_id)


def _after_commit(
    step: Callable[[uuid.UUID, uuid.UUID], object], entry_id: uuid.UUID, tenant_id: uuid.UUID
) -> None:
    # Not a partial: Django logs a robust callback's name, and a partial has none.
    transaction.on_commit(lambda: step(entry_id, tenant_id), robust=True)

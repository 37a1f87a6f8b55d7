"""Knowledge entries: the rows are the truth, the index only ranks them."""

import datetime as dt
import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from knowledge import review
from knowledge.uploads import Upload as Upload
from knowledge.uploads import UploadLine as UploadLine
from tenants.models import Language, Tenant


class KnowledgeCategory(models.Model):
    """A category that a studio added to the five that everybody has."""

    class Builtin(models.TextChoices):
        SCHEDULES = "schedules", _("Schedules")
        CLASSES = "classes", _("Classes")
        PURCHASES = "purchases & registrations", _("Purchases & registrations")
        PRICING = "pricing & policies", _("Pricing & policies")
        LOCATION = "location & facilities", _("Location & facilities")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="categories")
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        ordering = ["name"]
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="one_category_per_name")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def names(cls, tenant: Tenant) -> list[str]:
        """The five, then the studio's own."""
        return [
            *cls.Builtin.values,
            *cls.objects.filter(tenant=tenant).values_list("name", flat=True),
        ]


# What people say in an entry; the rest is MILA's own. Of this, and no vectors, each version is kept.
WORDS = frozenset({"title", "category", "content", "keywords", "language", "status"}) | {
    *("valid_from", "valid_until", "external_id")
}
_NOT_KEPT = [
    *("needs_review", "review_reasons", "checked_fingerprint", "approved_fingerprint"),
    *("approved_by", "approved_at", "created_at", "updated_at"),
    *("vector_id", "index_state", "index_error", "indexed_fingerprint", "sync_due_at"),
    *("sync_attempts", "embedding", "embedding_model", "embedding_fingerprint"),
]


# What customers can be told depends on these: a change of one makes every process read the knowledge anew.
_SAID = WORDS | {"tenant", "needs_review"}


class EntryQuerySet(models.QuerySet["KnowledgeEntry"]):
    def update(self, **fields: Any) -> int:
        """As Django's, which sends no signal: processes that hold the knowledge ready must learn of it all the same."""
        studios = (
            list(self.order_by().values_list("tenant", flat=True).distinct())
            if _SAID & fields.keys()
            else []
        )
        changed = super().update(**fields)
        if studios:
            version = models.F("knowledge_version") + 1
            Tenant.objects.filter(pk__in=studios).update(knowledge_version=version)
        return changed

    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def current(self, at: dt.datetime, tenant: Tenant) -> Self:
        """Active, valid on the studio's day of `at`, and not waiting for review."""
        day = tenant.local(at).date()
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day),
            Q(valid_until=None) | Q(valid_until__gte=day),
            tenant=tenant,
            status=KnowledgeEntry.Status.ACTIVE,
            needs_review=False,
        )

    def waiting(self) -> Self:
        """Entries that a person has to look at before customers are told of them."""
        return self.filter(needs_review=True).exclude(status=KnowledgeEntry.Status.ARCHIVED)

    def embedded(self) -> Self:
        """Entries that customers may be told and that have a vector."""
        told = self.filter(status=KnowledgeEntry.Status.ACTIVE, needs_review=False)
        return told.exclude(embedding=None).order_by()

    def unsynced(self, at: dt.datetime) -> Self:
        """Entries whose index lags behind and whose next try is due."""
        waiting = [KnowledgeEntry.IndexState.WAITING, KnowledgeEntry.IndexState.FAILED]
        return self.filter(index_state__in=waiting, sync_due_at__lte=at)


class KnowledgeEntry(models.Model):
    """One thing that the assistant may say for a studio, in Markdown."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        DRAFT = "draft", _("Draft")
        ARCHIVED = "archived", _("Archived")

    class IndexState(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        INDEXED = "indexed", _("Indexed")
        FAILED = "failed", _("Failed, will be tried again")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="entries")
    # The id of a loaded file; programs and evaluations name entries by it.
    external_id = models.CharField(_("external id"), max_length=120, blank=True, null=True)
    title = models.CharField(_("title"), max_length=200)
    category = models.CharField(_("category"), max_length=60)
    content = models.TextField(_("text"), max_length=20_000)
    keywords = models.CharField(
        _("keywords"), max_length=500, blank=True, help_text=_("Separated by commas.")
    )
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.INDONESIAN
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    # Whether a person has to look first; written by knowledge/review.py only.
    needs_review = models.BooleanField(
        _("needs review"), default=False, db_default=False, editable=False
    )
    # [kind, words of the entry], … as knowledge/suspicions.py found them.
    review_reasons = models.JSONField(default=list, blank=True, editable=False)
    checked_fingerprint = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    approved_fingerprint = models.CharField(
        max_length=64, blank=True, db_default="", editable=False
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True, editable=False)

    # The index, written by knowledge/sync.py only.
    vector_id = models.UUIDField(_("vector id"), null=True, blank=True, editable=False)
    index_state = models.CharField(
        _("index"), max_length=8, choices=IndexState, default=IndexState.WAITING, editable=False
    )
    index_error = models.TextField(_("index error"), blank=True, editable=False)
    indexed_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    sync_due_at = models.DateTimeField(default=dt.datetime.fromtimestamp(0, dt.UTC), editable=False)
    sync_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    # Little-endian float32; kept so that an empty index is rebuilt without paying again.
    embedding = models.BinaryField(null=True, blank=True, editable=False)
    embedding_model = models.CharField(max_length=120, blank=True, editable=False)
    embedding_fingerprint = models.CharField(max_length=64, blank=True, editable=False)

    objects = EntryQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=_NOT_KEPT, cascade_delete_history=True)

    class Meta:
        ordering = ["category", "title"]
        verbose_name = _("knowledge entry")
        verbose_name_plural = _("knowledge entries")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "external_id"], name="one_entry_per_external_id"
            )
        ]
        indexes = [models.Index(fields=["tenant", "status"])]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **options: Any) -> None:
        """Whatever writes the text, it is checked here."""
        named = options.get("update_fields")
        if named is None or review.CHECKED & set(named):
            review.check(self)
            options["update_fields"] = named and {*named, *review.FIELDS}
        if named is not None and not WORDS & set(named):
            self.skip_history_when_saving = True  # nothing that anybody said
        try:
            super().save(*args, **options)
        finally:
            self.__dict__.pop("skip_history_when_saving", None)

    @property
    def usable(self) -> bool:
        """Whether customers may be told of it, its dates aside."""
        return self.status == self.Status.ACTIVE and not self.needs_review

    def valid_on(self, day: dt.date) -> bool:
        """Whether the studio says this on `day`, its own date."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or self.valid_until >= day)

    @property
    def file(self) -> "Attachment | None":
        """Its picture or PDF."""
        return getattr(self, "attachment", None)

    @property
    def reference(self) -> str:
        """How programs name the entry: its external id, else its id."""
        return self.external_id or str(self.pk)


class Attachment(models.Model):
    """The picture or PDF of an entry; the file lies below MEDIA_ROOT."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.OneToOneField(KnowledgeEntry, models.CASCADE, related_name="attachment")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    name = models.CharField(_("file name"), max_length=100)  # as customers get it
    content_type = models.CharField(max_length=60)  # by what is in it
    size = models.PositiveBigIntegerField(_("size"))
    path = models.CharField(max_length=120, editable=False)
    digest = models.CharField(max_length=64, editable=False)  # of the file as it was given
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.name


class NewVector(models.Model):
    """An entry's vector of a model that does not serve yet; gone once all entries of the studio have one."""

    entry = models.ForeignKey(KnowledgeEntry, models.CASCADE, related_name="new_vectors")
    model = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)  # of the text that was embedded
    vector = models.BinaryField()  # little-endian float32

    class Meta:
        verbose_name = _("new vector")
        verbose_name_plural = _("new vectors")
        constraints = [
            models.UniqueConstraint(fields=["entry", "model"], name="one_new_vector_per_model")
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.model}"


class Tombstone(models.Model):
    """A deleted or moved entry that a Qdrant server may still hold; gone when the server confirmed."""

    vector_id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("deletion to be indexed")
        verbose_name_plural = _("deletions to be indexed")

    def __str__(self) -> str:
        return str(self.vector_id)

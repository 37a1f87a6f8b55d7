"""Conversations and their messages. The two mailboxes are queries on these rows: conversations due a reply, and
messages that wait to be sent."""

import datetime as dt
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from conversations.models.customers import Customer
from tenants.models import Tenant
from tenants.prepared import Literal, PreparedInsert


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def due(self, at: dt.datetime) -> Self:
        """Mailbox one: conversations that wait for the assistant and that nobody holds.

        The Playground answers in every mode of the studio; a studio in test mode answers only `!test`.
        """
        asked_by_test = Message.objects.filter(
            conversation=OuterRef("pk"),
            state__in=(Message.State.NEW, Message.State.LIMITED),
            details__test=True,
        )
        return self.free(at).filter(
            Q(tenant__mode=Tenant.Mode.LIVE)
            | Q(channel=Conversation.Channel.PLAYGROUND)
            | Q(Exists(asked_by_test), tenant__mode=Tenant.Mode.TEST),
            tenant__active=True,
        )

    def within(self) -> Self:
        """The few that no list of customers shows; asked in the words of their small index."""
        channels = [Literal(channel.value) for channel in Conversation.WITHIN]
        return self.filter(channel__in=channels)

    def free(self, at: dt.datetime) -> Self:
        """Wait for the assistant, and nobody holds them; whether the studio answers now is not asked."""
        return self.filter(
            Q(lease_until=None) | Q(lease_until__lte=at),
            Q(handled_by=Conversation.Handler.ASSISTANT) | Q(resumes_at__lte=at),
            reply_due_at__lte=at,
        ).order_by("reply_due_at")


class Conversation(models.Model):
    """All messages between a studio and one customer on one channel."""

    class Channel(models.TextChoices):
        WHATSAPP = "whatsapp", "WhatsApp"
        OWN_CHAT = "own_chat", _("The studio's own chat")  # “Message yourself”
        PLAYGROUND = "playground", _("Playground")  # asked by staff, never sent
        STAFF = "staff", _("Notices to staff")  # what is written back is stored, never answered

    class Handler(models.TextChoices):
        ASSISTANT = "assistant", _("Assistant")
        STAFF = "staff", _("Staff")

    MADE_UP = "@demo"  # how the address of a demo's chats ends: no server that WhatsApp knows

    # Chats with the studio's own people, which no list of customers shows.
    WITHIN = (Channel.PLAYGROUND, Channel.STAFF)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="conversations")
    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="conversations", null=True, blank=True
    )
    channel = models.CharField(
        _("channel"), max_length=10, choices=Channel, default=Channel.WHATSAPP
    )
    asked_by = models.ForeignKey(  # whose Playground this is
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    # WhatsApp's address of the chat (…@lid or …@s.whatsapp.net): replies go there, never to a rebuilt number.
    chat = models.CharField(max_length=80, blank=True, editable=False)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    last_message_at = models.DateTimeField(_("last message"), null=True, blank=True)
    unread = models.PositiveIntegerField(_("unread"), default=0)
    # Messages of this chat vanish after so many seconds (0: they stay), as its latest message told at that time.
    disappears_after = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    disappears_told_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Who answers. Every change of hands raises mode_version, which overtakes replies in the making.
    handled_by = models.CharField(
        _("handled by"), max_length=9, choices=Handler, default=Handler.ASSISTANT
    )
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    handled_since = models.DateTimeField(null=True, blank=True)
    # The assistant comes back by itself at this time (after a message from the studio's phone); None: never.
    resumes_at = models.DateTimeField(_("assistant resumes"), null=True, blank=True)
    mode_version = models.PositiveIntegerField(default=0, editable=False)

    # Mailbox one.
    reply_due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    waiting_since = models.DateTimeField(null=True, blank=True)  # first unanswered message
    # Raised by every message, edit and deletion that changes what waits: overtakes replies in the making.
    waiting_version = models.PositiveIntegerField(default=0, editable=False)
    quiet_until = models.DateTimeField(null=True, blank=True)  # no reply leaves before
    # Messages beyond the limit come back as one turn at this time.
    limited_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_owner = models.CharField(max_length=60, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ["-last_message_at"]
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "channel"],
                condition=Q(customer__isnull=False),
                name="one_conversation_per_customer",
            ),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(channel="own_chat"), name="one_own_chat_per_studio"
            ),
            models.UniqueConstraint(
                fields=["tenant", "asked_by"],
                condition=Q(channel="playground"),
                name="one_playground_per_person",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-last_message_at"]),
            models.Index(
                fields=["tenant", "-last_message_at"],
                condition=Q(handled_by="staff"),
                name="chats_with_staff",
            ),
            models.Index(
                fields=["tenant", "customer"],
                condition=Q(channel__in=["playground", "staff"]),
                name="chats_within",
            ),
        ]

    def __str__(self) -> str:
        return str(self.customer or self.get_channel_display())

    @property
    def language(self) -> str:
        """The language of MILA's own sentences in this chat: the customer's, else the studio's."""
        known = self.customer.language if self.customer else ""
        return known or self.tenant.default_language

    @property
    def blocked(self) -> bool:
        """Whether staff want nothing of this customer to be answered."""
        return self.customer is not None and self.customer.blocked_at is not None

    @property
    def made_up(self) -> bool:
        """Of a demo: nobody is there to read what is written."""
        return self.chat.endswith(self.MADE_UP)

    def silent(self, at: dt.datetime) -> bool:
        """Whether a person has this chat, and the assistant did not come back by itself yet."""
        over = self.resumes_at is not None and self.resumes_at <= at
        return self.handled_by == self.Handler.STAFF and not over


class MessageQuerySet(models.QuerySet["Message"]):
    def waiting(self) -> Self:
        """Customers' messages that no turn has taken yet, oldest first."""
        return self.filter(state=Message.State.NEW).order_by("pk")

    def leaving(self, tenant_id: uuid.UUID) -> Self:
        """Mailbox two: what one studio's line sends or has to send, in the order of its making."""
        states = [Literal(Message.State.QUEUED), Literal(Message.State.SENDING)]
        return self.filter(tenant_id=tenant_id, state__in=states).order_by("pk")


class Message(models.Model):
    """One message, in or out. The primary key is the order of arrival."""

    LONGEST = 100_000  # characters that are kept; WhatsApp itself ends at 65,536

    class Author(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        ASSISTANT = "assistant", _("Assistant")
        STAFF = "staff", _("Staff")
        SYSTEM = "system", _("MILA")  # fixed notes: too many messages, pong

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        IMAGE = "image", _("Picture")
        VIDEO = "video", _("Video")
        VOICE = "voice", _("Voice note")
        AUDIO = "audio", _("Audio")
        DOCUMENT = "document", _("Document")
        STICKER = "sticker", _("Sticker")
        LOCATION = "location", _("Location")
        CONTACT = "contact", _("Contact")
        CALL = "call", _("Call")
        REACTION = "reaction", _("Reaction")  # of staff, under a customer's message
        OTHER = "other", _("Other")
        UNREADABLE = "unreadable", _("Unreadable")

    class State(models.TextChoices):
        # in
        NEW = "new", _("Waiting for an answer")
        ANSWERED = "answered", _("Answered")
        HANDED_OVER = "handed_over", _("For staff")
        LIMITED = "limited", _("Held back: too many messages")
        SEEN = "seen", _("Needs no answer")
        # out
        QUEUED = "queued", _("Waiting to be sent")
        SENDING = "sending", _("On its way")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        READ = "read", _("Read")
        UNKNOWN = "unknown", _("Perhaps sent")
        FAILED = "failed", _("Not sent")
        CANCELLED = "cancelled", _("Cancelled")
        SHOWN = "shown", _("Shown in the Playground")

    # Without indexes of their own: those below begin with them, and every message would be written into two more.
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="messages", db_index=False)
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="messages", db_index=False
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    author = models.CharField(_("author"), max_length=9, choices=Author)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TEXT)
    text = models.TextField(_("text"), blank=True)
    state = models.CharField(_("state"), max_length=11, choices=State)
    # WhatsApp: unique in a studio without the chat address, as one id can arrive by phone and by LID.
    whatsapp_id = models.CharField(max_length=80, null=True, blank=True, editable=False)
    from_me = models.BooleanField(default=False, editable=False)
    whatsapp_at = models.DateTimeField(
        null=True, blank=True
    )  # the sender's clock: for display and age only
    quoted_id = models.CharField(max_length=80, blank=True, editable=False)
    # 👍 or 👎 on an answer, name of a file, coordinates: what does not fit the columns.
    details = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(_("time"), db_index=True)

    # Out only.
    # turn:<id>, staff:<client token>, note:<…>: the same key twice is one row.
    idempotency_key = models.CharField(max_length=120, null=True, blank=True, editable=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    mode_version = models.PositiveIntegerField(null=True, blank=True, editable=False)
    not_before = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    sending_since = models.DateTimeField(null=True, blank=True, editable=False)
    error = models.TextField(_("error"), blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "whatsapp_id", "from_me"], name="one_row_per_whatsapp_message"
            ),
            models.UniqueConstraint(
                fields=["tenant", "idempotency_key"], name="one_row_per_idempotency_key"
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "id"]),
            models.Index(fields=["tenant", "created_at"], name="messages_by_day"),
            models.Index(
                fields=["tenant", "id"],
                condition=Q(state__in=["queued", "sending"]),
                name="messages_leaving",
            ),
            models.Index(
                fields=["conversation", "id"], condition=Q(state="new"), name="messages_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60] or self.get_kind_display()

    def insert(self) -> "Message":
        """Store a new message, as `save` does, at a third of its cost."""
        return _NEW_MESSAGE(self)

    @property
    def inbound(self) -> bool:
        return self.author == self.Author.CUSTOMER


_NEW_MESSAGE = PreparedInsert(Message)

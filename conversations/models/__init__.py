"""Customers, conversations, messages and escalations."""

from conversations.models.absent import EarlyChange, Erased
from conversations.models.chats import Conversation, ConversationQuerySet, Message, MessageQuerySet
from conversations.models.customers import Customer
from conversations.models.desk import Desk, Note, QuickReply
from conversations.models.escalations import Escalation
from conversations.models.files import MediaFile

__all__ = [
    "Conversation",
    "ConversationQuerySet",
    "Customer",
    "Desk",
    "EarlyChange",
    "Erased",
    "Escalation",
    "MediaFile",
    "Message",
    "MessageQuerySet",
    "Note",
    "QuickReply",
]

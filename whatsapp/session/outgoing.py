"""What leaves, as WhatsApp's messages."""

from typing import Any

from whatsapp.session.library import library
from whatsapp.session.words import File, Quote


def text_message(text: str, context: Any) -> Any:
    """Always a protobuf: a plain string would be searched for mentions and links."""
    e2e = library().e2e
    if context is None:
        return e2e.Message(conversation=text)
    extended = e2e.ExtendedTextMessage(text=text, contextInfo=context)
    return e2e.Message(extendedTextMessage=extended)


def context_of(quote: Quote | None, expires: int) -> Any:
    """What goes around a message; None when nothing does."""
    e2e = library().e2e
    around: dict[str, Any] = {}
    if quote:
        quoted = e2e.Message(conversation=quote.text)
        around = {"stanzaID": quote.whatsapp_id, "participant": quote.sender}
        around["quotedMessage"] = quoted
    if expires:
        around["expiration"] = expires
    return e2e.ContextInfo(**around) if around else None


def file_message(file: File, upload: Any, context: Any) -> Any:
    """The pointer to a file on WhatsApp's servers, with the key that only the receiver gets."""
    e2e = library().e2e
    place = {
        "URL": upload.url,
        "directPath": upload.DirectPath,
        "mediaKey": upload.MediaKey,
        "fileSHA256": upload.FileSHA256,
        "fileEncSHA256": upload.FileEncSHA256,
        "fileLength": upload.FileLength,
        "mimetype": file.content_type,
        "caption": file.caption,
        "contextInfo": context,
    }
    if file.content_type.startswith("image/"):
        return e2e.Message(imageMessage=e2e.ImageMessage(**place))
    named = {"fileName": file.name, "title": file.name}
    return e2e.Message(documentMessage=e2e.DocumentMessage(**place, **named))


def jid_of(address: str) -> Any:
    user, _at, server = address.partition("@")
    return library().build_jid(user, server or "s.whatsapp.net")

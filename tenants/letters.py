"""E-mails that leave beside the page: a slow mail server keeps nobody waiting, and its time tells strangers nothing."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from smtplib import SMTPException
from threading import BoundedSemaphore

from django.core.mail import send_mail

MOST = 20  # that wait at once in a process; askers are counted besides
logger = logging.getLogger("mila.logins")
_places = BoundedSemaphore(MOST)
_post = ThreadPoolExecutor(2, "letters")  # its threads begin with the first letter


def send_beside(subject: str, text: str, to: str) -> Future[None] | None:
    """Hand over a letter and go on at once; None when too many wait already."""
    if not _places.acquire(blocking=False):
        logger.error("A letter was not sent: %s wait for the mail server already", MOST)
        return None
    return _post.submit(_send, subject, text, to)


def _send(subject: str, text: str, to: str) -> None:
    try:
        send_mail(subject, text, None, [to])
    except (SMTPException, OSError):
        logger.exception("“%s” could not be sent by e-mail", subject)
    finally:
        _places.release()

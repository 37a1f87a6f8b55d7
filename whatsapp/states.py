"""What staff read about the line: one word for programs, a sentence, and the next step, for every state."""

import datetime as dt
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tenants.phones import readable
from whatsapp.models import WhatsAppAccount

State = WhatsAppAccount.State
SILENT_AFTER = dt.timedelta(seconds=30)  # a heartbeat older than this: nobody is at work
REQUEST_LASTS = dt.timedelta(minutes=5)  # a wish for a code is forgotten after this

# How a line's process ends, and the state that this exit code means.
EXITS: dict[int, str] = {
    0: State.STOPPED,
    10: State.QR_EXPIRED,
    11: State.PASSKEY_REQUIRED,
    12: State.LOGGED_OUT,
    13: State.BANNED,
    14: State.OUTDATED,
    15: State.REPLACED,
    16: State.NUMBER_IN_USE,
    17: State.FAILED,
    20: State.RETRYING,  # WhatsApp cannot be reached
    21: State.RETRYING,  # the connection or a part of the line died
    22: State.RETRYING,  # another process still holds the account
}
UNREACHABLE, BROKEN, BUSY = 20, 21, 22
# In these nothing happens until a person does something (scan, unlink, upgrade).
ENDED = frozenset(
    {State.QR_EXPIRED, State.PASSKEY_REQUIRED, State.LOGGED_OUT, State.NUMBER_IN_USE}
    | {State.OUTDATED, State.FAILED}
)


def exit_code(state: str) -> int:
    """The code with which a line tells its supervisor about `state`."""
    return next((code for code, known in EXITS.items() if known == state), BROKEN)


@dataclass(frozen=True)
class Status:
    """`word` is for programs: connected, qr_ready or disconnected. The rest is for people."""

    word: str
    state: str
    detail: str
    next_step: str
    tone: str  # ok, wait or bad


_SENTENCES = {
    State.CONNECTING: gettext_lazy("Connecting to WhatsApp."),
    State.QR_READY: gettext_lazy("A code is waiting to be scanned."),
    State.SYNCING: gettext_lazy("Linked. WhatsApp is handing over the messages that waited."),
    State.CONNECTED: gettext_lazy("Connected. Messages are received and answered."),
    State.RETRYING: gettext_lazy("WhatsApp cannot be reached. MILA keeps trying."),
    State.PASSKEY_REQUIRED: gettext_lazy(
        "WhatsApp asks for a passkey before this number may be linked. MILA cannot give one."
    ),
    State.QR_EXPIRED: gettext_lazy("The code was not scanned in time."),
    State.REPLACED: gettext_lazy("Another program uses this link to WhatsApp."),
    State.LOGGED_OUT: gettext_lazy("The link was removed on the phone."),
    State.BANNED: gettext_lazy("WhatsApp has blocked this number for now."),
    State.OUTDATED: gettext_lazy("WhatsApp no longer accepts this version of MILA."),
    State.NUMBER_IN_USE: gettext_lazy("This number is linked to another studio."),
    State.FAILED: gettext_lazy("The connection failed."),
}
_NEXT_STEPS = {
    State.CONNECTING: gettext_lazy("This takes a few seconds."),
    State.QR_READY: gettext_lazy(
        "On the studio's phone open WhatsApp, Linked devices, Link a device, and scan the code."
    ),
    State.SYNCING: gettext_lazy("Keep the phone online for a minute."),
    State.CONNECTED: gettext_lazy("Nothing to do."),
    State.RETRYING: gettext_lazy("Check the server's internet connection if this lasts."),
    State.PASSKEY_REQUIRED: gettext_lazy(
        "Try again with another number, or ask the operator about newer versions."
    ),
    State.QR_EXPIRED: gettext_lazy("Ask for a new code when the phone is at hand."),
    State.REPLACED: gettext_lazy("Stop the other program; MILA tries again in a few minutes."),
    State.LOGGED_OUT: gettext_lazy("Press “Show QR” and link the phone again."),
    State.BANNED: gettext_lazy("Open WhatsApp on the phone and read what it says; do not relink."),
    State.OUTDATED: gettext_lazy(
        "Ask the operator to upgrade MILA with “git pull && make install” and a restart."
    ),
    State.NUMBER_IN_USE: gettext_lazy("Unlink it there first, or link another number here."),
    State.FAILED: gettext_lazy("Press “Show QR” to try again; tell the operator if it stays."),
}
_TONES = {
    State.CONNECTED: "ok",
    State.CONNECTING: "wait",
    State.QR_READY: "wait",
    State.SYNCING: "wait",
    State.STOPPED: "wait",
    State.QR_EXPIRED: "wait",
}
# Problems that a line stores by name; anything else that it stores is WhatsApp's own wording.
STILL_ON_PHONE, NO_PAIR_CODE = "still_on_phone", "no_pair_code"
_PROBLEMS = {
    STILL_ON_PHONE: gettext_lazy(
        "WhatsApp could not be told: remove the device on the phone, under Linked devices."
    ),
    NO_PAIR_CODE: gettext_lazy(
        "WhatsApp gave no code for this phone number: check the number, or scan the QR code."
    ),
}
_LINKED_STOP = pgettext_lazy("WhatsApp line", "Switched off. The number stays linked.")


def describe(account: WhatsAppAccount | None, at: dt.datetime) -> Status:
    """What to tell about this account now. None: a studio without an account yet."""
    if account is None:
        return _unlinked()
    if account.heartbeat_at is None or at - account.heartbeat_at > SILENT_AFTER:
        return _silent(account)
    if asked_for_code(account, at) and account.state in {State.STOPPED, *ENDED}:
        return _known(State.CONNECTING)
    if account.state == State.STOPPED:
        return _switched_off() if account.phone else _unlinked()
    if account.state == State.QR_READY and (
        account.qr_expires_at is None or account.qr_expires_at <= at
    ):
        return _known(State.CONNECTING)
    more = account.problem or _other_number(account) or _end_of_ban(account, at)
    return _known(account.state, more)


def asked_for_code(account: WhatsAppAccount, at: dt.datetime) -> bool:
    """Whether staff asked for a code lately and nothing came of it yet."""
    asked = account.pair_requested_at
    if asked is None or at - asked > REQUEST_LASTS:
        return False
    since = account.state_since
    return account.state not in ENDED or since is None or asked > since


def _known(state: str, problem: str = "") -> Status:
    known = State(state)
    word = {State.CONNECTED: "connected", State.QR_READY: "qr_ready"}.get(known, "disconnected")
    detail = f"{_SENTENCES[known]} {_PROBLEMS.get(problem, problem)}".strip()
    return Status(word, known, detail, str(_NEXT_STEPS[known]), _TONES.get(known, "bad"))


def _other_number(account: WhatsAppAccount) -> str:
    """A warning when another number is linked than the studio's settings name."""
    known = account.tenant.whatsapp_number
    if account.state != State.CONNECTED or not known or known == account.phone:
        return ""
    numbers = {"linked": readable(account.phone), "known": readable(known)}
    return _("The linked number is %(linked)s, the studio's settings say %(known)s.") % numbers


def _end_of_ban(account: WhatsAppAccount, at: dt.datetime) -> str:
    until = account.banned_until
    if account.state != State.BANNED or until is None or until <= at:
        return ""
    when = date_format(account.tenant.local(until), "j F, H:i")
    return _("MILA tries again on %(when)s.") % {"when": when}


def _unlinked() -> Status:
    detail = _("No phone is linked.")
    return Status("disconnected", State.STOPPED, detail, _("Press “Show QR” to link one."), "wait")


def _switched_off() -> Status:
    next_step = _("Switch it on again when MILA should answer.")
    return Status("disconnected", State.STOPPED, str(_LINKED_STOP), next_step, "wait")


def _silent(account: WhatsAppAccount) -> Status:
    detail = _("MILA's WhatsApp service is not answering.")
    next_step = _("It starts by itself within a minute; if not, ask the operator to start MILA.")
    return Status("disconnected", "not_answering", detail, next_step, "bad")

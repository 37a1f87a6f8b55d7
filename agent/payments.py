"""Payments are confirmed by people. A photo of a transfer goes to staff before any model sees it, and no answer leaves
that says a payment has come, whatever the model read in a picture or was told."""

import re

from agent.reply import Question
from agent.told_done import OPENING, told_done

_DONE = r"(?:udah|sudah|udh|sdh|dah|telah|barusan|baru(?: saja| aja)?|habis|abis|td|tadi)"
_PAY = r"(?:tf|trf|transfer(?:nya)?|ditransfer|ngetransfer|bayar|dibayar|bayarnya|membayar|kirim (?:uang|dana)|topup|top up|dp|lunas|qris)"
_SAYS_PAID = re.compile(
    rf"\b{_DONE}\s+(?:\w+\s+)?{_PAY}\b|\b{_PAY}\s+(?:\w+\s+)?(?:ya|yaa|kak|done|selesai|beres|masuk|{_DONE})\b|"
    r"\bbukti(?:nya)?\b|\b(?:struk|resi|kwitansi|nota)\b|\blunas\b|"
    r"\bpaid\b|\btransfer+ed\b|\breceipt\b|\bproof of (?:payment|transfer)\b|\bpayment (?:done|sent|made|proof|receipt|slip)\b|"
    r"\b(?:sent|made|did|done|completed) (?:the |my |a |your )?(?:payment|transfer|deposit|money)\b"
)
_NOT_YET = re.compile(
    r"\b(?:belum|blm|blom|not|haven't|havent|how|gimana|bagaimana|cara|mau|want to|can i)\b"
)

# “is parking paid?”, “boleh minta struk?”: what is asked for or about, and not shown.
_THING = re.compile(
    r"\b(?:bukti(?:nya)?|struk|resi|kwitansi|nota|lunas|paid|receipt|payment (?:proof|receipt|slip))\b"
)
_ASKED = re.compile(
    r"\b(?:(?<!here )(?<!this )(?<!that )(?<!below )is|(?<!here )are|does|do|can you|could you|would you|will|boleh|bisa|minta|apakah|get|need|want|send me|format|kapan|when|where|what)\b[^.!?,\n]*$"
)

_MONEY_EN = r"(?:payment|transfer|deposit|money|funds|bank transfer|booking fee)"
_MONEY_ID = r"(?:pembayaran|pembayarannya|transferan|transferannya|transfer|transfernya|uang|uangnya|dana|dananya|dp|dp-nya|deposit|depositnya)"
_CAME_EN = r"(?:received|confirmed|verified|successful|succeeded|complete|completed|approved|accepted|settled|cleared|gone through|went through|come through|came through|arrived|in order|valid|all good)"
_CAME_ID = r"(?:(?:kami |saya |di)?terima|menerima|masuk|terkonfirmasi|dikonfirmasi|kami konfirmasi|terverifikasi|diverifikasi|berhasil|lunas|valid|sah|beres|sampai|cocok|sesuai)"
_CONFIRMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_MONEY_EN}\b(?:\s\w+){{0,3}}?\s(?:has|is|was|have|are)(?: been)?(?: now| already| successfully| fully| just)*\s{_CAME_EN}\b",
        rf"\b{_MONEY_EN}'s(?: been)? {_CAME_EN}\b",
        rf"\b{_MONEY_EN} (?:just |already )?(?:went through|came through|arrived|received|confirmed|verified|successful)\b",
        rf"\b(?:we|i|the studio|our team|the team)(?:'ve| have| has)?(?: now| already| just| successfully)* (?:received|got|confirmed|verified|see|found) (?:your |the |that |a )?(?:\w+ )?{_MONEY_EN}\b",
        r"\byou(?:'re| are| have)(?: all| now| already| fully)* (?:paid|paid up|settled)\b|\b(?:confirmed|verified) your (?:payment|transfer|deposit)\b",
        rf"(?<!bukti )\b{_MONEY_ID}\b(?:\s[\w.,]+){{0,4}}?\s(?:sudah|telah|udah|sdh|berhasil|resmi)\s(?:\w+\s){{0,1}}?{_CAME_ID}\b",
        rf"(?<!bukti )\b{_MONEY_ID}(?: kak(?:ak)?| anda| kamu)? {_CAME_ID}\b",
        rf"\b(?:kami|saya|tim|studio)(?: \w+)? (?:sudah|telah|udah) (?:\w+ )?(?:terima|menerima|konfirmasi|mengonfirmasi|mengkonfirmasi|verifikasi|memverifikasi|cek dan) (?!bukti)(?:\w+ )?{_MONEY_ID}\b",
        rf"\b(?:sudah|telah|udah) (?:kami |saya )?(?:terima|konfirmasi|verifikasi) (?:untuk |atas )?(?!bukti){_MONEY_ID}\b|\b(?:sudah|telah|udah) lunas\b",
    )
)  # fmt: skip
_BEFORE = re.compile(rf"\b(?:{OPENING}|can not|blm|untuk|dalam bentuk)\b[^.!?\n]*$")
_AFTER = re.compile(
    r"^\W{0,3}(?:dalam bentuk|lewat|melalui|via|di resepsionis|in cash|in the form|at reception|by (?:cash|card))\b|"
    r"^[^.!?\n]{0,40}\b(?:by the team first|oleh tim|akan dicek|will be checked)\b|^[^.!\n]{0,60}\?"
)


def shown_as_paid(question: Question) -> bool:
    """Whether the customer sent a picture or document and speaks of having paid: staff look at it."""
    near = question.with_file or _file_before(question)
    return near and says_paid(question.text)


def says_paid(text: str) -> bool:
    """Whether somebody writes that they have paid, or that this is the proof."""
    low = text.lower()
    return any(
        not _NOT_YET.search(low[: said.start()])
        and not (_THING.fullmatch(said[0]) and _ASKED.search(low[: said.start()]))
        for said in _SAYS_PAID.finditer(low)
    )


def _file_before(question: Question) -> bool:
    """A picture that came a moment ago, in a turn before this one."""
    last = [line for line in question.history if line.author == "customer"][-2:]
    return any(line.text.startswith(("[image]", "[document]")) for line in last)


def confirms(text: str) -> str:
    """The words of an answer that confirm a payment; empty when none do."""
    return told_done(text, _CONFIRMS, _open)


def _open(low: str, match: re.Match[str]) -> bool:
    """A rule about payments is no confirmation of one, neither is a denial."""
    return bool(_BEFORE.search(low[: match.end()]) or _AFTER.search(low[match.end() :]))

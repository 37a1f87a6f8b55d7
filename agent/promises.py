"""The assistant books, cancels, refunds and discounts nothing, so no answer may say that it did or will. Rules of the studio
(“we refund you in full if you cancel before …”) and what the team will do are no promises."""

import re

from agent.affirmed import open_in
from agent.told_done import OPENING, told_done

_THING_EN = r"(?:booking|reservation|spot|place|seat|appointment|registration|enrol?ment|refund|cancell?ation|reschedul\w+|waitlist spot|discount|freeze|extension)"
_DONE_EN = (
    r"(?:confirmed|booked|reserved|secured|cancell?ed|refunded|processed|approved|rescheduled|frozen|extended|made|applied|"
    r"registered|on its way|moved|changed|guaranteed|set)"
)
_DID_EN = r"(?:booked|reserved|cancell?ed|refunded|rescheduled|secured|registered|enrol?led|signed|put|added|applied|extended|frozen|waived|moved|processed|confirmed)"
_DO_EN = r"(?:book|reserve|cancel|refund|reschedule|secure|register|enrol|sign you up|put you (?:on|down|in)|add you|apply|extend|freeze|waive|give you (?:a |an )?(?:\w+ )?(?:discount|refund|free)|hold (?:a|your) (?:spot|place))"
_YOURS_EN = r"(?:you\b|your\b|it\b|that\b|this\b|a (?:spot|place|seat|mat|refund|discount)|the (?:class|booking|refund|discount|pass|payment|fee|spot)|\d+ (?:spots?|places?|mats?))"
_DID_ID = r"(?:(?:di)?(?:book|booking|pesan|daftar|batal|reservasi|jadwal|pindah|kembali|aman|catat|perpanjang|refund|beku|cuti)(?:-?kan|-?in)|refund|perpanjang|booking|daftarin|proses refund)"
_DO_ID = r"(?:mem(?:esan|batal|booking|pindah|perpanjang|beku|beri diskon|beri potongan|proses (?:refund|pengembalian))(?:kan)?|mendaftarkan|mengembalikan|menjadwalkan|(?:kasih|beri|berikan|kasi) (?:diskon|potongan|gratis|refund)|(?:booking|pesan|daftar|batal|reservasi|pindah|kembali|jadwal)(?:kan|in)|refund(?:kan)?)"
_THING_ID = r"(?:booking(?:an)?|pesanan|reservasi|pendaftaran|tempat|slot|pembatalan|refund|pengembalian(?: dana| uang)?|kelas|jadwal|diskon|cuti|perpanjangan|uang(?:nya)?)"
_DONE_ID = r"(?:dikonfirmasi|terkonfirmasi|confirmed|confirm|dipesan(?:kan)?|di-?booking(?:kan)?|terdaftar|didaftarkan|dibatalkan|diproses|disetujui|dikembalikan|dijadwalkan|dipindah(?:kan)?|diamankan|aman|tercatat|masuk|diberikan|diterapkan|aktif|diperpanjang|dibekukan|direfund|di-refund|batal)"
_PROMISES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:your|the) (?:\w+ ){{0,3}}?{_THING_EN}(?: (?:for|on|at|in) [\w :.]{{1,40}}?)? (?:is|has been|was|have been|will be|'s)(?: now| already| successfully| all)* {_DONE_EN}\b",
        rf"\b(?:i|we)(?:'ve| have|'d| had)?(?: now| already| just| successfully| gladly)* {_DID_EN} (?:\w+ ){{0,2}}?{_YOURS_EN}",
        rf"\b(?:i|we)(?:'ll| will| can|'m going to| am going to| are going to|'re going to)(?: now| gladly| happily| certainly)* {_DO_EN}(?: (?:\w+ ){{0,2}}?{_YOURS_EN}|\b.{{0,20}}\bfor you|(?<=discount)|(?<=refund)|(?<=free)|(?<=spot)|(?<=place))",
        r"\byou(?:'re| are| have been)(?: now| all| already| successfully| officially)* (?:booked|registered|signed up|enrol?led|confirmed|refunded|all set|on the (?:wait(?:ing|-)? ?list|list))\b",
        rf"\b(?:sudah|telah|udah|udh|sdh|berhasil)(?: (?:saya|kami|aku|kita|mila|juga|langsung))+ (?:bantu )?(?:{_DID_ID}|{_DO_ID})\b",
        rf"\b(?:saya|kami|aku|kita)(?: (?:sudah|telah|udah|udh|sdh|berhasil|akan|bakal|langsung|bantu|segera))+ (?:bantu )?(?:{_DID_ID}|{_DO_ID})\b",
        rf"\b{_THING_ID}(?:nya)?(?: (?:kak(?:ak)?|anda|kamu|untuk|buat|yoga|vinyasa|hatha|yin|besok|hari|jam|\d[\d.:]*))*,? (?:sudah|telah|udah|udh|sdh|berhasil)(?: \w+)? {_DONE_ID}\b",
        r"\bkak(?:ak)?(?: \w+)? (?:sudah|telah|udah|berhasil)(?: \w+)? (?:terdaftar|masuk (?:daftar|waiting|waitlist)|ter-?booking|dibooking)\b",
    )
)  # fmt: skip
_BEFORE = re.compile(
    rf"\b(?:{OPENING}|tim|team|staff|they|mereka|have you|did you|make sure|pastikan)\b[^.!?\n]*$"
)
_AFTER = re.compile(
    r"^[^.!\n]{0,80}\b(?:if|when|once|after|unless|until|as soon as|provided|jika|kalau|bila|setelah|apabila|selama|begitu|dalam \d|within \d)\b|"
    r"^[^.!\n]{0,60}\?|^ (?:out|up|solid)\b|^[^.!?\n]{0,40}\b(?:by|oleh) (?:the |our )?(?:team|staff|tim)\b"
)


def promises(text: str) -> str:
    """The words of an answer that say something was, or will be, done for the customer; empty when none do."""
    return told_done(text, _PROMISES, _open)


def _open(low: str, match: re.Match[str]) -> bool:
    """A rule, a denial, a question, or what people will do."""
    return bool(
        _BEFORE.search(low[: match.end()]) or _AFTER.search(low[match.end() :]) or open_in(match[0])
    )

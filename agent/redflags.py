"""Words after which a person must take over, whatever the model thinks: a net below the model, not the judge."""

import re
from dataclasses import dataclass

# Spellings of chats, so that each pattern below is written once.
_SPELLINGS = (
    (r"\b(?:gak|ga|nggak|ngga|enggak|engga|gk|tdk|tak)\b", "tidak"),
    (r"\b(?:pengen|pengin|pgn|pingin|kepengen)\b", "ingin"),
    (r"\b(?:bgt|bngt|banged|bgtt)\b", "banget"),
    (r"\b(?:cape|capai|capek|lelah)\b", "capek"),
    (r"\b(?:ngomong|ngobrol|bicara|bcr|omong|chattingan|chatting)\b", "bicara"),
    (r"\b(?:sm|ama|sama|dgn|dengan|ke)\b", "dengan"),
    (r"\b(?:staf|staff|stafnya)\b", "staf"),
    (r"\b(?:aku|gue|gw|sy|saya|gua)\b", "saya"),
    (r"\b(?:hilang|ilang|hlg)\b", "hilang"),
    (r"\b(?:udah|udh|sdh|dah)\b", "sudah"),
    (r"\b(?:blm|blom)\b", "belum"),
    (r"\b(?:don't|dont|do not)\b", "dont"),
    (r"\b(?:can't|cant|cannot|can not)\b", "cant"),
)

_PERSON = (
    r"(?:admin(?!istra)|orang(?! tua| lain)|manusia|human|real person|person|staf|cs|customer service|operator|"
    r"live agent|agent|someone|somebody|manager|manajer|owner|pemilik|resepsionis|receptionist|reception)"
)
_POLITE = (
    r"(?:kak|kakak|dong|pls|please|ya|tolong|mbak|mas|min|real|asli|aja|saja|mau|the|a|i want|want)"
)
_BODY = (
    r"(?:back|neck|knee|shoulder|hip|chest|head|leg|arm|wrist|ankle|stomach|belly|spine|punggung|pinggang|leher|"
    r"lutut|bahu|pinggul|dada|kepala|kaki|tangan|pergelangan|perut|tulang)"
)
_SEVERE = r"(?:severe|sharp|terrible|horrible|extreme|unbearable|intense|really bad|so bad|very bad|bad|awful|acute)"
_HURT = r"(?:sakit|nyeri|ngilu|kram)"
_HEAVY = r"(?:banget|parah|hebat|sekali|luar biasa|tidak tertahan|menusuk|amat)"
_MONEY = r"(?:refund|uang(?:nya| saya)? (?:kembali|balik)|duit(?:nya| saya)? (?:kembali|balik)|money back|my money|a refund)"

# Category, urgency, patterns; the first that fits wins, so what is most dangerous comes first.
_FLAGS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "self_harm",
        "urgent",
        (
            r"bunuh diri|(?:meng)?akhiri hidup|capek hidup|bosan hidup|tidak (?:mau|ingin|sanggup|kuat) hidup",
            r"(?:ingin|mau) (?:mati|menghilang|ngilang|hilang|lenyap) ?(?:aja|saja|selamanya|$|[.,!?])|mending mati",
            r"(?:nyakitin|menyakiti|lukai|melukai) diri|nyilet|sayat (?:tangan|diri)",
            r"suicid|kill(?:ing)? myself|end(?:ing)? (?:my life|it all)|want to die|wanna die|rather be dead",
            r"dont (?:really )?(?:want|wanna)(?: to)? (?:live|exist|be alive|wake up|be here (?:anymore|any more))",
            r"self[- ]?harm|(?:hurt(?:ing)?|cut(?:ting)?) myself (?:on purpose|again)|no reason to live|better off without me",
        ),
    ),
    (
        "emergency",
        "urgent",
        (
            r"\bfaint(?:ed|ing)|passed out|pass(?:ing)? out|unconscious|not (?:waking|responding|breathing)|collapsed",
            r"pingsan|tidak sadar(?:kan)? ?(?:diri)?\b|kejang|seizure|pend?arahan|bleeding (?:a lot|heavily|badly|wont stop)",
            r"chest pain|pain in my chest|(?:nyeri|sakit|sesak)(?: di)? dada|\bsesak\b|\bsesek\b|cant breathe|trouble breathing",
            r"heart attack|serangan jantung|\bstroke\b|call an ambulance|panggil ambulan|this is an emergency|keadaan darurat",
        ),
    ),
    (
        "safeguarding",
        "urgent",
        (
            r"touched me|groped|dipegang-pegang|diraba|pelecehan|dilecehkan|melecehkan|sexual(?:ly)? harass|harassed|assault",
        ),
    ),
    (
        "medical",
        "urgent",
        (
            rf"\b{_SEVERE}\b(?:\s\w+){{0,2}}\s(?:pain|ache|cramps?|injury)\b",
            r"\bpain\b.{0,25}\b(?:severe|unbearable|getting worse|very bad|so bad|really bad)\b",
            rf"\b{_HURT}\b(?:\s\w+){{0,3}}\s{_HEAVY}\b|\b{_HEAVY}\b(?:\s\w+){{0,1}}\s{_HURT}nya\b",
            rf"\b{_BODY}\b(?:\s\w+){{0,2}}\s{_HURT}\b(?:\s\w+){{0,2}}\s{_HEAVY}\b",
            rf"\b{_BODY}\b.{{0,20}}\bhurts? (?:so much|a lot|badly|really|like hell)",
            r"cant (?:stand|walk|move|bend|feel)\b|tidak bisa (?:berdiri|jalan(?! kaki)|gerak|bergerak|bangun|napas|nafas)\b",
            r"\b(?:got|was|am|i'm) (?:injured|hurt)\b|\binjured my|(?:saya|barusan|tadi) (?:cedera|keseleo|terkilir)\b",
            r"\bdizzy\b|\bpusing\b.{0,20}\b(?:banget|habis|abis|sejak|terus|parah)|(?:abis|habis) kelas.{0,20}\bpusing",
            r"(?:bleeding|keluar darah|flek).{0,40}(?:pregnan|hamil)|(?:pregnan|hamil).{0,40}(?:bleeding|keluar darah|flek|kontraksi)",
        ),
    ),
    (
        "human_request",
        "normal",
        (
            rf"^\W*(?:{_POLITE}\W+){{0,4}}{_PERSON}(?:\W+{_POLITE}){{0,4}}\W*$",
            rf"\b(?:bicara|chat|talk|speak|connect|hubungi|menghubungi|sambung(?:in|kan)?|dihubungi|transfer me|put me)\b"
            rf"(?:\s\w+){{0,4}}?\s{_PERSON}\b",
            rf"\b(?:minta|mau|butuh|perlu|ingin|need|want)\s(?:(?:no|nomor|nomer|kontak|wa|dengan|an?|the|to|real|actual)\s){{0,3}}{_PERSON}\b",
            r"\bmanusia\b|bukan (?:robot|bot|mesin)|(?:not|isn't|no) an? (?:robot|bot|machine)|real (?:human|person)|actual (?:human|person)",
            r"\b(?:is|ada)\s(?:there\s)?(?:an?\s)?(?:human|admin|orang)(?:nya)?\s(?:there|here|yang bisa|yg bisa)\b",
        ),
    ),
    (
        "billing",
        "normal",
        (
            r"(?:kepotong|terpotong|kedebet|terdebet|kedebit|charged|debited|deducted|ditagih).{0,60}"
            r"(?:dua kali|2x|twice|double|again|tapi|but|padahal|belum|tidak masuk|gagal|failed|wrong)",
            r"(?:double|overs?|wrongly|twice) ?charged|charged me|salah (?:tagih|potong)|double (?:charge|payment)",
            r"(?:transfer|\btf\b|bayar|paid|payment|pembayaran|saldo).{0,40}(?:tapi|but|padahal|namun).{0,40}"
            r"(?:belum|tidak|not|never|no|gagal|hilang|didnt|didn't|hasn't|hasnt)",
        ),
    ),
    (
        "policy_exception",
        "normal",
        (
            r"(?:kredit|paket|kuota|sesi|credits?|package|pass|membership|class).{0,40}(?:hangus|expired?|kadaluarsa|kedaluwarsa|burned).{0,60}"
            r"(?:padahal|karena|soalnya|tolong|perpanjang|because|but i|sick|extend|surat dokter|exception)",
            r"\b(?:make|give me) an exception\b|\bkecualikan\b|minta (?:keringanan|dispensasi|pengecualian)",
        ),
    ),
    (
        "refund",
        "normal",
        (
            rf"\b(?:mau|minta|tolong|ingin|want|need|demand|give me|can i (?:have|get))\b(?:\s\w+){{0,3}}?\s{_MONEY}\b(?! (?:if|kalau|kalo))",
            r"\brefund (?:my|me|saya|punya saya|paket saya)\b|(?:balikin|kembalikan) (?:uang|duit|saldo|kredit|pembayaran)",
            r"(?:tolong|mohon|minta) (?:di)?(?:balikin|kembalikan)\b",
        ),
    ),
    (
        "complaint",
        "normal",
        (
            r"kecewa|kapok|komplain|\bcomplain(?:t|ing)?\b|keluhan|disappoint|unacceptable|disgusting|ridiculous|furious",
            r"\bworst\b|terrible (?:service|experience|class|teacher|studio)|awful|\brude\b|jutek|kasar banget|tidak sopan|kurang ajar",
            r"jorok|(?:kotor|bau) (?:banget|sekali|parah)|(?:so|very|really|was|were) (?:dirty|filthy)|\bfilthy\b",
            r"(?:made|makes|making) (?:jokes|fun|comments) (?:about|of) (?:my|me)|body ?sham|humiliat|discriminat|racist|sexist|rasis|menghina|dihina",
            r"tanggung jawab|who is responsible|\bstolen\b|dicuri|kecurian|\bscam\b|penipu|nipu\b|bohongi|dibohongi",
        ),
    ),
    (
        "cannot_answer",
        "normal",
        (
            r"\b(?:ketinggalan|tertinggal)\b(?! kelas| zaman)|(?:barang|botol|cincin|dompet|hp|handphone|helm|tas|kunci|matras) (?:saya )?hilang",
            r"\bi (?:left|lost|forgot) my\b(?! way| password| mat at home)|lost and found",
        ),
    ),
)
_COMPILED = tuple(
    (category, urgency, re.compile("|".join(f"(?:{pattern})" for pattern in patterns)))
    for category, urgency, patterns in _FLAGS
)
# The answer to these is fixed text: certain, at once, and without a word about yoga.
WITHOUT_MODEL = frozenset({"human_request", "self_harm", "emergency", "medical", "safeguarding"})


@dataclass(frozen=True)
class Flag:
    category: str
    urgency: str
    words: str  # what was recognised, for the summary

    @property
    def fixed(self) -> bool:
        return self.category in WITHOUT_MODEL


def find(text: str) -> Flag | None:
    """The most serious reason in the message to call a person, or None."""
    spelled = _spelled(text)
    for category, urgency, pattern in _COMPILED:
        match = pattern.search(spelled)
        if match:
            return Flag(category, urgency, match[0].strip()[:80])
    return None


def _spelled(text: str) -> str:
    low = re.sub(r"\s+", " ", text.lower().replace("\u2019", "'"))
    for pattern, word in _SPELLINGS:
        low = re.sub(pattern, word, low)
    return low.strip()

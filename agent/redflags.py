"""Words after which a person must take over, whatever the model thinks: a net below the model, not the judge."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.hidden import revealed

# Spellings of chats, so that each pattern below is written once.
_SPELLINGS = {
    "tidak": "gak|ga|nggak|ngga|enggak|engga|gk|tdk|tak",
    "ingin": "pengen|pengin|pgn|pingin|kepengen|pengennya|penginnya|inginnya|maunya",
    "banget": "bgt|bngt|banged|bgtt",
    "capek": "cape|capai|capek|lelah",
    "bicara": "ngomong|ngobrol|bicara|bcr|omong|chattingan|chatting",
    "dengan": "sm|ama|sama|dgn|dengan|ke",
    "staf": "staf|staff|stafnya",
    "saya": "aku|gue|gw|sy|saya|gua",
    "hilang": "hilang|ilang|hlg",
    "sudah": "udah|udh|sdh|dah",
    "belum": "blm|blom",
    "dont": "don't|dont|do not",
    "cant": "can't|cant|cannot|can not",
    "hidup": "idup|hidup|hdp",
    "napas": "nafas|nafs|napas|nfs",
    "mau": "mo|mw|mau",
    "tidak mau": "gamau|gmau|gakmau|ogah",
    "tidak bisa": "gabisa|gbisa|gakbisa|gbs|gabs",
    "tidak kuat": "gakuat|gakkuat",
}
_WORDS = {each: word for word, spellings in _SPELLINGS.items() for each in spellings.split("|")}
_SPELLING = re.compile(
    rf"\b(?:{'|'.join(map(re.escape, sorted(_WORDS, key=len, reverse=True)))})\b"
)

_PERSON = (
    r"(?:admin(?!istra)|orang(?! tua| lain)|org|manusia|humans?(?: being)?|(?:real|live|actual) (?:person|people)|person|staf|cs|customer service|operator|"
    r"(?:live|human) agent|agent|someone|somebody|manager|manajer|owner|pemilik|resepsionis|receptionist|reception)"
)
_POLITE = (
    r"(?:kak|kakak|don[gk]+|pls|please|plis|ya|yaa|tolong|mbak|mas|min|real|asli|aja|saja|mau|the|a|an|i want|want|ada|dengan|nya|sih|deh|"
    r"jangan bot|bukan bot|mana|need|needed|now|langsung|lgsg|woy|oi|"
    r"get me|give me|only|beneran|benar|betulan|online|standby|tidak|kah|di sini|disini|dulu|doang|plz)"
)
_BODY = (
    r"(?:back|neck|knee|shoulder|hip|chest|head|leg|arm|wrist|ankle|stomach|belly|spine|punggung|pinggang|leher|"
    r"lutut|bahu|pinggul|dada|kepala|kaki|tangan|pergelangan|perut|tulang)"
)
_SEVERE = r"(?:severe|sharp|terrible|horrible|extreme|unbearable|intense|really bad|so bad|very bad|bad|awful|acute)"
_HURT = r"(?:sakit|nyeri|ngilu|kram)"
_HEAVY = r"(?:banget|parah|hebat|sekali|luar biasa|tidak tertahan|menusuk|amat)"
_MONEY = r"(?:refund|uang(?:nya| saya)? (?:kembali|balik)|duit(?:nya| saya)? (?:kembali|balik)|money back|my money|a refund)"

_HIDUP = r"(?:ku|nya)?(?: (?:saya|ini|gini))?"
# What else “mati” is said of: a lamp, boredom, laughing.
_NO_DEATH = r"(?! (?:lampu|listrik|gaya|ac\b|air|ketawa|tertawa|kutu|suri|rasa\b|penasaran|bosan|bosen|gaya|kepanasan|kedinginan|kelaparan))"

# Category, urgency, patterns; the first that fits wins, so what is most dangerous comes first.
_FLAGS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "self_harm",
        "urgent",
        (
            r"bunuh\W?diri|\bbundir\b|gantung diri|\b(?:meng|ng)?akhir(?:i|in) (?:hidup|nyawa|semua|segala)|(?:habisi|habisin|cabut) nyawa",
            rf"\b(?:capek|muak|bosan|bosen|jenuh|benci|males|malas)(?: (?:banget|sekali|sudah|saya|rasanya))?(?: (?:dengan|jalanin|jalani|menjalani|ngejalanin|untuk|buat))? hidup{_HIDUP}\b(?! (?:sehat|di (?!dunia|sini)|kota))",
            r"\btidak (?:mau|ingin|sanggup|kuat|tahan)(?: lagi)?(?: (?:buat|untuk|jalanin|jalani|menjalani))? hidup\b|\b(?:buat|untuk) apa (?:saya )?hidup\b|\bngapain (?:saya )?hidup\b",
            r"(?<!lampunya )(?<!lampu )(?<!listriknya )(?<!listrik )(?<!\bac )(?<!acnya )(?<!ac-nya )(?<!hp )(?<!hpnya )(?<!baterainya )(?<!kipasnya )"
            rf"\b(?:ingin|mau|(?:ke)?pikir(?:an)?|mikir(?:in)?|mending(?:an)?|(?:lebih|lbh) baik|berharap|pantas|harusnya|kalau saya|kalo saya|klo saya)(?: (?:saya|buat|untuk|cepat|cepet|segera|lekas|ikut|langsung|rasanya)){{0,2}} mati\b(?!-){_NO_DEATH}",
            r"(?:ingin|mau) (?:menghilang|ngilang|hilang|lenyap) ?(?:aja|saja|selamanya|$|[.,!?])|\btidur selamanya\b|\bhidup(?:ku)? (?:tuh|itu|ini|saya) (?:capek|melelahkan)\b",
            r"\b(?:ingin|mau|mending(?:an)?|kepikiran|coba|nekat)(?: \w+){0,2} (?:loncat|lompat|terjun)(?: \w+)? dari (?:jembatan|gedung|lantai|atap|balkon|apartemen|rooftop|tebing)",
            r"\b(?:minum|nenggak|menenggak|telan|nelen|menelan)(?: \w+)? (?:racun|baygon|pemutih|pestisida)\b|\b(?:minum|telan|nelen|menelan|nenggak) (?:semua|sebotol|banyak) (?:obat|pil)",
            r"\b(?:iris|ngiris|mengiris|sayat|nyayat|menyayat|silet|menyilet|nyilet|gores|potong)(?: urat)? (?:nadi|tangan saya|pergelangan)\b|(?:me)?nyerah (?:aja |saja )?(?:dengan |dari )?hidup\b|(?:baik|bahagia|tenang) tanpa saya\b",
            rf"\bhidup{_HIDUP}(?: (?:sudah|rasanya|terasa|memang|kayak)){{0,2}} (?:tidak (?:ada )?(?:lagi )?(?:guna|arti|makna|harapan|berguna|berarti|berharga|bermakna|layak)|sia-sia|percuma)",
            r"kill(?:s|ed|ing)? (?:my|him|her|them|your) ?sel(?:f|ves)|\bunaliv|\b(?:i|i'?ll|gonna|wanna|want to|might|should|imma|going to)(?: just)? kms\b|^\W*kms\W*$",
            r"\b(?:hang|hanging|shoot|drown|poison)(?:ing)? (?:my|him|her|them) ?sel(?:f|ves)\b(?! (?:upside|in (?:the )?(?:silks?|hammock)|from (?:the )?(?:silks?|hammock)))|\b(?:slit|slash|cut)(?:ting)? (?:my|her|his|their) wrists?\b|(?:tak(?:e|ing)|end(?:ing)?) (?:my|her|his|their) (?:own )?life\b",
            r"(?<!dont )(?<!not )(?<!n't )\b(?:want(?:s|ing)?(?: to)?|wanna|urges? to|(?:thinking|thoughts?) (?:of|about)|feel like) (?:hurt|harm|cut)(?:ting|ing)? (?:my|her|him|them) ?sel(?:f|ves)\b",
            r"\b(?:tired|sick|done) (?:of|with) (?:my life|life|living|being alive|existing)\b(?! (?:in|with|here|far|at|out|on|near|coach)\b)|\bhate (?:being alive|living)\b(?! (?:in|with|here|far|at|so))",
            r"\bwish i (?:(?:didn't|didnt|did not|dont) exist|(?:had |was |were |'d )?never (?:been |was )?born|(?:was|were) (?:not alive|not here anymore)|could (?:just )?(?:die|vanish|sleep forever|not exist))",
            r"\bnever wake up\b(?! (?:this|that|so|too|early|earlier|late|at|in|before|for|on|by)\b)|\b(?:and|to) not wake up (?:again|any ?more|tomorrow)|\b(?:want to|wanna|wish i could|let me)(?: just)? sleep forever\b(?! after)",
            r"\b(?:took|taken|take|taking|swallow(?:ed|ing)?) (?:all|too many|a bunch|a lot|a (?:whole )?bottle|the whole bottle)(?: of)?(?: (?:my|the|these|her|his|sleeping))* (?:pills|meds|medication|tablets)",
            r"\b(?:want|wanna|wants|going|gonna|thinking)(?: \w+){0,3} jump(?:ing)? (?:off|from|in front of) (?:an?|the|my|this) (?:bridge|building|roof|balcony|train|car|bus|truck)",
            r"\b(?:want|wants|wanting)(?: to)?(?: just)? die\b|\bwant to be dead\b|\bhope i die\b|\blet me die\b|\bshould just die\b|\bbetter off dead\b|\brather die\b(?! than)|nothing (?:left )?to live for|(?:no|lost (?:the|my)) will to live|giv(?:e|ing) up on (?:life|living)",
            r"\blife (?:is|feels|has) (?:so |just |completely )?(?:pointless|meaningless|hopeless|no meaning|no point)|\bcant take (?:it|this|life) any ?more|\b(?:want to|wanna)(?: just)? disappear\b(?! (?:for an?|from (?:work|instagram|social)))|\bi'?(?: ?a?m) (?:going to|gonna) end it(?: (?:tonight|now|today|soon))?\W*$|\bcant live (?:like this|any ?more)|point (?:in|of) (?:living|life|being alive)|happier without me|better without me|\b(?:sucid|suisid)(?:e|al)\b",
            r"(?:nyakitin|menyakiti|lukai|melukai) diri|nyilet|sayat (?:tangan|diri)",
            r"suicid(?!e? (?:awareness|prevention))|end(?:ing)? (?:my life|it all)|want to die|wanna die|rather be dead",
            r"dont (?:really )?(?:want|wanna)(?: to)? (?:live|exist|be alive|wake up|be here (?:anymore|any more))",
            r"self[- ]?harm|(?:hurt(?:ing)?|cut(?:ting)?) myself (?:on purpose|again)|no reason to live|better off without me",
            r"(?:been|keep|started|started to) (?:hurting|cutting) myself|cut(?:ting)? myself(?! (?:a|some|shaving))|no point (?:in )?(?:living|going on)",
            r"(?:want|wish|ready for) (?:everything|it all|this all|all of this|my life) to (?:end|be over|stop)|(?:ingin|mau) (?:meng)?hilang(?: diri)? dari (?:dunia|sini|muka bumi)",
            r"tidak (?:ada|punya|nemu) (?:lagi )?(?:alasan|semangat|harapan|gairah)(?: lagi)? (?:buat |untuk )?hidup|menghilang (?:dari dunia|selamanya)",
            r"cant (?:go on|do this)(?: any ?more| like this)|(?:life|living) (?:is|isn't|isnt|not) (?:not )?(?:worth|meaningless)|not worth living",
            r"(?:no ?body|no one) (?:would|will|'d) (?:miss|notice|care)|disappear forever|wish i (?:was|were|could be) (?:dead|never born|gone)",
            r"(?:hidup(?:ku| saya)?|semua(?:nya)?) (?:sudah )?tidak (?:ada )?(?:arti|guna|makna|berarti|berharga)|tidak (?:ada )?(?:gunanya|artinya) hidup",
            r"tidak (?:sanggup|kuat|mau|ingin|tahan)(?: lagi)? (?:buat |untuk )?hidup|(?:lebih baik|lbh baik|mending(?:an)?) (?:saya )?(?:mati|tidak ada|tiada)",
            r"(?:meng)?akhiri (?:semua(?:nya)?|segalanya|hidup)|tidak pantas hidup|ingin (?:tidur )?(?:dan )?(?:tidak|gak) bangun lagi",
        ),
    ),
    (
        "emergency",
        "urgent",
        (
            r"\bdada(?: saya)?(?: \w+)? (?:sakit|nyeri|sesak|panas)\b|(?:tangan|lengan|muka|wajah) (?:saya )?(?:kebas|mati rasa|lumpuh)|(?:face|arm) (?:is |went )?(?:numb|drooping)|"
            r"\bfaint(?:ed|ing)|passed out|pass(?:ing)? out|unconscious|not (?:waking|responding|breathing)|collapsed",
            r"pingsan|tidak sadar(?:kan)? ?(?:diri)?\b|kejang|seizure|pend?arahan|bleeding (?:a lot|heavily|badly|wont stop)",
            r"\btersedak\b|\bkeselek\b|\bchok(?:ing|ed)\b(?! up)|\b(?:muntah|batuk|berak) darah\b|\b(?:kepala|telinga|mulut)(?:nya|ku)?(?: (?:saya|dia|anak saya|teman saya))?(?: \w+)? (?:berdarah|bocor)\b|berdarah (?:banyak|terus|deras|parah|tidak berhenti)|\bperdarahan\b|\bbanyak darah\b|\btidak bangun[- ]bangun\b(?! pagi)|\bjantung(?:nya)?(?: saya)? (?:sakit|nyeri)|darah(?:nya)? (?:tidak (?:mau )?berhenti|banyak|ngucur|mengucur)",
            r"\b(?:susah|sulit|kesulitan|tidak bisa|tidak bs|berhenti|tidak)(?: (?:buat|untuk))? (?:ber)?napas\b(?! (?:lewat|dari|melalui|perut))|\bmegap-megap\b|henti jantung|cardiac arrest",
            r"\b(?:cant|stop(?:ped|s)|barely|struggling to|unable to|isn't|isnt|can hardly) breath(?:e|ing)?\b|gasping for (?:air|breath)|no pulse|unresponsive|wont wake up|won't wake up|\bchest (?:hurts?|hurting|is (?:hurting|tight)|feels? (?:tight|heavy))|(?:tightness|pressure) (?:in|on) (?:my|his|her) chest",
            r"\boverdos(?:e|ed|is|ing)\b(?! (?:of )?(?:fun|yoga|love|sugar|caffeine|stress))|gawat ?darurat|(?:situasi|kondisi) darurat|\bdarurat (?:kak|tolong|banget|nih|dong|min)\b|\btolong\W+darurat|\b(?:butuh|perlu|need|send|get|hubungi|telp(?:on)?|call|tolong|please|pls|panggil(?:in|kan))(?: (?:an?|the|panggil))? ambulan",
            r"(?<!pemadam )(?<!asuransi )(?<!alarm )\bkebakaran\b(?! (?:jenggot|kalori))|(?:studio|building|house|room|kitchen) is on fire|there(?:'s| is) a fire\b(?! (?:exit|pit|extinguisher|alarm|ceremony|class|place))|gas leak|(?:kebocoran gas|gas(?:nya)? bocor)",
            r"ketuban(?:nya|ku)?(?: (?:saya|sudah|istri saya|kayaknya))* (?:pecah|rembes|keluar)|pecah ketuban|\bwaters? (?:has |have |just )?(?:broke|broken)\b|(?:in|into) labou?r\b(?! (?:day|prep|class|workshop))|\b(?:ada|anak|teman|temen|orang)(?: \w+){0,2} tenggelam\b|\b(?:is|are|was) drowning\b(?! in)|kesetrum|tersengat listrik|electrocuted|keracunan|anaphyla|anafila|throat is (?:closing|swelling)",
            r"chest pain|pain in my chest|(?:nyeri|sakit|sesak)(?: di)? dada|(?<!suka )(?<!ruangannya )(?<!tempatnya )\b(?:sesak|sesek)\b(?! (?:kalau|klo|kalo|tidak|gak)|nya| tempat)(?!.{0,15}\bpenuh)|(?<!suka )\b(?:sesak|sesek) (?:na(?:p|f)as|banget)|cant breathe|(?<!is it )(?:trouble|difficulty|hard(?: time)?) (?:to )?breath(?:e|ing)",
            r"heart attack|serangan jantung|(?<!pasca )(?<!post )(?<!post-)(?<!pernah )(?<!habis )(?<!bekas )(?<!riwayat )(?<!after )(?<!after a )(?<!after my )(?<!yoga )\bstroke\b(?! (?:recovery|rehab\w*|survivors?|patients?)|.{0,30}\b(?:(?:bisa|boleh) ikut|tahun lalu|years? ago|recover\w*))|call an ambulance|panggil ambulan|(?:this is|its|it's) an emergency|keadaan darurat|^\W*darurat|emergency (?:please|help|at)|mata (?:saya )?gelap|tidak sadarkan",
        ),
    ),
    (
        "safeguarding",
        "urgent",
        (
            r"(?:nyentuh|menyentuh|pegang(?:-pegang)?|megang(?:-megang)?|raba(?:-raba)?|meraba) (?:badan |tubuh )?(?:saya|aku|anak saya)|"
            r"stalk(?:ed|ing)|followed me|(?:feel|felt) unsafe|tidak merasa aman|diikutin? (?:orang|dari|sampai)|inappropriate(?:ly)?|"
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
            r"\b(?:keseleo|terkilir|kecetit|kesleo|patah (?:tulang|kaki|tangan)|sprained|dislocated|pulled a muscle|torn (?:muscle|ligament))\b",
            rf"\bi(?:'ve)? (?:hurt|injured|strained|pulled|twisted|tweaked) my\b|\b{_BODY}\b(?:\s\w+){{0,2}}\s{_HURT}\b.{{0,15}}\b(?:sejak|habis|abis|setelah|dari) (?:kelas|latihan|yoga|kemarin|tadi)",
            rf"\b{_BODY}\b(?:\s\w+){{0,2}}\stidak bisa (?:di)?(?:gerak\w*|nengok|noleh|ditekuk|tekuk|lurus|diluruskan|angkat|diangkat)",
            r"(?:baru(?: saja)?|habis|abis|bekas|just had|had an?|recent|after(?: my)?) (?:operasi|caesar|sesar|surgery|operation)|(?:punya|ada|have|got)(?: an?)? (?:hnp|saraf kejepit|slipped disc|herniat\w+)",
            r"\bdizzy\b|\bpusing\b.{0,20}\b(?:banget|habis|abis|sejak|terus|parah)|(?:abis|habis) kelas.{0,20}\bpusing",
            rf"\b{_BODY}\b (?:is|are|was) killing me|\b{_BODY}\b(?:\s\w+){{0,2}}\s(?:bengkak|memar|lebam|kebas|mati rasa|kaku banget)|\b{_BODY}\b.{{0,15}}\b(?:swollen|swelling|popped|numb|bruised)",
            r"(?:hamil|pregnan\w*).{0,25}(?:\bkram|\bcramp|\bnyeri|\bpain\b|\bmules|kontraksi|contraction)|(?:\bkram|\bcramp|\bnyeri|contraction).{0,25}(?:hamil|pregnan)",
            r"(?:bleeding|keluar darah|flek).{0,40}(?:pregnan|hamil)|(?:pregnan|hamil).{0,40}(?:bleeding|keluar darah|flek|kontraksi)",
        ),
    ),
    (
        "human_request",
        "normal",
        (
            rf"^\W*(?:{_POLITE}\W+){{0,4}}{_PERSON}(?:\W+{_PERSON}){{0,5}}(?:\W+{_POLITE}){{0,4}}\W*$",
            rf"\b(?:bicara|chat|talk|speak|connect|hubung(?:i|kan|in)|menghubungi|sambung(?:in|kan)?|dihubungi|transfer me|put me|forward me|hand me|pass me|curhat|ngadu|lapor|cerita)\b"
            rf"(?:\s\w+){{0,4}}?\s{_PERSON}\b",
            rf"\b{_PERSON}nya (?:mana|ada)\b|\bmana {_PERSON}nya\b|\bada {_PERSON}nya\b(?: (?:tidak|sih|kah|dong))*\W*$",
            r"\b(?:ketemu|jumpa|bertemu|meet|see) (?:dengan )?(?:your )?(?:manajer|manager|owner|pemilik|admin)(?:nya)?\b",
            r"\b(?:di)?(?:telpon|telepon|hubungi|kontak|chat)(?:in|kan)?\b(?:\s\w+){0,2}?\s(?:admin|staf|tim|owner|manajer|resepsionis)(?:nya)?\b(?! (?:jam|kapan|buka|berapa))",
            r"\b(?:can|could|would|please|pls|tell|have|let)\b(?:\s\w+){0,3}?\s(?:some(?:one|body)|team|staf|manager|owner)\b.{0,25}\b(?:call|contact|phone|ring|message|text) me\b",
            r"\b(?:admin|staf|tim|orang)(?:nya)?\b(?:\s\w+){0,3}?\s(?:bisa|yg bisa|yang bisa) (?:di)?(?:telpon|telepon|telp|hubungi|chat|wa)",
            r"\bcall me(?: back)?\b(?! (?:maybe|later alligator|crazy|old))|\bhubungi saya\b|\btelp(?:on)? saya\b",
            rf"\b(?:minta|mau|butuh|perlu|ingin|need|want)\s(?:(?:no|nomor|nomer|kontak|wa|dengan|an?|the|to|real|actual)\s){{0,3}}{_PERSON}\b(?! (?:to|who|tua|berapa|buat|untuk|yang))",
            r"\b(?:bicara|chat|talk|speak|connect me)(?: (?:to|with|dengan|the|your|someone|somebody|anyone|from|on|in|directly|langsung))+ (?:team|tim)(?:nya)?\b|\bjangan (?:\w+ ){0,2}(?:bot|robot|ai)\b|\b(?:can|could|may) i (?:get|have) (?:an? |the )?(?:human|real person|operator|agent|manager|admin)\b(?! (?:design|fee))|\b(?:di)?(?:balas|bales|jawab) (?:oleh |dengan )?(?:admin|orang|manusia|staf)\b(?! tua)",
            r"\btidak (?:mau|ingin|suka|butuh|perlu) (?:\w+ ){0,3}(?:chat)?(?:bot|robot|ai)\b|\bdont (?:want|like|need)(?: to)?(?: (?:talk|speak|chat)(?:ing)?)?(?: (?:to|with))?(?: (?:an?|this|the))? (?:chat)?(?:bots?|robots?|ai)\b|^\W*no (?:more )?bots?\b",
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
            r"(?:sudah|udah) (?:bayar|tf|transfer|lunas).{0,30}\b(?:belum|tidak|kok)\b.{0,25}\b(?:masuk|aktif|muncul|dikonfirmasi|konfirmasi|dibalas|ada|update)",
            r"\b(?:tf|transfer(?:an)?|bayar|pembayaran|payment)\b.{0,30}\b(?:belum|tidak) (?:di)?(?:konfirmasi|masuk|terima|aktif|proses)|salah (?:transfer|tf|kirim uang|bayar)",
            r"(?:gagal|failed|error)\b.{0,20}\b(?:tapi|but)\b.{0,30}\b(?:potong|kepotong|terpotong|charged|debit)|(?:kepotong|terpotong|ditagih) (?:2x|dua kali|double)",
            r"\b(?:billed|charged|paid|debited|deducted)\b.{0,20}\b(?:two times|twice|2x|2 times|again|more than once)",
            r"\b(?:saldo|uang|dana|pembayaran|gopay|ovo|kredit)(?: saya)?\b.{0,15}\b(?:hilang|lenyap|raib|kepotong|terpotong)\b.{0,25}\b(?:bayar|transfer|booking|tf|padahal|setelah)",
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
            r"(?:expired?|hangus|kadaluarsa|kedaluwarsa)\b.{0,25}\b(?:sick|sakit|surat dokter|hospital|rumah sakit|dirawat|opname|emergency|musibah|mohon|gara-gara|injury|cedera)",
            r"(?:kasih|beri|berikan|mohon|minta|tolong|ada)(?: kasih| beri)? (?:keringanan|dispensasi|pengecualian|toleransi)",
            r"\b(?:make|give me) an exception\b|\bkecualikan\b|minta (?:keringanan|dispensasi|pengecualian)",
        ),
    ),
    (
        "refund",
        "normal",
        (
            rf"\b(?:mau|minta|tolong|ingin|want|need|demand|give me|can i (?:have|get))\b(?:\s\w+){{0,3}}?\s{_MONEY}\b(?! (?:if|kalau|kalo))",
            r"^\W*(?:kak |min |halo |hi |pls |please )*refund(?: (?:dong|kak|ya|pls|please|now|aja|min))*[^\w?]*$|\bi(?:'d| would)? (?:like|want|need|demand)(?: to (?:get|have|ask for|request))? (?:a|my|the)? ?(?:full )?refund\b",
            r"\b(?:uang|duit|dana)(?: saya|nya)? (?:mohon |tolong |harap )?(?:di)?(?:balikin|kembalikan|balikan|blkn|kembaliin)|(?:mau|minta|ingin|ajukan|mengajukan)(?: minta)? (?:pengembalian|refund)",
            r"\b(?:give|pay|send|transfer|return|get) (?:me )?(?:back )?(?:the|my|our) (?:money|cash|deposit|payment)(?: back)?\b(?! (?:to|via|by|using))",
            r"\brefund (?:my|me|saya|punya saya|paket saya)\b|(?:balikin|kembalikan|blkn) (?:uang|duit|saldo|kredit|pembayaran)",
            r"(?:tolong|mohon|minta) (?:di)?(?:balikin|kembalikan)\b",
        ),
    ),
    (
        "complaint",
        "normal",
        (
            r"\b(?:tidak|kurang|gak) puas\b|\b(?:not|un|isn't|wasn't|am not)[ -]?(?:happy|satisfied)\b(?!.{0,15}\?)|(?:really|so|very|quite) (?:upset|annoyed|angry|mad)\b|"
            r"kecewa|\bkapok\b|komplain|\bcomplain(?:ing)?\b|(?:a|my|file|make|formal) complaint\b|keluhan|\bnyesel\b|menyesal|zonk\b|disappoint|unacceptable|disgusting|ridiculous|furious",
            r"\bworst (?:\w+ )?(?:studio|class|teacher|service|experience|place|yoga|staf|ever)\b|terrible (?:service|experience|class|teacher|studio)|\bawful\b(?! lot\b)|\b(?:so|very|really|was|were|extremely|too|such a|being) rude\b|\brude\b(?!\W*\?\s*$)|jutek(?! (?:tidak|kah)\b)|(?:guru|pengajar|admin|staf|pelatih|instruktur|resepsionis)(?:nya)? (?:\w+ )?(?:kasar|galak banget|jutek|judes|nyebelin|marah)(?! (?:tidak|kah)(?: (?:ya|kak|sih|min|mbak|mas))*\W*$)|kasar banget|judes|tidak sopan|tidak (?:profesional|becus)|unprofessional|"
            r"(?:pelayanan|servis|service|layanan)(?:nya)? (?:\w+ )?(?:buruk|jelek|parah|payah|mengecewakan|lambat|lama banget)|(?:bad|poor|horrible) (?:service|experience)|"
            r"(?:tidak ada|tanpa) (?:kabar|pemberitahuan|info).{0,25}(?:parah|kesal|kesel|keterlaluan)|keterlaluan|kesal banget|kesel banget|emosi (?:saya|banget)|jijik|kurang ajar",
            r"jorok|(?:kotor|bau) (?:banget|sekali|parah)|(?:so|very|really|was|were) (?:dirty|filthy)|\bfilthy\b",
            r"(?:made|makes|making) (?:jokes|fun|comments) (?:about|of) (?:my|me)|body ?sham|humiliat|discriminat|racist|sexist|rasis|menghina|dihina",
            r"(?:minta|mana|tidak|harus|kalian) (?:\w+ )?(?:ber)?tanggung jawab|who is responsible|\bstolen\b|dicuri|kecurian|\bscam\b|penipu|nipu\b|bohongi|dibohongi",
        ),
    ),
    (
        "cannot_answer",
        "normal",
        (
            r"\b(?:ketinggalan|tertinggal)\b(?! kelas| zaman)|(?:barang|botol|cincin|dompet|hp|handphone|helm|tas|kunci|matras) (?:saya )?hilang(?!,? (?:tanggung|siapa|gimana))",
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
    readings = list(dict.fromkeys(_readings(text)))
    for category, urgency, pattern in _COMPILED:
        for reading in readings:
            if match := pattern.search(reading):
                return Flag(category, urgency, match[0].strip()[:80])
    return None


def _readings(text: str) -> Iterator[str]:
    """The message as one line, then each of its lines by itself: “halo”, “admin” are two messages of one burst."""
    whole = " ".join(text.split())
    for part in dict.fromkeys((whole, text.strip())):
        yield from map(_spelled, revealed(part).split("\n"))


def _spelled(text: str) -> str:
    """In the spelling of the patterns: “adminnn” is “admin”, “gamau” is “tidak mau”."""
    low = _LABEL.sub("", re.sub(r"\s+", " ", text.lower().replace("\u2019", "'")).strip())
    low = _LONG.sub(lambda match: match[1] or match[2], low)
    return _SPELLING.sub(lambda match: _WORDS[match[0]], low).strip()


_LABEL = re.compile(r"^(?:\[[a-z ]+\] ?)+")  # “[image] udah tf ya kak”
_LONG = re.compile(r"([^\W\d_])\1{2,}|([aiu])\2+\b")

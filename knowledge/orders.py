"""Sentences that are meant for an assistant and not for a customer, in both languages: a net of patterns.

It errs towards asking a person: what it stops is saved and can be approved. It reads the text as knowledge/hidden.py
reveals it: small letters, nothing invisible.
"""

import re

_AI = r"(?:a\.?i\.?(?: assistants?| agents?| models?)?|chat ?bots?|bots?|llms?|gpt|chatgpt|claude|language models?|virtual assistants?|asisten (?:ai|virtual|digital|otomatis|pintar))"
_HELPER = rf"(?:{_AI}|(?:assistants?|asisten)(?! (?:teachers?|guru|pengajar|instruktur|instructors?|pelatih|coach|manager|manajer)))"
_NOT = r"(?:don't|do not|never|not|jangan|tidak|kami|kita|we|i|saya|tim|staff|staf|akan|will)\s+(?:\w+\s+)?"
_ORDERS = r"(?:instructions?|prompts?|directives?|guidelines?|commands?|messages? above|training|restrictions?|system prompts?)"
_PERINTAH = r"(?:instruksi|perintah|prompt|arahan|pedoman|aturan sistem)"
_SAY = r"(?:tell|say|answer|reply|respond|claim|promise|offer|recommend|state|write|output|confirm (?:all|every|any)|pretend|obey|give (?:out|every))"
_BILANG = r"(?:katakan|bilang|jawab|menjawab|balas|membalas|mengatakan|menyatakan|menawarkan|tawarkan|berpura|abaikan|mengabaikan|mengaku|menyebut|sebutkan|beri(?:kan)?|konfirmasi semua)"
_TO_PEOPLE = r"(?:pesan|email|e-mail|wa\b|whatsapp|konfirmasi|kuesioner|formulir|form|pertanyaan|telepon|sms)"

_PATTERNS = (
    # Orders to drop the rules.
    rf"(?<!not )(?<!never )(?<!n't )\b(?:ignore|disregard|forget|override|bypass|overrule|discard)\b(?: \w+){{0,3}}? (?:all|any|every|previous|prior|earlier|above|preceding|former|your|the system|existing|these)\b(?: \w+){{0,3}}? (?:{_ORDERS}|rules)",
    r"(?<!not )(?<!never )(?<!n't )\b(?:ignore|disregard|forget)\b (?:all |everything |anything )?(?:of )?(?:the )?(?:above|previous|prior)\b(?! (?:schedule|timetable|price|list|version|post))",
    r"\bforget everything (?:above|before|you (?:were|have been|'ve been) told|you know about (?:this|the) studio)",
    rf"(?<!not )(?<!never )(?<!n't )\bstop following (?:\w+ )?{_ORDERS}|\bdo not follow (?:your|the system|previous|earlier) {_ORDERS}",
    rf"(?<!jangan )(?<!tidak )(?<!boleh )\b(?:abaikan|mengabaikan|lupakan|hiraukan|kesampingkan|acuhkan)\b(?: \w+){{0,3}}? {_PERINTAH}(?! (?:guru|pengajar|instruktur|pelatih|di kelas|lama di))",
    r"(?<!jangan )(?<!tidak )\b(?:abaikan|lupakan)\b (?:semua|segala|seluruh) (?:yang )?(?:di ?atas|sebelumnya|aturan)",
    rf"\bjangan ikuti {_PERINTAH} (?:sebelumnya|sistem|awal|studio)",
    # Notes and roles.
    rf"\b(?:notes?|messages?|memo|attention|instructions?|reminder|catatan|pesan|instruksi|perintah|perhatian|pengumuman)\W{{0,3}}(?:to|for|untuk|buat|bagi|kepada|ke|:)\W{{0,3}}(?:the |all |any |para |semua |setiap |our )?{_HELPER}\b",
    rf"(?:^|\n)\W{0,9}(?:dear|hey|hi|halo|hai|attention|to|for|untuk|kepada)? ?(?:the |para )?{_AI}\W{{0,2}}[:,]\s",
    r"(?:^|\n)[\W\d]{0,9}(?:system|sistem|developer|human|user|assistant)\s*(?:override|message|prompt|note)?\s*(?:[*_]{0,2}):(?!\s*(?:made|komang|wayan|ketut)\b)",
    r"[\[<{(|]{1,2}/?\s*(?:system|sistem|inst|im_start|im_end|assistant|developer|instruksi|instructions?|admin)\b[^\]>})\n]{0,30}[\]>})|]",
    r"</?(?:entry|message|customer_name|knowledge|tool_result|function_calls?)\b|###\s*(?:system|instructions?|instruksi)\b",
    rf"\b(?:you are|you're|kamu adalah|anda adalah|kau adalah) (?:now |sekarang )?(?:an? |the |our )?(?:\w+ ){{0,2}}?{_HELPER}\b",
    r"\byou are now (?:an?|the|free|unrestricted|called|acting|no longer|in (?:\w+ )?mode)\b",
    rf"\b(?:as (?:an?|the|our)(?: \w+'s)?|sebagai) {_AI}\b",
    rf"\b(?:as (?:an?|the)|sebagai) (?:assistant|asisten)\b\W+(?:you|kamu|anda|kau|always|selalu|never|jangan|please|{_BILANG})\b",
    rf"\b(?:act|behave|respond|answer|pretend|bertindak|berperan|berpura-pura)(?:lah)? (?:as|like|to be|sebagai|jadi|seolah)\W+(?:if )?(?:you(?:'re| are| were) )?(?:an? |the )?(?:{_HELPER}|admin\b|owner|pemilik|system|developer|dan\b|unrestricted|someone else)",
    # What the assistant must say or hide.
    rf"\byou (?:(?:must|should|shall|have to|need to|are to) (?:always |never |only |now |not )*|(?:will|may) (?:always |never |only |now )+)(?:{_SAY}|ignore|disregard|follow (?:these|this|my))\b(?! (?:to|by|within|before|latest|until|at|the teacher|your teacher|us\b|the front|reception|staff)|[^.\n]{{0,30}}(?:question|form|waiver|within|email|e-mail|injur))",
    rf"\b(?:kamu|anda|kau|lo) (?:harus|wajib|mesti|diminta|diperintah\w*) (?:selalu |hanya |untuk |segera )*{_BILANG}\w*\b(?! (?:\w+ )?{_TO_PEOPLE})",
    r"(?<![\w'])(?<!we )(?<!will )(?<!to )(?<!i )(?<!and )(?:tell|inform|convince|ask|instruct)(?: to)? (?:every|all|each|any) (?:the |our |new )?(?:customers?|users?|clients?|people who (?:ask|write))\b",
    r"(?<!kami )(?<!akan )(?<!kita )(?<!selalu )(?<!tim )\b(?:katakan|bilang|beri ?tahu(?:kan)?|informasikan|sampaikan|minta|suruh|arahkan)(?:lah)?(?: (?:kepada|pada|ke|agar))?(?: (?:semua|setiap|tiap|para|seluruh))? ?(?:pelanggan|pengguna|customer|klien)\b",
    rf"\bmulai sekarang,? (?:kamu |anda )?(?:{_BILANG})\b|\bfrom now on,? (?:you (?:are|must|will|answer|say|reply)|always|never|(?:only )?(?:answer|reply|say|tell))\b",
    rf"\b{_AI} (?:must|should|shall|has to|have to|needs? to|harus|wajib|mesti|diminta|is instructed|are instructed)\b",
    rf"\b(?:assistant|asisten) (?:must|should|shall|has to|harus|wajib|mesti) (?:always |never |not |selalu |tidak )*(?:{_SAY}|{_BILANG}|ignore)",
    r"\b(?:every|each|any|all|setiap|semua|tiap) (?:of your )?(?:answers?|repl(?:y|ies)|responses?|jawaban|balasan)\b[^.\n]{0,20}\b(?:must|should|has to|have to|harus|wajib|mesti)\b",
    r"\b(?:do not|don't|never|jangan(?: pernah)?)\W+(?:mention|reveal|show|repeat|disclose|quote|sebut\w*|tampilkan|ungkap\w*|bocorkan|beri ?tahu\w*)\W+(?:\w+\W+){0,2}?(?:this|these|ini)\W*(?:\w+\W+)?(?:notes?|message|instructions?|text|line|rule|catatan|pesan|instruksi|teks|perintah)\b",
    r"\b(?:reveal|show|print|repeat|leak|output|tampilkan|bocorkan)\b[^.\n]{0,20}\b(?:system prompt|your (?:prompt|instructions|rules)|prompt (?:sistem|kamu))",
    r"\b(?:jailbreak|prompt injection|developer mode|god mode|tool_use|escalate_to_human|knowledge_search)\b",
    # What to say when somebody asks, and who to be.
    rf"\b(?:if|when|whenever|jika|kalau|kalo|bila|apabila|setiap|tiap|ketika|saat)\b[^.\n]{{0,40}}\b(?:asks?|asked|bertanya|tanya|menanyakan|nanya)\b[^.\n]{{0,40}}[, ](?:answer|say|reply|tell (?:them|her|him)|give|respond|claim|jawab|jawablah|{_BILANG}|kasih)\b",
    r"\bwhen(?:ever)? (?:you (?:answer|reply|respond)|answering|replying|responding)(?: \w+)?,? (?:always|never|only|you|add|say|include|mention)\b|\bsaat menjawab,? (?:selalu|jangan|tambahkan|sebut\w*)\b",
    r"(?<!we )(?<!will )(?<!can )(?<!to )(?<!i )(?<!and )(?<!team )(?<!must )\b(?:answer|respond to|reply to) (?:all|every|any|each) (?:of (?:the|their|your) )?(?:questions?|messages?|customers?|requests?)\b(?! (?:on|in|of) the (?:form|quiz|waiver))",
    r"(?<!kami )(?<!akan )(?<!kita )(?<!tim )(?<!untuk )(?<!bisa )\bjawab(?:lah)? (?:semua|setiap|tiap) (?:pertanyaan|pesan|chat)\b(?! (?:\w+ ){0,2}(?:di|dalam|pada) )",
    r"\b(?:katakan|bilang)(?:lah)? (?:bahwa|studio|semua|harga)\b",
    rf"\b(?:dear|hey|hi|halo|hai|kepada|yth\.?|attention|perhatian)\W{{1,3}}(?:the |para |semua )?{_HELPER}\b|\b(?:for|to|untuk|bagi) (?:the |sistem |system |para )*{_AI}\s*[:,\u2013\u2014-]",
    r"(?:^|\n)\W{0,9}(?:assistant|asisten)\s*,|(?:^|\n)\W{0,9}(?:system )?override\s*:|\bnew system prompt\b",
    r"\b(?:ignore|disregard|forget|drop|lupakan|abaikan)\b(?: \w+){0,2}? (?:rules you (?:were|have|had)|your (?:role|persona|task|job)|peran(?:mu|nya)?|tugasmu|identitasmu)\b",
    r"\byour (?:new|only|real|actual|true|secret) (?:task|role|job|goal|mission|objective|instructions?|persona|identity)\b|\btugas (?:baru|utama)(?:mu| kamu| anda)\b",
    r"\b(?:kamu|anda|kau) sekarang (?:adalah|berperan)\b(?! (?:anggota|member|bagian|peserta))",
    r"\b(?:admin|developer|debug|god|dan|sudo|root|unrestricted) mode\b|\bmode (?:admin|developer|debug)\b",
    r"\bobey (?:it|this|them|these|me|my)\b|\btreat (?:the|every|this) (?:user|customer|sender|guest) as (?:the |an? )?(?:owner|admin|manager|staff)\b",
    rf"\b(?:you are dan\b|free (?:from|of) (?:all |any )?(?:restrictions|rules)|stop being (?:an? |the )?(?:\w+ )?{_HELPER}|you(?:'re| are) (?:now )?authori[sz]ed to (?:give|offer|confirm|refund|promise|say))",
    r"\bjangan (?:gunakan|pakai) (?:informasi|data|sumber|entri|pengetahuan) lain|\b(?:do not|don't) use (?:any )?other (?:information|data|entries|sources)\b",
    r"(?<!tim )(?<!kami )(?<!akan )(?<!admin )\b(?:konfirmasi|setujui|terima) semua (?:pembayaran|refund|booking|permintaan|pembatalan)\b|(?<!we )(?<!will )(?<!to )\b(?:confirm|approve) (?:all|every|any) (?:payments?|refunds?|bookings?|requests?)\b|\b(?:rahasia|secret) (?:instruksi|instructions?)\b|\b(?:instruksi|perintah|instructions?) (?:rahasia|tersembunyi)\b",
    r"\banswer in the (?:voice|name|role) of\b",
    r"\boffer (?:\d+ ?%|free|everyone|a \d+)[^.\n]{0,30}\b(?:whoever|to anyone|everyone|if (?:they|anyone) ask)",
)  # fmt: skip
_COMPILED = tuple(re.compile(pattern) for pattern in _PATTERNS)


def order(text: str) -> str:
    """The words of the text that order an assistant about; empty when there are none. `text` is revealed."""
    for pattern in _COMPILED:
        match = pattern.search(text)
        if match:
            return " ".join(match[0].split())
    return ""

"""Which of the two languages a customer writes, guessed from common words."""

import re
from collections.abc import Sequence

from knowledge.lexical import language_of


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INDONESIAN = words("""yang yg dan di ke dari untuk buat utk kak kakak mbak mas min aku saya sy kami kita kamu anda bisa bs boleh blh
    tidak tdk ga gak nggak ngga enggak ada dengan dgn sama sm atau ini itu juga jg kalau kalo klo jadi sudah udah udh
    belum blm hari jam jm kelas kls pukul mulai silakan terima kasih makasih trims tolong mohon maaf akan pada harga hrg
    bayar berapa brp gimana gmn bagaimana kapan kpn dimana dmn mana apa apakah siapa kenapa mau pengen ingin ikut lagi
    lg nya ya yah dong sih deh kok nih besok bsk kemarin minggu mgg bulan bln tahun thn malam mlm pagi siang sore
    selamat halo hallo paket jadwal jdwl studio alamat lokasi parkir anak orang banget bgt semua saja aja cuma hamil
    sakit pemula daftar dtg datang sekali punya pake pakai dapat dapet masih msh bukan sampai sampe tapi iya gratis
    biaya bayarnya jadwalnya alamatnya sekarang nanti ntar kelasnya harganya tutup buka libur bawa sendiri tempat
    manusia robot admin capek kecewa rusak hilang ilang tlg minta ulang kah pas trus terus""")
_ENGLISH = words("""the and of to for you u we our your is are am was can could not at on in with this that it if or be will would
    please pls from have has had do does did class classes how what when where which who why much many i i'm im my me
    a an any there here need want price cost time day today tonight tomorrow week month year open close hi hello hey
    thanks thank team let know they just after before about all also been being bring free new join book cancel pay
    first one two his her their them than then so too very really still only per pregnant beginner mat mats weekend
    great see good morning evening later bye""")


def guess(text: str) -> str | None:
    """“id”, “en”, or None when the text does not tell."""
    said = re.findall(r"[a-z']+", text.lower().replace("\u2019", "'"))
    indonesian = sum(word in _INDONESIAN for word in said)
    english = sum(word in _ENGLISH for word in said)
    if indonesian == english:
        return language_of(text) or None  # “wifi password?” has no common word
    return "id" if indonesian > english else "en"


def of_customer(text: str, earlier: Sequence[str], default: str) -> str:
    """The language to answer in: that of the message, else of the customer's last one that tells, else `default`."""
    for said in (text, *reversed(earlier)):
        language = guess(said)
        if language:
            return language
    return default

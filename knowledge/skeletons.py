"""What a good entry of each category tells: a text to fill in, in the language of the customers."""

from knowledge.models import KnowledgeCategory
from tenants.models import Language

_Builtin = KnowledgeCategory.Builtin
TEXTS: dict[tuple[str, str], str] = {
    (_Builtin.SCHEDULES, Language.INDONESIAN): (
        "| Hari | Jam | Kelas | Guru |\n|---|---|---|---|\n"
        "| Senin | 07:00 | … | … |\n| Selasa | 18:00 | … | … |\n\nHari libur: …"
    ),
    (_Builtin.SCHEDULES, Language.ENGLISH): (
        "| Day | Time | Class | Teacher |\n|---|---|---|---|\n"
        "| Monday | 07:00 | … | … |\n| Tuesday | 18:00 | … | … |\n\nClosed on: …"
    ),
    (_Builtin.CLASSES, Language.INDONESIAN): (
        "**Untuk siapa:** …\n**Lama:** … menit\n**Tingkat:** …\n\nApa yang terjadi di kelas: …\n\nYang perlu dibawa: …"
    ),
    (_Builtin.CLASSES, Language.ENGLISH): (
        "**For whom:** …\n**Length:** … minutes\n**Level:** …\n\nWhat happens in class: …\n\nWhat to bring: …"
    ),
    (_Builtin.PURCHASES, Language.INDONESIAN): (
        "Cara mendaftar:\n1. …\n2. …\n\nCara membayar: …\n\nSetelah membayar: …"
    ),
    (_Builtin.PURCHASES, Language.ENGLISH): (
        "How to register:\n1. …\n2. …\n\nHow to pay: …\n\nAfter the payment: …"
    ),
    (_Builtin.PRICING, Language.INDONESIAN): (
        "- Sekali datang: Rp …\n- Paket 10 kelas: Rp …, berlaku … hari\n\nPembatalan: …"
    ),
    (_Builtin.PRICING, Language.ENGLISH): (
        "- Single class: Rp …\n- 10 classes: Rp …, valid for … days\n\nCancellation: …"
    ),
    (_Builtin.LOCATION, Language.INDONESIAN): (
        "Alamat: …\nPatokan: …\nParkir: …\n\nFasilitas: …\n\nPeta: https://…"
    ),
    (_Builtin.LOCATION, Language.ENGLISH): (
        "Address: …\nLandmark: …\nParking: …\n\nFacilities: …\n\nMap: https://…"
    ),
}


def by_place() -> dict[str, str]:
    """As the page needs them: category and language as one word."""
    return {f"{category}/{language}": text for (category, language), text in TEXTS.items()}

"""Addresses of pages and mailboxes, names on social networks, phone and account numbers. Only the standard library."""

import re
import unicodedata
from collections.abc import Iterable

from agent import facts

_COUNTRIES = """ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch ci
    ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs
    gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly
    ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps
    pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz
    ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"""
_KINDS = """academy agency app apps art asia bar bargains bank best bet bid bike bio biz blog bond boutique buzz cab cafe cam camp capital cards
    care cash casino center chat cheap church city claims click clinic cloud club coach codes coffee com community company cool country coupons
    credit cyou dance date deals delivery design dev diet digital direct directory discount doctor dog download earth edu email energy events
    exchange expert express family fans farm fashion finance fish fit fitness flights florist fm forum foundation fun fund fyi gallery games
    garden gift gifts giving gives global gold golf gov group guide guru healthcare health help holiday holdings host hosting hotel house how
    icu immo inc info ink institute insure international investments jetzt jobs kids kim land lat law lease legal life lifestyle limited link
    live loan loans lol love ltd management map market marketing mba media men mobi mom money monster music name network news ngo ninja now ong
    online org page partners parts party pay pet phone photo photography photos pics pictures pink pizza place plus poker press pro promo
    properties pub quest racing recipes red rent rentals repair report rest restaurant review reviews rip rocks run sale salon sbs school science
    security services sexy shop shopping show site ski skin social software solutions space sport store stream studio style sucks supply support
    surf surgery systems tax team tech technology tel tickets tips today toys top tours town trade trading training travel trust vacations ventures
    vet video villas vip vote voyage wang watch webcam website wedding wiki win wine work works world wtf xyz yoga you zip zone net example
    test invalid localhost"""
_ENDINGS = frozenset(f"{_COUNTRIES} {_KINDS}".split())
# Endings that are words, too: “Kak.Yoga”, “ok.ya” lack a space and name no page.
_WORDS = frozenset(
    f"""ya ga di ke is it in at so to me my no us be as am do la pa mu sa se by and art asia bank best bike cafe care cash chat city coach
    cool country dance date deals design direct discount doctor download email events express family fit fitness free fun gift gifts group
    guru health help holiday hotel house how info international kids land life link live love management map media men mom money music
    name news now online page party pay phone photo photos place plus press promo rent report rest review run sale school science
    services shop shopping show site social space sport store studio style support surf team tech tips today top tours training travel
    trust villas vote watch website wedding work works world yoga you zone bar best camp chat click club community company
    {_COUNTRIES}""".split()
)
_OFTEN = """kak kakak ya yaa ok oke okay siap baik class classes kelas jam wita wib wit pagi siang sore malam hari yes sure rb ribu juta orang
    menit bulan minggu tahun studio yoga here there you it this that free gratis matras mat mats hi halo hello thanks thank terima kasih
    makasih am pm min bu pak bisa ada hatha vinyasa yin flow prenatal"""
_USUAL = frozenset(_OFTEN.split())
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), None)
_NAME = re.compile(r"(?:[a-z0-9-]+\.)+(?P<ending>[a-z]{2,24})(?P<path>[:/?#].*)?")
_CLOSING = ".:!?/"
_BETWEEN = re.compile(r"[\s<>()\[\]\"'*_~`|,;…]+")
_HANDLE = re.compile(r"(?<![\w.])@[a-z][\w.]{2,29}(?<!\.)")
_NETWORK = re.compile(
    r"\b(?:ig|insta|instagram|tiktok|facebook|telegram|line)\b(?: (?:kami|kita|our|at|di|is|adalah))?\s*[:=]?\s*"
    r"(?P<name>[a-z][\w.]{3,29}(?<!\.))"
)
_PHONE = re.compile(r"(?<![\w.,:/])\+?\(?\d(?:[\d \t()-]|\.(?!\s)){4,}\d(?![\w%:])")
_BANKS = re.compile(
    r"\b(?:bca|bri|bni|bsi|btn|cimb|mandiri|permata|danamon|jago|jenius|seabank|ocbc|maybank|panin|blu|bank|rek(?:ening)?|norek|account|acc|"
    r"bsb|iban|a/n|gopay|ovo|dana|shopeepay|linkaja|e-?wallet|virtual account|va)\b[^\d\n]{0,24}$"
)


def addresses(text: str) -> frozenset[str]:
    """Addresses, mailboxes and @names in the text as it was written."""
    text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    low = text.lower()
    dotted = [word for word in _BETWEEN.split(text) if "." in word.strip(_CLOSING)]
    found = facts.links(low) if dotted or "//" in low else set()
    found -= _joined(dotted)
    found |= {link for word in dotted if (link := _page(word))}
    found |= set(_HANDLE.findall(low)) if "@" in low else set()
    return frozenset(found | set(_named(low)))


def without(links: frozenset[str], low: str) -> str:
    """The text in lower case with spaces where its addresses were."""
    for link in sorted(links, key=len, reverse=True):
        bare = re.escape(link.removeprefix("@"))
        low = re.sub(rf"(?:https?://)?(?:www\.)?@?(?<!\w){bare}", lambda m: " " * len(m[0]), low)
    return low


def _page(word: str) -> str:
    """The address that a word is, or nothing."""
    word = word.strip(_CLOSING)
    name = re.sub(r"^(https?://)?(www\.)?", "", word.lower())
    found = _NAME.fullmatch(name)
    if found is None or "@" in name or (found["ending"] not in _ENDINGS and not found["path"]):
        return ""
    labels = name[: found.start("ending") - 1].split(".")
    if not re.search(r"[a-z]", "".join(labels)) or (len(labels[-1]) < 2 and not found["path"]):
        return ""  # “7.30.Kami”, “S.Ag”
    return "" if not found["path"] and _is_joint(word, labels, found["ending"]) else name


def _is_joint(word: str, labels: list[str], ending: str) -> bool:
    """Two sentences without the space between them."""
    if len(labels) > 1 or ending not in _WORDS:
        return False
    capital = re.search(r"[a-z0-9]\.[A-Z][a-z]*$", word)
    return bool(capital and (labels[0] in _USUAL or len(ending) > 2)) or labels[0] in _USUAL


def _joined(words: Iterable[str]) -> set[str]:
    """What only looks like an address."""
    found = set()
    for word in words:
        name = word.strip(_CLOSING)
        match = _NAME.fullmatch(name.lower())
        if match and not match["path"]:
            labels = name.lower().split(".")[:-1]
            if _is_joint(name, labels, match["ending"]):
                found.add(name.lower())
    return found


def _named(low: str) -> list[str]:
    """“IG: teratai.yoga” as “@teratai.yoga”; “Instagram kami” names nobody."""
    names = (match["name"] for match in _NETWORK.finditer(low))
    return [f"@{name}" for name in names if re.search(r"[._\d]", name)]


def long_numbers(text: str) -> tuple[set[str], set[str], str]:
    """Phone and account numbers in digits (a plus is kept), those beside the name of a bank or wallet, and the rest."""
    found: set[str] = set()
    accounts: set[str] = set()

    def take(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match[0])
        if len(digits) < 6:
            return match[0]
        beside = bool(_BANKS.search(text[max(0, match.start() - 40) : match.start()]))
        (accounts if beside else found).add(digits)
        return " " * len(match[0])

    rest = _PHONE.sub(take, text)
    return found | accounts, accounts, rest


def national(digits: str, home: str) -> str:
    """A phone number with its country in front: 0812… and +62 (0)812… are 62812… where 62 is home."""
    if home and digits.startswith("0"):
        return home + digits[1:]
    return home + digits[len(home) + 1 :] if home and digits.startswith(f"{home}0") else digits

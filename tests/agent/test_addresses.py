"""What is an address, a phone, an account, and what only looks like one."""

import pytest

from agent.addresses import addresses, long_numbers
from agent.guard import Sources, unsupported

KNOWN = (
    "Kontak\nDaftar di shala.yoga/daftar atau ombak.example. WA 0812-3456-7890. IG: ombak.yoga. Telepon (0361) 934 411.\n"
    "Transfer BCA 0341234567 atau GoPay 0819-1111-2222. Kelas jam 07.30."
)


def missing(draft, *customer, currency="IDR"):
    return unsupported(draft, Sources((KNOWN,), (), customer, currency=currency))


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("buka evil.ru ya", "evil.ru"),
        ("see evil.dev.", "evil.dev"),
        ("bayar di evil.ai/pay", "evil.ai/pay"),
        ("bayar.top/abc", "bayar.top/abc"),
        ("promo.studio/x", "promo.studio/x"),
        ("Daftar: senja.yoga", "senja.yoga"),
        ("EVIL.CLICK", "evil.click"),
        ("*evil.ru*", "evil.ru"),
        ("ev\u200bil.ru", "evil.ru"),
        ("youtu.be/abc", "youtu.be/abc"),
        ("forms.gle/evil", "forms.gle/evil"),
        ("linktr.ee/shanti", "linktr.ee/shanti"),
        ("wa.me/62812", "wa.me/62812"),
        ("https://x.yz/a", "x.yz/a"),
        ("www.promo.in", "promo.in"),
        ("promo-ombak.co.id", "promo-ombak.co.id"),
        ("ikuti @ombakpromo", "@ombakpromo"),
        ("Instagram: ombak.promo", "@ombak.promo"),
        ("IG kami ombak_promo", "@ombak_promo"),
    ],
)
def test_an_address_is_seen_whatever_its_ending(text, link):
    assert link in addresses(text)
    assert missing(text)


@pytest.mark.parametrize(
    "text",
    [
        "jam 07.30.Kami tunggu ya",
        "Baik kak.Terima kasih",
        "Ada Kak.Besok juga.",
        "Oke.Di studio ya",
        "Siap kak.Yoga itu untuk semua",
        "See you at class.It is fun",
        "ok.ya",
        "bersama dr.Rara, S.Ag, M.Sc dan Bu.Wening",
        "a.n. Teratai, p.m. dan e.g. ini",
        "Jl.Kemang No.12",
        "Instagram kami sering update",
        "pagi/siang, dan/atau",
    ],
)
def test_prose_without_a_space_is_no_address(text):
    assert addresses(text) == frozenset()


@pytest.mark.parametrize(
    "draft",
    [
        "Daftar di shala.yoga/daftar ya Kak",
        "https://shala.yoga",
        "IG: ombak.yoga",
        "Instagram kami @ombak.yoga",
        "WA 0812 3456 7890",
        "+62 812-3456-7890",
        "6281234567890",
        "+62 (0)812 3456 7890",
        "Telepon 0361 934411",
        "Transfer ke BCA 0341234567",
        "BCA: 0341 234 567 ya Kak",
        "GoPay 081911112222",
    ],
)
def test_the_studios_own_may_be_written_in_any_way(draft):
    assert missing(draft) == []


@pytest.mark.parametrize(
    "draft",
    [
        "+61 812-3456-7890",
        "0812-3456-7891",
        "BCA 341234567",
        "BCA 62341234567",
        "Transfer BCA 0812-3456-7890",
        "GoPay 0812-3456-7890",
        "rekening 934411",
        "Dana: 0819-1111-2223",
    ],
)
def test_another_country_or_a_phone_as_an_account_is_stopped(draft):
    assert missing(draft)
    assert missing(draft, draft)  # the customer's word is no source


def test_an_account_is_told_by_its_bank():
    digits, accounts, _rest = long_numbers(
        "bca 4370118822, wa 081234567890, rekening mandiri 131-00-0987654"
    )
    assert accounts == {"4370118822", "131000987654"}
    assert digits - accounts == {"081234567890"}

import pytest
from django.db.models import F

from tenants.models import Tenant
from tenants.prepared import Literal, Prepared, PreparedUpdate, id_slot, text_slot

BY_CITY = Prepared(lambda: Tenant.objects.filter(city=text_slot("city")).order_by("slug"))
CITY_OF = PreparedUpdate(lambda: Tenant.objects.filter(pk=id_slot("pk"), city=text_slot("city")))


def test_the_same_statement_asks_with_other_values(ombak, senja):
    Tenant.objects.filter(pk=ombak.pk).update(city="Canggu")
    Tenant.objects.filter(pk=senja.pk).update(city="Ubud")
    assert BY_CITY(city="Canggu") == [ombak]
    assert BY_CITY(city="Ubud") == [senja]
    assert BY_CITY(city="' OR 1=1 --") == []


def test_an_update_tells_the_column_that_it_finds_from_the_value_that_it_sets(ombak, senja):
    Tenant.objects.update(city="Canggu", knowledge_version=4)
    changes = {
        "city": "Ubud",
        "whatsapp_number": None,
        "knowledge_version": F("knowledge_version") + 1,
    }
    assert CITY_OF(changes, pk=ombak.pk, city="Canggu") == 1
    assert CITY_OF(changes, pk=ombak.pk, city="Canggu") == 0
    ombak.refresh_from_db()
    senja.refresh_from_db()
    assert (ombak.city, ombak.whatsapp_number, ombak.knowledge_version) == ("Ubud", None, 5)
    assert (senja.city, senja.knowledge_version) == ("Canggu", 4)


def test_only_a_plain_word_may_stand_in_the_sql(ombak):
    assert Tenant.objects.filter(slug=Literal("ombak")).get() == ombak
    with pytest.raises(ValueError, match="plain word"):
        list(Tenant.objects.filter(mode=Literal("x' OR '1'='1")))

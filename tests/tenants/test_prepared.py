import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from tenants.models import ApiToken, Membership, Tenant
from tenants.prepared import Literal, Prepared, PreparedInsert, PreparedUpdate, id_slot, text_slot

BY_CITY = Prepared(lambda: Tenant.objects.filter(city=text_slot("city")).order_by("slug"))
CITY_OF = PreparedUpdate(lambda: Tenant.objects.filter(pk=id_slot("pk"), city=text_slot("city")))
NEW_TOKEN = PreparedInsert(ApiToken)
NEW_MEMBER = PreparedInsert(Membership)


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


def test_a_new_row_is_like_one_that_was_saved(ombak, senja):
    for number, tenant in enumerate((ombak, senja)):
        made = NEW_TOKEN(ApiToken(key=f"k{number}", tenant=tenant, digest="a" * 64))
        assert not made._state.adding
        stored = ApiToken.objects.get(pk=f"k{number}")
        assert (stored.tenant, stored.name, stored.revoked_at) == (tenant, "", None)
        assert stored.created_at == made.created_at


def test_the_database_gives_the_key_of_a_new_row(ombak, sari):
    Membership.objects.filter(tenant=ombak, user=sari).delete()
    made = NEW_MEMBER(Membership(tenant=ombak, user=sari, role=Membership.Role.OWNER))
    assert Membership.objects.get(pk=made.pk).user == sari


def test_a_known_key_is_refused_like_by_save(ombak):
    NEW_TOKEN(ApiToken(key="k", tenant=ombak, digest="a" * 64))
    with pytest.raises(IntegrityError), transaction.atomic():
        NEW_TOKEN(ApiToken(key="k", tenant=ombak, digest="a" * 64))
    assert ApiToken.objects.count() == 1


def test_only_a_plain_word_may_stand_in_the_sql(ombak):
    assert Tenant.objects.filter(slug=Literal("ombak")).get() == ombak
    with pytest.raises(ValueError, match="plain word"):
        list(Tenant.objects.filter(mode=Literal("x' OR '1'='1")))

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Exists, F, Model
from django.test.utils import CaptureQueriesContext

from conversations.mailbox import claim_next
from conversations.models import Conversation, Customer, Message
from tenants.models import ApiToken, Membership, Tenant
from tenants.prepared import Literal, Prepared, PreparedInsert, PreparedUpdate, id_slot, text_slot
from tests.factories import NOW

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


CHATS = Prepared(
    lambda: (
        Conversation.objects.filter(tenant=id_slot("tenant"), handled_by="assistant")
        .select_related("tenant", "customer", "handler")
        .annotate(urgent=Exists(Customer.objects.filter(name=text_slot("name"))))
        .order_by("created_at")
    )
)
LITTLE = Prepared(lambda: Message.objects.filter(tenant=id_slot("tenant")).only("text", "state"))
LISTED = Prepared(
    lambda: Message.objects.filter(tenant=id_slot("tenant")).values_list("created_at", "details")
)


def chat(tenant: Tenant, number: int) -> Conversation:
    customer = Customer.objects.create(tenant=tenant, phone=f"+62812000000{number:02}")
    return Conversation.objects.create(tenant=tenant, customer=customer, chat=f"{number}@lid")


def said(conversation: Conversation, text: str) -> Message:
    return Message.objects.create(
        tenant=conversation.tenant,
        conversation=conversation,
        author=Message.Author.CUSTOMER,
        text=text,
        state=Message.State.SEEN,
        created_at=NOW,
    )


def held(row: Model) -> dict[str, object]:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {**values, "_db": row._state.db, "_adding": row._state.adding}


def test_objects_are_those_that_the_query_set_gives(ombak):
    chats = [chat(ombak, 1), chat(ombak, 2)]
    Conversation.objects.filter(pk=chats[1].pk).update(customer=None, channel="own_chat")
    found = CHATS(tenant=ombak.pk, name="nobody")
    usual = Conversation.objects.filter(tenant=ombak).order_by("created_at")
    expected = list(usual.select_related("tenant", "customer", "handler"))
    assert [held(row) for row in found] == [held(row) for row in expected]
    with CaptureQueriesContext(connection) as asked:
        assert [held(row.tenant) for row in found] == [held(row.tenant) for row in expected]
        assert held(found[0].customer) == held(expected[0].customer)  # type: ignore[arg-type]
        assert found[1].customer is None
        assert found[0].handler is None
        assert [row.urgent for row in found] == [False, False]  # type: ignore[attr-defined]
    assert not asked.captured_queries  # all came with the statement
    found[0].save()  # an object like any other
    found[0].refresh_from_db()


def test_what_was_left_out_is_read_when_it_is_asked_for(ombak):
    said(chat(ombak, 1), "halo")
    (row,) = LITTLE(tenant=ombak.pk)
    assert row.get_deferred_fields() >= {"details", "created_at"}
    assert held(row) == held(Message.objects.get(pk=row.pk))


def test_values_are_as_python_has_them(ombak):
    message = said(chat(ombak, 1), "halo")
    full = {"quoted": {"text": "“100%” {}"}}
    Message.objects.filter(pk=message.pk).update(details=full)
    said(chat(ombak, 2), "hai")
    rows = LISTED(tenant=ombak.pk)
    assert sorted(rows, key=str) == sorted([(NOW, full), (NOW, {})], key=str)


def test_no_statement_is_planned_anew_for_a_word_of_ours(ombak):
    """SQLite would do so at every run where a placeholder is compared with what only a part of an index holds."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans in another way.")
    try:
        before = planned()
    except OperationalError:
        pytest.skip("This SQLite does not tell its statements.")
    for _again in range(3):
        CHATS(tenant=ombak.pk, name="nobody")
        claim_next("host", NOW, 60)
    run = [
        sql for sql, (runs, _again) in planned().items() if runs - before.get(sql, (0, 0))[0] > 2
    ]
    assert len([sql for sql in run if "handled_by" in sql]) == 2
    assert [sql for sql in run if planned()[sql][1] > before.get(sql, (0, 0))[1]] == []


def planned() -> dict[str, tuple[int, int]]:
    """Each statement, with how often it ran and was planned again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sql, run, reprep FROM sqlite_stmt WHERE sql LIKE '%%conversations_%%'"
        )
        return {sql: (runs, again) for sql, runs, again in cursor.fetchall()}


QUOTED = Prepared(lambda: Tenant.objects.filter(city="O'Neill %s").order_by("slug"))


def test_only_plain_words_of_a_query_set_stand_in_its_sql(ombak, senja):
    Tenant.objects.filter(pk=ombak.pk).update(city="O'Neill %s")
    assert QUOTED() == QUOTED() == [ombak]
    assert "Neill" not in QUOTED._written()[1]


def test_nothing_is_asked_in_a_transaction_that_is_broken(ombak):
    BY_CITY(city="Ubud")
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            BY_CITY(city="Ubud")
        transaction.set_rollback(False)


def test_who_watches_the_statements_sees_the_prepared_ones(ombak):
    seen = []

    def watch(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    BY_CITY(city="Ubud")
    with connection.execute_wrapper(watch):
        BY_CITY(city="Ubud")
    assert len(seen) == 1

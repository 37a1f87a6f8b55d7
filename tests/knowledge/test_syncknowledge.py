"""The command for people: bring the index in step, or say how far it is."""

import pytest
from django.core.management import CommandError, call_command

from knowledge.models import KnowledgeEntry
from tests import factories


def test_it_syncs_and_then_check_is_content(ombak, capsys):
    factories.entry(ombak, "Parkir")
    with pytest.raises(CommandError, match="syncknowledge"):
        call_command("syncknowledge", "--check")
    assert "ombak: 1 entries not indexed" in capsys.readouterr().out

    call_command("syncknowledge", "ombak")
    told = capsys.readouterr()
    assert told.out == "1 entries indexed, 0 failed.\n"
    assert "Indexing" in told.err  # the bar never mixes with what programs read
    call_command("syncknowledge", "--check")
    assert capsys.readouterr().out == "ombak: in step\n"


def test_all_means_all(ombak, senja, capsys):
    for tenant in (ombak, senja):
        factories.entry(tenant, "Parkir")
    call_command("syncknowledge")
    call_command("syncknowledge", "--all")
    assert capsys.readouterr().out.splitlines()[-1] == "2 entries indexed, 0 failed."


def test_an_unknown_studio_is_told_with_the_known_ones(ombak):
    with pytest.raises(CommandError, match=r"There is no studio “gelombang”\. Studios: ombak\."):
        call_command("syncknowledge", "gelombang")


def test_failures_end_with_an_error(ombak, embedder, embedding_server):
    embedder.failing = (401, {})
    factories.entry(ombak, "Parkir")
    with pytest.raises(CommandError, match="Each entry says why"):
        call_command("syncknowledge")
    assert KnowledgeEntry.objects.get().index_state == KnowledgeEntry.IndexState.FAILED

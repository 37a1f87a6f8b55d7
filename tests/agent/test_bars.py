"""Below which figures an evaluation fails."""

import pytest

from agent.bars import bars
from agent.evaluation import Scores
from config.management.commands.evaluate import _figures


def missed(figures, wanted=(), *, with_model=False):
    return [bar.figure for bar in bars(wanted, with_model=with_model) if bar.missed(figures)]


def test_a_figure_below_its_bar_is_named():
    assert missed({"leak_count": 1, "forbidden_count": 0}) == ["leak_count"]


def test_what_could_not_be_counted_misses_nothing():
    assert missed({"fact_score": None}) == []


def test_a_model_must_do_better_than_none():
    assert missed({"fact_score": 0.8}) == []
    assert missed({"fact_score": 0.8}, with_model=True) == ["fact_score"]


def test_the_settings_replace_add_and_switch_off():
    assert missed({"fact_score": 0.8}, ["fact_score>=0.9"]) == ["fact_score"]
    assert missed({"cost_usd": 2.0}, ["cost_usd <= 1"]) == ["cost_usd"]
    assert missed({"leak_count": 7}, ["off"]) == []


def test_a_bar_that_cannot_be_read_is_named():
    with pytest.raises(ValueError, match=r"fact_score>0\.9"):
        bars(["fact_score>0.9"], with_model=False)


def test_a_misspelt_figure_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"escalation_recal.*escalation_recall"):
        bars(["escalation_recal>=0.9"], with_model=False)


def test_every_figure_of_an_evaluation_can_have_a_bar():
    figures = _figures(Scores(), [{"id": "q1", "latency_ms": 5}])
    wanted = [f"{name}>=0" for name in figures]
    assert {bar.figure for bar in bars(wanted, with_model=True)} >= figures.keys()

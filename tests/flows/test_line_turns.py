"""When answers leave, in short; `python -m benchmarks.turns` does it a hundred times."""

from pathlib import Path

import pytest

from benchmarks.turns import Desk, burst, crowd, stage, takeover

pytestmark = pytest.mark.e2e


def test_many_messages_get_one_answer_and_a_person_always_wins(tmp_path: Path):
    with stage(tmp_path / "data", quiet=3) as place:  # longer than a busy machine stands still
        nobody = lambda _done: None  # noqa: E731
        assert crowd(lambda who: burst(place, who), place, 6, nobody) == [1] * 6
        desk = Desk(place.service.folder)
        outcomes = crowd(lambda who: takeover(place, desk, who), place, 10, nobody)
        desk.close()
    assert len(outcomes) == 10
    assert not any(too_late for _outcome, too_late in outcomes)

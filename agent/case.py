"""One draft beside its sources, as each check of the guard looks at it."""

import re

from agent.known import Sources, known
from agent.stated import Stated

_LINE = re.compile(r"^(?:-|\d+\.) ", re.MULTILINE)


class Case:
    """What the draft states, and who said what."""

    def __init__(self, draft: str, told: Stated, sources: Sources) -> None:
        self.draft, self.told, self.sources = draft, told, sources
        self.entries = known(sources.entries)
        self.studio = known((*sources.studio, *sources.told))
        self.clock = known(sources.clock)
        self.customer = known(sources.customer)
        self.ours = (self.entries, self.studio, self.clock)
        self.everybody = (*self.ours, self.customer)
        self.lines = len(_LINE.findall(draft))

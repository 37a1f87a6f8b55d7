"""On a phone, with thumbs: what is pressed is large enough."""

import pytest

from tests.browser.conftest import Open
from tests.browser.pages import opened

pytestmark = pytest.mark.pages

# What a thumb must hit, and how large it is; links within a sentence may be as small as their words.
SMALL = """() => {
    const found = [];
    const aims = "button, summary, [role=button], select, input:not([type=hidden]), a.m-btn, a.m-chip, a.m-row, #nav-sidebar-apps a";
    document.querySelectorAll(aims).forEach((aim) => {
        let box = aim.getBoundingClientRect();
        if (box.width < 2 || box.height < 2 || !aim.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return;
        if (/^(checkbox|radio)$/.test(aim.type)) return;  // pressed by their labels
        if (box.height < 43.5 && box.width < 1000 && !aim.closest("p, td, th, .m-bubble")) found.push(`${Math.round(box.width)} x ${Math.round(box.height)} ${aim.outerHTML.slice(0, 110)}`);
    });
    return found;
}"""


def test_a_thumb_hits_everything_on_a_phone(staff: Open) -> None:
    page = staff("phone")
    small = {}
    for address in opened(page):
        if found := page.evaluate(SMALL):
            small[address] = found
    told = "\n".join(f"{page}: {aim}" for page, aims in small.items() for aim in aims)
    assert not small, told

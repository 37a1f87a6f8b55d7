"""A day without a mouse: all that staff do is reached by Tab, and at each stop one sees where one is."""

import uuid

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import PASSWORD, USER, Open, Visit, in_ombak, settled
from tests.browser.pages import opened

pytestmark = pytest.mark.pages

# Where the keyboard is, and what is wrong with it. Whether the stop before it had a mark of its own is told once the
# focus has left it: it must look different now.
STOP = """wanted => {
    const at = document.activeElement;
    if (!at || at === document.body) return { there: false, wrong: "" };
    document.getAnimations().filter((moving) => moving.effect.getComputedTiming().endTime < Infinity)
        .forEach((moving) => moving.finish());
    const name = (element) => element.outerHTML.slice(0, 160).replace(/\\s+/g, " ");
    const look = (element) => [element, element.parentElement, element.closest("label")].filter(Boolean).map((part) => {
        const style = getComputedStyle(part);
        return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow, style.borderColor, style.backgroundColor];
    }).join("|");
    const wrong = [], last = window.lastStop;
    if (last && last.element !== at && last.element.isConnected && last.look === look(last.element))
        wrong.push(`the focus changes nothing on ${name(last.element)}`);
    window.lastStop = { element: at, look: look(at) };
    const box = at.getClientRects()[0] || new DOMRect();
    const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
    const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
    if (right - left < Math.min(box.width, 16) || bottom - top < Math.min(box.height, 16) || !box.width)
        wrong.push(`outside of the screen: ${name(at)}`);
    else {
        const upper = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        const own = [at, at.parentElement, at.closest("label")];
        if (!at.contains(upper) && !own.includes(upper))
            wrong.push(`${name(at)} lies under ${upper ? name(upper) : "nothing"}`);
    }
    return { there: at.matches(wanted), wrong: wrong.join("; ") };
}"""


def tab_to(page: Page, wanted: str, presses: int = 120) -> None:
    """Press Tab until the element has the focus; every stop on the way can be seen."""
    for _press in range(presses):
        stop = page.evaluate(STOP, wanted)
        assert not stop["wrong"], f"{page.url}: {stop['wrong']}"
        if stop["there"]:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached by Tab on {page.url}")


def press(page: Page, wanted: str) -> None:
    tab_to(page, wanted)
    page.keyboard.press("Enter")


def write(page: Page, field: str, text: str) -> None:
    tab_to(page, field)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def follow(page: Page, path: str) -> None:
    """By the menu to another page."""
    press(page, f"#nav-sidebar-apps a[href='{path}']")
    page.wait_for_url(f"**{path}")
    settled(page)


def enter(page: Page) -> None:
    page.goto("/admin/login/")
    write(page, "[name=username]", USER)
    write(page, "[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    settled(page)


def switch(page: Page, studio: str) -> None:
    press(page, ".m-switch > summary")
    button = page.locator(".m-switch-list button", has_text=studio)
    press(page, f".m-switch-list button[value='{button.get_attribute('value')}']")
    expect(page.locator(".m-switch > summary")).to_contain_text(studio)
    settled(page)


def account(page: Page) -> None:
    """Open its menu, which takes the keyboard in; Escape leads back."""
    button = "[aria-label='Account menu'], [aria-label='Menu akun']"
    entered = page.locator("nav:has(#logout-form) :focus")
    press(page, button)
    expect(entered).to_have_count(1)
    expect(page.locator("[x-show='openUserLinks']")).to_have_css("opacity", "1")  # it has opened
    page.keyboard.press("Escape")
    expect(page.locator(button)).to_be_focused()
    expect(page.locator("#logout-form")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(entered).to_have_count(1)


KNOWLEDGE = "/admin/knowledge/knowledgeentry/"


def test_a_day_without_a_mouse(visit: Visit) -> None:
    page, title = visit("wide"), f"Loker {uuid.uuid4().hex[:6]}"
    enter(page)
    switch(page, "Senja")

    follow(page, KNOWLEDGE)
    press(page, f"a[href='{KNOWLEDGE}add/']")
    page.wait_for_url("**/add/")
    settled(page)
    write(page, "#id_title", title)
    write(page, "#id_content", "Loker gratis, bawa gembok sendiri.")
    press(page, "[name=_save]")
    page.wait_for_url(f"**{KNOWLEDGE}")
    settled(page)
    write(page, "#searchbar", title)
    page.keyboard.press("Enter")
    page.wait_for_url("**?q=**")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.locator("#result_list")).to_contain_text(title)

    follow(page, "/admin/conversations/conversation/")
    press(page, ".i-line")
    page.wait_for_selector("[data-thread]")
    press(page, ".i-head [name=do][value=take-over], .i-head form[action*='take-over'] button")
    expect(page.locator("#reply")).to_be_visible()
    write(page, "#reply", title)
    page.keyboard.press("Enter")
    expect(page.locator(".m-bubble.staff", has_text=title)).to_have_count(1)

    account(page)
    press(page, "form:has([name=language][value=id]) button")
    expect(page.locator("html")).to_have_attribute("lang", "id")
    account(page)
    press(page, "#logout-form button")
    expect(page.locator("#logout-form")).to_have_count(0)
    page.goto("/admin/")
    expect(page.locator("[name=password]")).to_be_visible()


def test_the_menu_and_the_filters_open_on_a_narrow_screen(visit: Visit) -> None:
    page = visit("phone")
    enter(page)
    ombak = page.locator("#content button", has_text="Ombak").get_attribute("value")
    press(page, f"#content button[value='{ombak}']")
    in_ombak(page)
    press(page, "[aria-label='Menu']")
    follow(page, KNOWLEDGE)
    opener = "[role=button][x-on\\:click='filterOpen = true']"
    press(page, opener)
    expect(page.locator("#changelist-filter a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#changelist-filter")).to_be_hidden()
    expect(page.locator(opener)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#changelist-filter a").first).to_be_focused()
    press(page, "#changelist-filter a[href='?status__exact=draft']")
    page.wait_for_url("**?status__exact=draft")
    expect(page.get_by_text("Nothing fits this search.")).to_be_visible()


@pytest.mark.parametrize(
    ("style", "told"),
    [
        (
            "* { outline: 0 !important; box-shadow: none !important; border-color: red !important; }",
            "changes nothing",
        ),
        ("body::before { content: ''; position: fixed; inset: 0; z-index: 999; }", "lies under"),
    ],
)
def test_a_stop_that_cannot_be_seen_is_noticed(visit: Visit, style: str, told: str) -> None:
    page = visit("wide")
    page.goto("/admin/login/")
    page.add_style_tag(content=style)
    with pytest.raises(AssertionError, match=told):
        tab_to(page, "#nowhere", presses=8)


# Every control that one sees and could use, numbered, so that it is known again when the keyboard stops there.
# Of radio buttons of one name Tab reaches one; what is folded, switched off or taken out of the order is none.
CONTROLS = """whole => {
    const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex='0']";
    const found = [...document.querySelectorAll(usable)].filter(function (element) {
        if (element.tabIndex < 0 || element.disabled || !element.checkVisibility({ visibilityProperty: true })) return false;
        if (element.type !== "radio") return true;
        const group = [...element.form.elements[element.name]];
        return element === (group.find((one) => one.checked) || group[0]);
    });
    // From the top, wherever the page put the keyboard; or from the end of the menu, which is the same on every page.
    const menu = whole ? [] : found.filter((element) => element.closest("#nav-sidebar"));
    const start = menu.at(-1) || document.body;
    if (start === document.body) start.tabIndex = -1;
    start.focus();
    document.body.removeAttribute("tabindex");
    menu.forEach((element) => { element.dataset.control = -1; });
    return found.filter((element) => !menu.includes(element)).map(function (element, number) {
        element.dataset.control = number;
        return element.outerHTML.slice(0, 160).replace(/\\s+/g, " ");
    });
}"""
HERE = """() => [document.activeElement === document.body, document.activeElement.dataset.control,
    document.activeElement.tabIndex]"""


def walk(page: Page, whole: bool) -> list[str]:
    """What is wrong when Tab goes once through the page: what it misses, hides, or does not let go of."""
    names, order, wrong = page.evaluate(CONTROLS, whole), list[int](), list[str]()
    for _press in range(2 * len(names) + 60):
        page.keyboard.press("Tab")
        over, number, index = page.evaluate(HERE)
        if over or number == "-1" or (order and number == str(order[0])):
            break
        if found := page.evaluate(STOP, "#nowhere")["wrong"]:
            wrong.append(found)
        if index > 0:
            wrong.append(f"has an order of its own: {number}")
        if number is not None:
            order.append(int(number))
    else:
        wrong.append("Tab does not come out of the page")
    if order != sorted(order):
        wrong.append(f"Tab jumps back: {order}")
    missed = [name for number, name in enumerate(names) if number not in order]
    return [*wrong, *(f"not reached: {name}" for name in missed)]


def test_tab_reaches_every_control_of_every_page_and_shows_where_it_is(staff: Open) -> None:
    page, left = staff(), list[str]()
    for address in opened(page):
        wrong = [*walk(page, whole=address == "/admin/"), *folds(page)]
        left += [f"{address}: {each}" for each in wrong]
    assert not left, "\n".join(left)


def folds(page: Page) -> list[str]:
    """Menus that Enter does not open, or that Escape does not close with the keyboard back at their button."""
    wrong = []
    for menu in page.locator("details:is(.i-menu, .m-switch) > summary:visible").all()[:3]:
        menu.focus()
        page.keyboard.press("Enter")
        opened = menu.evaluate("summary => summary.parentElement.open")
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        closed = "summary => !summary.parentElement.open && document.activeElement === summary"
        if not opened or not menu.evaluate(closed):
            wrong.append(f"does not fold: {menu.get_attribute('aria-label') or menu.inner_text()}")
    return wrong


def test_a_control_that_tab_misses_is_noticed(visit: Visit) -> None:
    page = visit("wide")
    page.goto("/admin/login/")
    assert walk(page, whole=True) == []
    page.evaluate(
        "document.querySelector('[name=password]').addEventListener('focus', (e) => e.target.blur())"
    )
    page.evaluate("document.querySelector('[name=username]').tabIndex = 3")
    wrong = " ".join(walk(page, whole=True))
    assert "has an order of its own" in wrong
    assert "not reached" in wrong


def test_who_thinks_again_can_press_once_more(staff: Open) -> None:
    """A question that was answered with no leaves the form as it was."""
    page, asked = staff(), list[str]()

    def no(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", no)
    page.goto("/admin/conversations/conversation/?tab=all")
    page.locator(".i-line").first.click()
    page.wait_for_selector("[data-thread]")
    address = page.url
    for _press in range(2):
        page.locator(".i-head .i-menu > summary").click()
        page.get_by_role("button", name="Block the customer").click()
        page.keyboard.press("Escape")
    assert len(asked) == 2
    assert page.url == address
    expect(page.locator(".m-pill", has_text="Blocked")).to_have_count(0)

/* What the theme leaves out for the keyboard, and what our own pages need. No framework, no other host. */
(function () {
  "use strict";

  // The theme's menu opens by div and span: give them a tab stop, a role, a name and Enter/Space.
  function reachable(root) {
    const words = document.documentElement.lang === "id"
      ? { menu: "Menu", user: "Menu akun", theme: "Tema", close: "Tutup" }
      : { menu: "Menu", user: "Account menu", theme: "Theme", close: "Close" };
    root.querySelectorAll("span, div, a:not([href]), h2").forEach(function (element) {
      const click = element.getAttribute("x-on:click") || element.getAttribute("@click");
      if (!click || element.hasAttribute("tabindex") || element.closest("button")) return;
      element.setAttribute("tabindex", "0");
      element.setAttribute("role", "button");
      if (click.includes("sidebar")) element.setAttribute("aria-label", words.menu);
      if (click.includes("openUserLinks")) element.setAttribute("aria-label", words.user);
      if (click.includes("openTheme")) element.setAttribute("aria-label", words.theme);
      if (click === "filterOpen = false") element.setAttribute("aria-label", words.close);
    });
  }
  // Icons are words of a font: not for reading aloud, unless a button has no other name.
  function silent(root) {
    root.querySelectorAll(".material-symbols-outlined:not([role])").forEach(function (icon) {
      const button = icon.closest("button, a");
      const named = !button || button.hasAttribute("aria-label") || button.textContent.trim() !== icon.textContent.trim();
      if (named) icon.setAttribute("aria-hidden", "true");
    });
  }
  document.addEventListener("htmx:load", function (event) {
    reachable(event.detail.elt);
    silent(event.detail.elt);
  });
  document.addEventListener("keydown", function (event) {
    const target = event.target;
    if (!(target instanceof HTMLElement) || target.getAttribute("role") !== "button") return;
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    target.click();
  });

  // What opens over the page takes the keyboard along, Escape leads back: filters, a phone's menu, the account's.
  const USER = "openUserLinks = !openUserLinks";
  const OVER = {
    "filterOpen = true": "#changelist-filter",
    "sidebarMobileOpen = !sidebarMobileOpen": "#nav-sidebar",
    [USER]: "[x-show='openUserLinks']",
  };
  const STOPS = "a[href], button, summary, input:not([type=hidden]), select";
  let opener = null;
  function over(element) { return element && OVER[element.getAttribute("x-on:click")]; }
  function firstStop(panel) {
    return [...document.querySelectorAll(`${panel} :is(${STOPS})`)].find((stop) => stop.checkVisibility() && stop.offsetWidth > 0);
  }
  document.addEventListener("click", function (event) {
    const pressed = event.target.closest("[x-on\\:click]"), panel = over(pressed), begun = Date.now();
    if (!panel || firstStop(panel)) return;  // it closes
    opener = pressed;
    (function enter() {
      const first = firstStop(panel);
      if (first) first.focus();
      else if (Date.now() - begun < 1000) requestAnimationFrame(enter);
    })();
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape" || !opener || !opener.isConnected) return;
    if (document.activeElement.closest(over(opener))) {
      opener.focus();
      if (opener.getAttribute("x-on:click") === USER) document.body.click();  // outside of it: that closes and never opens
    }
    opener = null;
  });

  // Menus close by a tap elsewhere and by Escape.
  const MENUS = ":is(.i-menu, .m-switch)[open]";
  document.addEventListener("click", function (event) {
    document.querySelectorAll(MENUS).forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll(MENUS).forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // A chat stays at its end if the reader was there; else a button says that something came.
  function body() { return document.querySelector("[data-chat-body]"); }
  function toEnd() { const box = body(); if (box) box.scrollTop = box.scrollHeight; }
  function follow() {
    const box = body();
    if (!box) return;
    let atEnd = true;
    const pill = box.querySelector("[data-new]");
    box.addEventListener("scroll", function () {
      atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
      if (atEnd) pill.classList.remove("shown");
    });
    new MutationObserver(function (changes) {
      const came = changes.some((change) => [...change.addedNodes].some((node) => node.matches && node.matches("[data-poll]")));
      if (atEnd) toEnd(); else if (came) pill.classList.add("shown");
    }).observe(box, { childList: true, subtree: true });
    toEnd();
  }

  document.addEventListener("click", function (event) {
    const chip = event.target.closest("[data-fill]");
    if (event.target.closest("[data-new]")) toEnd();
    if (chip) {
      const field = document.querySelector("[data-composer] textarea");
      field.value = chip.dataset.fill;
      field.form.requestSubmit();
    }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || !event.target.matches("[data-composer] textarea")) return;
    const sends = event.target.closest("[data-enter-sends]") ? !event.shiftKey : event.ctrlKey || event.metaKey;
    if (sends && !event.isComposing) { event.preventDefault(); event.target.form.requestSubmit(); }
  });
  document.addEventListener("change", function (event) {
    if (!event.target.matches("[data-attach]")) return;
    const [file] = event.target.files;
    event.target.parentNode.querySelector("[data-attached]").textContent = file ? file.name : "";
  });
  // A link to send on: copied, and the button says so.
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const said = document.documentElement.lang === "id" ? "Tersalin" : "Copied";
    if (navigator.clipboard) {  // browsers have it on https and localhost only
      navigator.clipboard.writeText(button.dataset.copy).then(function () { button.textContent = said; });
      return;
    }
    const holder = document.createElement("textarea");
    holder.value = button.dataset.copy;
    document.body.append(holder);
    holder.select();
    if (document.execCommand("copy")) button.textContent = said;
    holder.remove();
  });
  document.addEventListener("focusin", function (event) {
    if (event.target.matches("[data-select]")) event.target.select();
  });
  document.addEventListener("submit", function (event) {
    const question = event.target.dataset.confirm;
    if (!question || window.confirm(question)) return;
    event.preventDefault();
    event.stopImmediatePropagation();  // or it would count as sent, and nothing could be sent after thinking again
  }, true);
  // Settings: one row more, Monday's hours for the other days, and how the greeting reads now.
  document.addEventListener("click", function (event) {
    const more = event.target.closest("[data-add-row]");
    if (more) {
      const rows = more.closest("[data-rows]").querySelectorAll("input");
      const row = rows[rows.length - 1].cloneNode();
      row.value = "";
      row.id = row.id.replace(/\d+$/, rows.length);
      more.parentNode.before(row);
      row.focus();
    }
    const same = event.target.closest("[data-same-hours]");
    if (same) {
      const days = same.closest(".m-hours").querySelectorAll("[data-day]");
      const first = [...days[0].querySelectorAll("input")].map((field) => field.value);
      days.forEach(function (day) {
        day.querySelectorAll("input").forEach(function (field, at) { field.value = first[at] || ""; });
      });
    }
  });
  document.addEventListener("input", function () {
    const said = document.querySelector("[data-greeting]");
    if (!said) return;
    const own = document.querySelector(said.dataset.own), name = document.querySelector(said.dataset.name);
    said.textContent = own.value.trim() ||
      said.dataset.words.replace("{persona}", name.value).replace("{studio}", said.dataset.studio);
  });
  // A second tap sends nothing; the token in the form makes it harmless besides.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.hasAttribute("data-once")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    const form = event.detail.elt;
    if (form.matches && form.matches("form[data-composer][hx-post]") && event.detail.successful) {
      form.reset();
      toEnd();
    }
  });

  document.addEventListener("DOMContentLoaded", function () {
    const main = document.getElementById("main") || document.getElementById("page");
    if (main && !document.querySelector("main, [role=main]")) main.setAttribute("role", "main");
    reachable(document);
    silent(document);
    follow();
  });
})();

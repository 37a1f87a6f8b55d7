/* The inbox: live bubbles that change only where something changed, drafts, quick replies, clocks. */
(function () {
  "use strict";

  const indonesian = document.documentElement.lang === "id";
  const UNITS = indonesian ? { min: "mnt", h: "j", d: "hr" } : { min: "min", h: "h", d: "d" };
  const TOLD = 150;  // marks of bubbles in one question
  const narrow = () => window.innerWidth < 1024 || window.matchMedia("(pointer: coarse)").matches;

  // Clocks: how long ago, and how long until the assistant resumes.
  function long(minutes) {
    if (minutes < 60) return `${Math.max(minutes, 0)} ${UNITS.min}`;
    return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} ${UNITS.h}` : `${Math.floor(minutes / 1440)} ${UNITS.d}`;
  }
  function clocks() {
    document.querySelectorAll("time[data-age]").forEach(function (time) {
      time.textContent = long(Math.floor((Date.now() - new Date(time.dateTime)) / 60000));
    });
    document.querySelectorAll("[data-until]").forEach(function (span) {
      const left = Math.ceil((new Date(span.dataset.until) - Date.now()) / 60000);
      span.textContent = left > 0 ? `(${long(left)})` : "";
    });
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") customer(false);
  });
  document.addEventListener("change", function (event) {
    const filters = event.target.closest("[data-filters]");
    if (filters) filters.requestSubmit();
  });

  function customer(shown) {
    const pane = document.getElementById("customer");
    const button = document.querySelector("[data-customer]");
    if (!pane || !button) return;
    pane.classList.toggle("open", shown);
    button.setAttribute("aria-expanded", String(shown));
  }

  // The list stays where it was when another conversation is opened.
  function list() {
    const box = document.querySelector(".i-list");
    if (!box) return;
    const key = "mila-list";
    box.scrollTop = Number(sessionStorage.getItem(key)) || 0;
    box.addEventListener("scroll", () => sessionStorage.setItem(key, String(box.scrollTop)), { passive: true });
  }
  document.addEventListener("htmx:beforeRequest", function (event) {
    const asks = event.detail.elt;
    if (asks.id === "list" && asks.offsetParent === null) event.preventDefault();  // behind the thread, on a phone
  });

  const thread = () => document.querySelector("[data-thread]");
  const body = () => document.querySelector("[data-body]");
  const live = () => document.getElementById("live");
  const box = () => document.getElementById("bubbles");
  let atEnd = true;

  function toEnd() { const scroller = body(); scroller.scrollTop = scroller.scrollHeight; }
  function pill(shown) { document.querySelector("[data-to-end]").hidden = !shown; }
  function follow() {
    const scroller = body();
    const unread = document.getElementById("unread");
    toEnd();
    const above = unread ? unread.getBoundingClientRect().top - scroller.getBoundingClientRect().top : 0;
    if (above < 0) scroller.scrollTop += above - 8;  // more is unread than fits: begin with the first
    const look = function () {
      atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
      if (atEnd) pill(false);
    };
    scroller.addEventListener("scroll", look, { passive: true });
    look();
    if (!atEnd) pill(true);
    const foot = document.querySelector(".i-foot");
    new ResizeObserver(function () {
      thread().style.setProperty("--i-foot", `${foot.offsetHeight}px`);
      if (atEnd) toEnd();
    }).observe(foot);
    scroller.addEventListener("load", () => { if (atEnd) toEnd(); }, true);  // a picture has its height now
  }

  // News: each bubble, note and day has an id and a mark; only what is new or marked otherwise is touched.
  document.addEventListener("htmx:configRequest", function (event) {
    if (event.detail.elt.id !== "live") return;
    event.detail.parameters.from = live().dataset.first;
    event.detail.parameters.seen = live().dataset.seen;
    event.detail.parameters.known = marks().join(".");
  });
  // Of the newest bubbles: what is shown just so already need not come again.
  const marks = () => [...box().querySelectorAll("[id^='message-'][data-mark]")].slice(-TOLD).map((row) => row.dataset.mark);
  document.addEventListener("htmx:afterRequest", function (event) {
    const asked = event.detail.elt;
    if (asked.id !== "live" || event.detail.xhr.status !== 200) return;
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    const news = page.getElementById("news");
    if (!news) return;
    live().dataset.seen = news.dataset.seen;
    thread().dataset.holder = news.dataset.holder;
    news.querySelectorAll("[data-into]").forEach((part) => into(part.dataset.into, part));
    merge([...news.querySelector("[data-bubbles]").children]);
    clocks();
  });

  const plain = (html) => html.replace(/<input[^>]*csrfmiddlewaretoken[^>]*>/g, "").replace(/\s+/g, " ").trim();
  function into(id, part) {
    const place = document.getElementById(id);
    if (plain(place.innerHTML) === plain(part.innerHTML)) return;
    place.innerHTML = part.innerHTML;
    htmx.process(place);
  }

  function merge(items) {
    const bubbles = box();
    const kept = new Set(items.map((item) => item.id));
    let last = null;
    let came = false;
    items.forEach(function (item) {
      const old = bubbles.querySelector(`[id="${item.id}"]`);
      if (old && old.dataset.mark === item.dataset.mark) { last = old; return; }
      const made = document.importNode(item, true);
      if (old) {
        old.querySelectorAll("details[id][open]").forEach(function (part) {
          const same = made.querySelector(`[id="${part.id}"]`);
          if (same) same.replaceWith(part.cloneNode(true));
        });
        old.replaceWith(made);
      } else {
        if (last) last.after(made); else bubbles.prepend(made);
        came = came || made.tagName === "ARTICLE";
      }
      htmx.process(made);
      last = made;
    });
    const first = items.length && bubbles.querySelector(`[id="${items[0].id}"]`);
    for (let row = first && first.nextElementSibling; row;) {
      const next = row.nextElementSibling;
      if (!kept.has(row.id) && row.id !== "unread") row.remove();
      row = next;
    }
    const empty = document.querySelector("[data-empty]");
    if (empty && items.length) empty.remove();
    if (live().dataset.first === "0" && items.length) {
      const known = items.find((item) => item.id.startsWith("message-"));
      if (known) live().dataset.first = known.id.slice(8);
    }
    if (atEnd) toEnd(); else if (came) pill(true);
    if (came && !document.hidden) htmx.trigger("#seen", "look");
  }
  // Older bubbles come above what is read: the reader's place stays.
  let height = 0;
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target.matches && event.detail.target.matches(".i-older")) height = body().scrollHeight;
  });
  document.addEventListener("htmx:afterSettle", function () {
    if (!height) return;
    const scroller = body();
    scroller.scrollTop += scroller.scrollHeight - height;
    height = 0;
    const days = [...scroller.querySelectorAll(".m-day")];
    days.forEach((day, at) => { day.hidden = at > 0 && days[at - 1].id === day.id; });
  });

  // Writing.
  const field = () => document.getElementById("reply");
  const draft = () => `mila-draft-${thread().dataset.thread}`;
  function token() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  function write(what) {
    thread().dataset.writing = what;
    document.querySelectorAll("[data-write]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.write === what));
    });
    const wanted = document.getElementById(what);
    if (wanted.offsetParent) wanted.focus();
  }
  function problem(text) {
    const place = document.querySelector("[data-problem]");
    place.textContent = text;
    place.hidden = !text;
  }
  document.addEventListener("htmx:beforeRequest", function (event) {
    const form = event.detail.elt;
    if (!form.matches("[data-reply], [data-note]")) return;
    const file = form.querySelector("[type=file]");
    const empty = !form.elements.text.value.trim() && !(file && file.files.length);
    if (empty) event.preventDefault(); else problem("");
  });
  document.addEventListener("said", function (event) {
    const form = event.target.closest("[data-reply], [data-note]");
    if (!form) return;
    form.elements.text.value = "";
    if (form.matches("[data-reply]")) {
      form.elements.token.value = token();
      form.querySelector("[type=file]").value = "";
      form.querySelector("[data-attached]").textContent = "";
      localStorage.removeItem(draft());
    } else {
      write("reply");
    }
    atEnd = true;
    htmx.trigger("#live", "look");
  });
  document.addEventListener("unsaid", function (event) { problem(event.detail.value || ""); });

  document.addEventListener("input", function (event) {
    if (event.target.id !== "reply") return;
    if (event.target.value) localStorage.setItem(draft(), event.target.value);
    else localStorage.removeItem(draft());
    suggest();
  });

  // Quick replies: “/word” at the place of writing.
  const quick = () => document.getElementById("quick");
  const offered = () => [...quick().querySelectorAll("li:not([hidden])")];
  const typed = () => field().value.slice(0, field().selectionStart).match(/(^|\s)\/([\p{L}\w-]*)$/u);
  const none = () => document.getElementById("quick-none");  // there is none yet: how to make one
  function offer(shown) {
    if (none()) { none().hidden = !shown; return; }
    quick().hidden = !shown;
    if (shown) choose(0);
  }
  function choose(at) {
    const rows = offered();
    quick().querySelectorAll("li").forEach((row) => row.setAttribute("aria-selected", "false"));
    const row = rows[(at + rows.length) % rows.length];
    if (!row) return;
    row.setAttribute("aria-selected", "true");
    quick().scrollTop = row.offsetTop - quick().clientHeight + row.offsetHeight + 6;
  }
  function suggest() {
    const word = typed();
    if (!word) { offer(false); return; }
    quick().querySelectorAll("li").forEach(function (row) {
      row.hidden = !row.dataset.shortcut.startsWith(word[2].toLowerCase());
    });
    offer(none() ? !word[2] : offered().length > 0);
  }
  function insert(row) {
    const area = field();
    const word = typed();
    const end = area.selectionStart;
    const start = word ? end - word[2].length - 1 : end;
    area.setRangeText(row.dataset.text, start, end, "end");
    offer(false);
    area.focus();
    localStorage.setItem(draft(), area.value);
  }
  document.addEventListener("keydown", function (event) {
    const area = event.target;
    if (!area.matches || !area.matches("[data-reply] textarea, [data-note] textarea")) return;
    if (area.id === "reply" && !quick().hidden && picked(event)) return;
    if (event.key === "Escape" && none()) offer(false);
    if (event.key !== "Enter" || event.isComposing) return;
    const sends = event.ctrlKey || event.metaKey || (!event.shiftKey && !narrow());
    if (sends) { event.preventDefault(); area.form.requestSubmit(); }
  });
  function picked(event) {
    const rows = offered();
    const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") choose(at + 1);
    else if (event.key === "ArrowUp") choose(at - 1);
    else if (event.key === "Escape") offer(false);
    else if (event.key === "Enter" || event.key === "Tab") insert(rows[Math.max(at, 0)]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  document.addEventListener("click", function (event) {
    const near = (selector) => event.target.closest(selector);
    if (near("[data-customer]")) customer(!document.getElementById("customer").classList.contains("open"));
    if (near("[data-customer-close]")) customer(false);
    if (!thread()) return;
    if (near("[data-to-end]")) { atEnd = true; toEnd(); }
    if (near("[data-write]")) write(near("[data-write]").dataset.write);
    if (near("#quick li")) insert(near("#quick li"));
    else if (near("[data-quick]")) {
      quick().querySelectorAll("li").forEach((row) => { row.hidden = false; });
      offer((none() || quick()).hidden);
    } else if (!near(".i-quick") && !near("#reply")) offer(false);
  });

  document.addEventListener("DOMContentLoaded", function () {
    clocks();
    window.setInterval(clocks, 20000);
    list();
    const filters = document.querySelector("[data-filters] button");
    if (filters) filters.hidden = true;  // a choice is enough
    if (!thread()) return;
    if (!field().value) field().value = localStorage.getItem(draft()) || "";
    follow();
  });
})();

/* Parts of a page that ask the server for news: hx-trigger="every 2s" (or another period) beside data-poll.
   They ask only while somebody looks, rest while the server is away, and ask at once when either comes back. */
(function () {
  "use strict";

  const TRIES = 3, REST = 30000, PATIENCE = 10000;
  const GONE = [403, 404, 409, 410];
  let failures = 0;
  let restUntil = 0;

  // Customers' words are not left in the browser's storage.
  htmx.config.historyCacheSize = 0;

  function polls(element) { return element instanceof Element && element.hasAttribute("data-poll"); }
  function show(id, shown) {
    const bar = document.getElementById(id);
    if (bar) bar.hidden = !shown;
  }

  document.addEventListener("htmx:configRequest", function (event) {
    if (polls(event.detail.elt)) event.detail.timeout = PATIENCE;
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    const asks = event.detail.elt;
    if (!polls(asks)) return;
    if (document.hidden || Date.now() < restUntil || asks.hasAttribute("data-gone")) event.preventDefault();
  });

  function away(event) {
    if (!polls(event.detail.elt)) { show("m-offline", true); return; }  // somebody pressed a button
    failures += 1;
    if (failures < TRIES) return;
    restUntil = Date.now() + REST;
    show("m-offline", true);
  }
  function there() {
    failures = 0;
    restUntil = 0;
    show("m-offline", false);
  }
  document.addEventListener("htmx:sendError", away);
  document.addEventListener("htmx:timeout", away);
  document.addEventListener("htmx:responseError", function (event) {
    const status = event.detail.xhr.status;
    if (status >= 500 || status === 429) { away(event); return; }
    there();
    if (!GONE.includes(status)) return;
    // What this part shows is no longer this person's to see, or no longer there: stop asking, keep what was typed.
    if (polls(event.detail.elt)) event.detail.elt.setAttribute("data-gone", "");
    show("m-stale", true);
  });
  document.addEventListener("htmx:afterOnLoad", function (event) {
    if (event.detail.xhr.status < 400) there();
  });

  function now() {
    if (document.hidden) return;
    restUntil = 0;
    document.querySelectorAll("[data-poll][hx-get]:not([data-gone])").forEach(function (asks) {
      const how = { source: asks, target: asks, swap: asks.getAttribute("hx-swap") || "innerHTML" };
      htmx.ajax("GET", asks.getAttribute("hx-get"), how).catch(function () {});  // told above
    });
  }
  document.addEventListener("visibilitychange", now);
  window.addEventListener("online", now);
  window.addEventListener("pageshow", function (event) { if (event.persisted) now(); });

  // News must not close what somebody opened, nor take the keyboard's place away.
  let opened = [];
  let place = null;
  const STOPS = "a[href], button, summary, input, select, textarea, [tabindex]";
  document.addEventListener("htmx:beforeSwap", function (event) {
    const old = event.detail.target;
    if (!polls(event.detail.elt)) return;
    opened = [...old.querySelectorAll("details[id][open]")].map((part) => part.id);
    const at = [...old.querySelectorAll(STOPS)].indexOf(document.activeElement);
    place = at < 0 || document.activeElement.id ? null : { at: at, within: old.id, tag: document.activeElement.tagName };
  });
  document.addEventListener("htmx:afterSettle", function () {
    opened.forEach(function (id) {
      const part = document.getElementById(id);
      if (part) part.open = true;
    });
    const within = place && document.getElementById(place.within);
    const stop = within && within.querySelectorAll(STOPS)[place.at];
    if (stop && stop.tagName === place.tag && document.activeElement === document.body) stop.focus({ preventScroll: true });
    opened = [];
    place = null;
  });
})();

/* The WhatsApp page: its two tabs, the seconds until the next code, and the dialog before disconnecting. */
(function () {
  "use strict";

  function tabs() { return document.querySelector("[data-tabs]"); }
  function choose(name) {
    tabs().querySelectorAll("[role=tab]").forEach(function (tab) {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen;
    });
  }
  // Who works on the phone that has WhatsApp cannot scan its own screen.
  function first() {
    if (window.location.hash === "#by-number" || document.querySelector("#whatsapp-pair .m-code")) return "number";
    const scans = document.querySelector("#whatsapp-code svg");
    return window.matchMedia("(max-width: 639px)").matches && !scans ? "number" : "scan";
  }
  document.addEventListener("click", function (event) {
    const tab = event.target.closest("[data-tab]");
    if (tab) choose(tab.dataset.tab);
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  });
  document.addEventListener("keydown", function (event) {
    if (!event.target.matches || !event.target.matches("[role=tab]")) return;
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = [...tabs().querySelectorAll("[role=tab]")].find((tab) => tab !== event.target);
    choose(other.dataset.tab);
    other.focus();
  });

  // Counted here; nothing is read out.
  let began = Date.now(), shown = null;
  window.setInterval(function () {
    const line = document.querySelector("[data-seconds]");
    if (!line) return;
    if (line !== shown) { shown = line; began = Date.now(); }
    const left = Math.max(0, Number(line.dataset.seconds) - Math.floor((Date.now() - began) / 1000));
    line.querySelector("b").textContent = String(left);
  }, 500);

  document.addEventListener("DOMContentLoaded", function () { if (tabs()) choose(first()); });
})();

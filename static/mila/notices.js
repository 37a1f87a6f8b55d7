/* While a page is open: the number of waiting customers in the title, a short sound, and a notification of the browser.
   It also asks while nobody looks at the tab, as that is when it is needed; one tab of several tells. */
(function () {
  "use strict";

  const EVERY = 20000, NEWS = "/admin/notices/news/", SHOWN = "/admin/notices/shown/";
  const kept = {
    get: function (name) { try { return localStorage.getItem(name); } catch { return null; } },
    set: function (name, value) { try { localStorage.setItem(name, value); } catch { /* private window */ } }
  };

  // --- the title ---
  const plain = document.title;
  function title() {
    const badge = document.getElementById("badge-conversations_conversation_changelist");
    const number = badge && !badge.hidden ? badge.textContent.trim() : "";
    const now = number ? "(" + number + ") " + plain : plain;
    if (document.title !== now) document.title = now;
  }

  // --- the sound: two soft notes, made here; browsers allow it after the first tap on the page ---
  let audio = null;
  function tuned() {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!audio && Context) audio = new Context();
    if (audio && audio.state === "suspended") audio.resume();
    return audio;
  }
  function note(context, pitch, start) {
    const tone = context.createOscillator(), loud = context.createGain();
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, start);
    loud.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.0001, start + 0.35);
    tone.connect(loud).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.4);
  }
  function sound() {
    if (kept.get("mila-sound") === "off") return;
    const context = tuned();
    if (!context || context.state !== "running") return;
    note(context, 660, context.currentTime);
    note(context, 880, context.currentTime + 0.18);
    document.documentElement.dataset.sounded = String(Number(document.documentElement.dataset.sounded || 0) + 1);
  }

  // --- the notification ---
  function tell(alert) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    try {
      const shown = new Notification(alert.title, { body: alert.body, tag: alert.id, requireInteraction: alert.urgent === true });
      shown.onclick = function () { window.focus(); if (alert.url) window.location.assign(alert.url); shown.close(); };
    } catch { /* phones show them only from an installed page */ }
  }

  // --- asking ---
  let stopped = false;
  const MEMORY = "mila-notices";  // of which studio the last alert was, and when: “studio|time”
  const TOLD = "mila-notices-told";  // ids: an alert may come later than its time says, so the last ones are asked for again
  function told() { return (kept.get(TOLD) || "").split(",").filter(Boolean); }
  function remembered() {
    const [studio, at] = (kept.get(MEMORY) || "|").split("|");
    return { studio: studio, at: at || "" };
  }
  function token() {
    const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    return found ? decodeURIComponent(found[1]) : "";
  }
  async function ask() {
    if (stopped) return;
    const last = remembered();
    const asked = new URLSearchParams({ after: last.at, studio: last.studio, told: told().join(",") });
    let answer;
    try {
      answer = await fetch(NEWS + "?" + asked, { headers: { "HX-Request": "true" }, redirect: "manual" });
    } catch { return; }  // the server is away: the next round asks again
    if (answer.status === 403 || answer.status === 404 || answer.type === "opaqueredirect") { stopped = true; return; }
    if (answer.status !== 200) return;
    const found = await answer.json();
    const now = remembered(), known = told();
    const alerts = found.alerts.filter((alert) => !known.includes(alert.id));  // else another tab was faster
    if (now.studio !== found.studio || now.at < found.at) kept.set(MEMORY, found.studio + "|" + found.at);
    const ids = alerts.map((alert) => alert.id).concat(found.told || []);
    if (ids.length) kept.set(TOLD, known.concat(ids).slice(-60).join(","));
    if (!alerts.length) return;
    sound();
    alerts.forEach(tell);
    const form = new URLSearchParams(alerts.map((alert) => ["id", alert.id]));
    fetch(SHOWN, { method: "POST", body: form, headers: { "X-CSRFToken": token(), "HX-Request": "true" } }).catch(function () {});
  }

  // --- the page “My notices” ---
  function setUp() {
    const card = document.querySelector("[data-notices-setup]");
    if (!card) return;
    const state = "Notification" in window ? Notification.permission : "none";
    card.querySelectorAll("[data-notices-is]").forEach(function (line) { line.hidden = line.dataset.noticesIs !== state; });
    card.querySelector("[data-notices-allow]").hidden = state !== "default";
    card.querySelector("[data-notices-sound]").checked = kept.get("mila-sound") !== "off";
  }
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-notices-allow]")) Notification.requestPermission().then(setUp);
    const tries = event.target.closest("[data-notices-try]");
    if (tries) {
      tuned();
      window.setTimeout(sound, 60);
      tell({ title: tries.dataset.title, body: tries.dataset.body, id: "test" });
    }
  });
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-notices-sound]")) kept.set("mila-sound", event.target.checked ? "on" : "off");
  });
  document.addEventListener("pointerdown", function () { if (kept.get("mila-sound") !== "off") tuned(); }, { once: true });

  document.addEventListener("DOMContentLoaded", function () {
    setUp();
    const menu = document.getElementById("nav-sidebar-apps");
    if (!menu) return;
    title();
    new MutationObserver(title).observe(menu, { childList: true, subtree: true, characterData: true, attributes: true });
    ask();
    window.setInterval(ask, EVERY);
  });
})();

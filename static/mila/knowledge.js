/* The entry form: a small toolbar, the length, keywords as chips, tabs on a phone. What is shown comes from the server. */
(function () {
  "use strict";

  // The theme's script looks for a text field of its own beside every file field, and stumbles over a plain one.
  document.querySelectorAll("input.k-file").forEach(function (field) { field.hasChangeListener = true; });

  function element(name, options, ...children) {
    const made = Object.assign(document.createElement(name), options);
    made.append(...children);
    return made;
  }
  function changed(field) { field.dispatchEvent(new Event("input", { bubbles: true })); }

  // Put marks around what is selected, or before each selected line.
  function around(field, before, after, fallback) {
    const start = field.selectionStart, end = field.selectionEnd;
    const inner = field.value.slice(start, end) || fallback;
    field.setRangeText(before + inner + after, start, end, "select");
    field.setSelectionRange(start + before.length, start + before.length + inner.length);
    field.focus();
    changed(field);
  }
  function lines(field) {
    const start = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1;
    const chosen = field.value.slice(start, field.selectionEnd);
    const made = chosen.split("\n").map((line) => (line.startsWith("- ") ? line : "- " + line)).join("\n");
    field.setRangeText(made, start, field.selectionEnd, "end");
    field.focus();
    changed(field);
  }
  function below(field, text) {
    const at = field.selectionEnd;
    const gap = at === 0 || field.value.slice(0, at).endsWith("\n\n") ? "" : field.value.slice(0, at).endsWith("\n") ? "\n" : "\n\n";
    field.setRangeText(gap + text + "\n", at, at, "end");
    field.focus();
    changed(field);
  }

  function sample([day, time, monday]) {
    return "| " + day + " | " + time + " |\n|---|---|\n| " + monday + " | 07:00 |";
  }

  function toolbar(field, words) {
    const actions = [
      [words.bold, "format_bold", () => around(field, "**", "**", words.bold)],
      [words.list, "format_list_bulleted", () => lines(field)],
      [words.link, "link", () => around(field, "[", "](https://)", words.link)],
      [words.table, "table", () => below(field, sample(words.columns.split("|")))],
    ];
    const bar = element("div", { className: "k-tools" });
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", words.tools);
    actions.forEach(function ([name, icon, act]) {
      const sign = element("span", { className: "material-symbols-outlined", textContent: icon });
      sign.setAttribute("aria-hidden", "true");
      const button = element("button", { type: "button", className: "k-tool", title: name }, sign);
      button.setAttribute("aria-label", name);
      button.addEventListener("click", act);
      bar.append(button);
    });
    const count = element("span", { className: "k-count" });
    count.setAttribute("aria-live", "off");
    function told() {
      const size = [...field.value].length;
      count.textContent = words.count.replace("{n}", size.toLocaleString(document.documentElement.lang));
      count.classList.toggle("k-bad", size > 20000);
    }
    field.addEventListener("input", told);
    told();
    bar.append(count);
    field.before(bar);
    return bar;
  }

  // A text to fill in, of the category that is chosen, as long as nothing is written.
  function skeletons(field, bar, words) {
    const source = document.getElementById("k-skeletons");
    const category = document.getElementById("id_category"), language = document.getElementById("id_language");
    if (!source || !category || !language) return;
    const texts = JSON.parse(source.textContent);
    const button = element("button", { type: "button", className: "m-btn k-skeleton", textContent: words.skeleton });
    function fits() { return texts[category.value + "/" + language.value]; }
    function show() { button.hidden = Boolean(field.value.trim()) || !fits(); }
    button.addEventListener("click", function () { field.value = fits(); changed(field); field.focus(); });
    [field, category, language].forEach((each) => each.addEventListener("input", show));
    bar.after(button);
    show();
  }

  function chips(field, words) {
    const box = element("div", { className: "m-chips k-keywords" });
    function kept() { return field.value.split(",").map((word) => word.trim()).filter(Boolean); }
    function show() {
      box.replaceChildren(...kept().map(function (word) {
        const button = element("button", { type: "button", className: "m-chip", textContent: word + " ×" });
        button.setAttribute("aria-label", words.remove + ": " + word);
        button.addEventListener("click", function () {
          field.value = kept().filter((other) => other !== word).join(", ");
          changed(field);
          field.focus();
        });
        return button;
      }));
      box.hidden = !box.children.length;
    }
    field.addEventListener("input", show);
    field.after(box);
    show();
  }

  // On a narrow page one thing at a time: the form, its preview, or a question.
  function tabs(form, words) {
    const beside = document.querySelector("[data-k-beside]");
    if (!beside) return;
    const bar = element("div", { className: "k-tabs" });
    bar.setAttribute("role", "group");
    const parts = [["write", words.write], ["page", words.preview], ["whatsapp", words.whatsapp], ["try", words.try]];
    function show(part) {
      document.body.dataset.kShown = part;
      bar.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.part === part)));
    }
    parts.forEach(function ([part, label]) {
      const button = element("button", { type: "button", textContent: label });
      button.dataset.part = part;
      button.addEventListener("click", () => show(part));
      bar.append(button);
    });
    form.before(bar);
    show("write");
  }

  document.addEventListener("DOMContentLoaded", function () {
    const told = document.querySelector("[data-k-words]");
    const form = document.getElementById("knowledgeentry_form");
    if (!told || !form) return;
    const words = told.dataset;
    const text = document.querySelector("textarea#id_content"), keywords = document.querySelector("input#id_keywords");
    if (text) skeletons(text, toolbar(text, words), words);
    if (keywords) chips(keywords, words);
    tabs(form, words);
  });
})();

// Settings: the list of parts on a phone, and a warning before typed text is lost.
(function () {
  "use strict";
  let typed = false;

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-goto]")) window.location.assign(event.target.value);
  });
  document.addEventListener("input", function (event) {
    const form = event.target.closest("form[data-unsaved]");
    if (!form) return;
    typed = true;
    form.querySelector("[data-unsaved-note]").hidden = false;
  });
  document.addEventListener("submit", function (event) {
    if (event.target.matches("form[data-unsaved]")) typed = false;
  });
  window.addEventListener("beforeunload", function (event) {
    if (typed) event.preventDefault();
  });
})();

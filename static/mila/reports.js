/* Draws the charts from the numbers beside them. Colours follow the theme; one that fails shows its table instead. */
(function () {
  "use strict";
  const drawn = [];
  const indonesian = document.documentElement.lang === "id";
  const digits = (most) => new Intl.NumberFormat(indonesian ? "id-ID" : "en-GB", { maximumFractionDigits: most });
  const usual = digits(2), small = digits(4);  // a day may cost less than a cent
  const number = { format: (value) => (Math.abs(value) < 1 ? small : usual).format(value) };

  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function paint(set, role, kind) {
    const shade = colour("--r-" + role);
    set.borderColor = shade;
    set.backgroundColor = shade;
    if (kind === "line") { set.pointBackgroundColor = shade; }
  }

  function colours(chart, told) {
    const text = colour("--m-quiet"), line = colour("--m-line");
    chart.data.datasets.forEach(function (set, at) { paint(set, told.series[at].role, told.kind); });
    Object.values(chart.options.scales).forEach(function (axis) {
      axis.ticks.color = text;
      axis.grid.color = line;
    });
    chart.options.plugins.legend.labels.color = text;
  }

  function settings(told) {
    const lying = told.kind === "rows";
    const counts = { stacked: told.stacked, beginAtZero: true, border: { display: false }, grid: {}, ticks: { maxTicksLimit: 5, precision: told.unit ? undefined : 0, callback: (value) => number.format(value) } };
    const names = { stacked: told.stacked, border: { display: false }, grid: { display: false }, ticks: { maxRotation: 0, autoSkip: !lying, autoSkipPadding: 14, maxTicksLimit: lying ? undefined : (window.innerWidth < 640 ? 5 : 10) } };
    if (lying) names.ticks.callback = function (value) {
      const label = this.getLabelForValue(value), most = window.innerWidth < 640 ? 18 : 30;
      return label.length > most ? label.slice(0, most - 1) + "…" : label;
    };
    return {
      type: told.kind === "line" ? "line" : "bar",
      data: { labels: told.labels, datasets: told.series.map(function (one) {
        return { label: one.name, data: one.values, borderWidth: told.kind === "line" ? 2 : 0, borderRadius: 3, maxBarThickness: 26, pointRadius: told.labels.length > 31 ? 0 : 2.5, tension: 0.25, spanGaps: true };
      }) },
      options: {
        indexAxis: lying ? "y" : "x",
        responsive: true,
        maintainAspectRatio: false,
        animation: false,
        interaction: { mode: "index", intersect: false, axis: lying ? "y" : "x" },
        scales: lying ? { x: counts, y: names } : { x: names, y: counts },
        plugins: {
          legend: { display: told.series.length > 1, position: "bottom", align: "start", labels: { boxWidth: 10, boxHeight: 10, usePointStyle: true, pointStyle: "rectRounded" } },
          tooltip: { callbacks: { label: (item) => " " + item.dataset.label + ": " + number.format(item.raw) + (told.unit ? " " + told.unit : "") } },
        },
      },
    };
  }

  function draw(canvas) {
    try {
      const told = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
      const how = settings(told);
      how.data.datasets.forEach(function (set, at) { paint(set, told.series[at].role, told.kind); });
      const chart = new Chart(canvas, how);
      colours(chart, told);
      chart.update("none");
      drawn.push([chart, told]);
    } catch (error) {
      canvas.parentNode.hidden = true;
      const table = canvas.closest("section").querySelector("details");
      if (table) table.open = true;
    }
  }

  document.addEventListener("htmx:afterSettle", function (event) {  // a card of Home that was asked for again
    event.target.querySelectorAll("canvas[data-chart]").forEach(function (canvas) { if (!Chart.getChart(canvas)) draw(canvas); });
  });
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("canvas[data-chart]").forEach(draw);
    new MutationObserver(function () {
      drawn.forEach(function (pair) { colours(pair[0], pair[1]); pair[0].update("none"); });
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  });
})();

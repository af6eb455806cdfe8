/**
 * The page's script: draws its charts from its data, in the colours of its style, and redraws them when the colour
 * scheme changes.
 */
export const SCRIPT = `
(() => {
  "use strict";
  const charts = JSON.parse(document.getElementById("chart-data").textContent);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const narrow = matchMedia("(max-width: 480px)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const exact = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 2 });
  const fine = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumSignificantDigits: 2 });
  const short = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", notation: "compact", maximumSignificantDigits: 3 });
  const money = (value) => (value !== 0 && Math.abs(value) < 0.01 ? fine : exact).format(value);
  const tick = (value) => (value !== 0 && Math.abs(value) < 1 ? fine : short).format(value);
  let drawn = [];

  function draw() {
    for (const chart of drawn) chart.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue("--" + name).trim();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.size = narrow.matches ? 11 : 12;
    Chart.defaults.color = colour("soft");
    drawn = charts.map((chart) => new Chart("chart-" + chart.id, configOf(chart, colour)));
  }

  function configOf({ bars, labels, titles, series }, colour) {
    const up = bars === "up";
    const values = {
      stacked: true,
      beginAtZero: true,
      border: { display: false },
      grid: { color: colour("grid"), drawTicks: false },
      ticks: { callback: tick, maxTicksLimit: narrow.matches ? 4 : 6, padding: 8, maxRotation: 0 },
    };
    const names = {
      stacked: true,
      border: { color: colour("line") },
      grid: { display: false },
      ticks: up
        ? { autoSkip: true, maxRotation: 0, autoSkipPadding: 18, padding: 4, callback: (_, at) => shortDay(labels[at]) }
        : { autoSkip: false, padding: 4, color: colour("text") },
    };
    return {
      type: "bar",
      data: { labels, datasets: series.map((one) => datasetOf(one, colour, up)) },
      options: {
        indexAxis: up ? "x" : "y",
        responsive: true,
        maintainAspectRatio: false,
        animation: still ? false : { duration: 350 },
        interaction: { mode: "index", axis: up ? "x" : "y", intersect: false },
        scales: up ? { x: names, y: values } : { x: values, y: names },
        plugins: {
          legend: {
            align: "start",
            labels: { boxWidth: 10, boxHeight: 10, useBorderRadius: true, borderRadius: 3, padding: 14 },
          },
          tooltip: {
            backgroundColor: colour("text"), titleColor: colour("card"), bodyColor: colour("card"), footerColor: colour("card"),
            padding: 10, cornerRadius: 8, boxPadding: 5, boxWidth: 9, boxHeight: 9, usePointStyle: false, multiKeyBackground: "transparent",
            filter: ({ raw }) => raw !== 0,
            callbacks: {
              title: ([item]) => (item ? (titles || labels)[item.dataIndex] : ""),
              label: ({ dataset, raw }) => dataset.label + ": " + money(raw),
              footer: (items) => (items.length > 1 ? "Total: " + money(items.reduce((sum, { raw }) => sum + raw, 0)) : ""),
            },
          },
        },
      },
    };
  }

  function datasetOf({ name, colour: key, values }, colour, up) {
    return {
      label: name,
      data: values,
      backgroundColor: colour(key),
      borderRadius: 3,
      maxBarThickness: up ? 34 : 22,
      categoryPercentage: up ? 0.86 : 0.8,
      barPercentage: 0.92,
    };
  }

  function shortDay(label) {
    if (label.length !== 10) return label;
    return new Date(label + "T00:00:00Z").toLocaleDateString("en-US", { timeZone: "UTC", day: "numeric", month: "short" });
  }

  draw();
  dark.addEventListener("change", draw);
  narrow.addEventListener("change", draw);
})();
`;

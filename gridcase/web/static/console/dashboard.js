// Charts of the leader's page, drawn on canvases (tooltips of the page would need styles that the policy forbids); a
// click on a bar or a day opens its cases.

import "./form_dialog.js";

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const axis = { axisLine: { lineStyle: { color: colour("--edge") } }, axisTick: { show: false }, axisLabel: { color: colour("--ink") } };
const whole = { type: "value", minInterval: 1, splitLine: { lineStyle: { color: colour("--line") } }, axisLabel: { color: colour("--soft") } };

function units(values, box) {
  const bar = (name, key, fill) => ({ type: "bar", stack: "late", name, barMaxWidth: 20, itemStyle: { color: fill }, data: values.map((one) => one[key]) });
  return {
    xAxis: whole,
    yAxis: { ...axis, type: "category", inverse: true, data: values.map((one) => one.name), axisLabel: { color: colour("--ink"), width: 150, overflow: "truncate" } },
    series: [bar(box.dataset.first, "with_unit", colour("--alarm")), bar(box.dataset.second, "with_office", colour("--warn"))],
  };
}

function days(values, box) {
  const line = (name, place, stroke, symbol) => ({ type: "line", name, symbol, symbolSize: 7, lineStyle: { width: 2, type: place === 1 ? "solid" : "dashed" },
    itemStyle: { color: stroke }, data: values.map((one) => one[place]) });
  return {
    xAxis: { ...axis, type: "category", data: values.map((one) => one[0]) },
    yAxis: whole,
    series: [line(box.dataset.first, 1, colour("--dispatch"), "circle"), line(box.dataset.second, 2, colour("--check"), "rect")],
  };
}

const CHARTS = { units: [units, (values, hit) => values[hit.dataIndex].url], days: [days, (values, hit) => values[hit.dataIndex][3][hit.seriesIndex]] };

for (const box of document.querySelectorAll("[data-chart]")) {
  const values = JSON.parse(document.querySelector(`[data-values="${box.dataset.chart}"]`).textContent);
  const [options, addressOf] = CHARTS[box.dataset.chart];
  const chart = window.echarts.init(box, null, { renderer: "canvas" });
  chart.setOption({
    animation: false,
    aria: { enabled: false },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 16, top: 34, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, textStyle: { color: colour("--ink") } },
    tooltip: { renderMode: "richText", trigger: "axis", axisPointer: { type: "shadow" } },
    ...options(values, box),
  });
  chart.on("click", (hit) => location.assign(addressOf(values, hit)));
  new ResizeObserver(() => chart.resize()).observe(box);
}

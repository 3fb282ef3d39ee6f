// The chart of a ranking, drawn on a canvas (a tooltip of the page would need styles that the policy forbids), and print.

const colours = () => {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
};

function draw(box) {
  const values = JSON.parse(box.parentElement.querySelector("[data-chart-values]").textContent);
  const colour = colours();
  const chart = window.echarts.init(box, null, { renderer: "canvas" });
  const scores = values.map((one) => Number(one.score));
  const least = Math.min(...scores);
  chart.setOption({
    animation: false,
    aria: { enabled: false },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 64, top: 8, bottom: 28, containLabel: true },
    tooltip: {
      renderMode: "richText",
      trigger: "item",
      formatter: (hit) => `${values[hit.dataIndex].name}\n${box.dataset.score} ${values[hit.dataIndex].score}`,
    },
    xAxis: { type: "value", min: least > 50 ? Math.floor((least - 5) / 10) * 10 : Math.min(0, least), splitLine: { lineStyle: { color: colour("--line") } } },
    yAxis: { type: "category", inverse: true, data: values.map((one) => one.name), axisTick: { show: false }, axisLabel: { color: colour("--ink"), width: 220, overflow: "truncate" } },
    series: [{
      type: "bar",
      barMaxWidth: 22,
      data: values.map((one) => ({ value: Number(one.score), itemStyle: { color: one.warns ? colour("--alarm") : colour("--brand") } })),
      label: { show: true, position: "right", color: colour("--ink"), formatter: (hit) => values[hit.dataIndex].score + (values[hit.dataIndex].warns ? ` ${box.dataset.warns}` : "") },
    }],
  });
  new ResizeObserver(() => chart.resize()).observe(box);
}

for (const box of document.querySelectorAll("[data-chart]")) draw(box);

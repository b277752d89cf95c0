/**
 * All that the page does by itself; without it nothing is missing. Local times as titles, nothing folded on paper, and
 * findings chosen by tool, level, novelty and text.
 */
export const SCRIPT = `
for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
}
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});
for (const bar of document.querySelectorAll(".filter")) {
  const section = bar.closest("section");
  const fields = [...bar.querySelectorAll("[data-filter]")];
  const items = [...section.querySelectorAll(".findings > li")].map((item) => {
    const tool = item.closest("[data-tool]").dataset.tool;
    const file = item.closest("[data-file]").querySelector("h4").textContent;
    return { item, tool, ...item.dataset, text: (file + " " + item.textContent).toLowerCase() };
  });
  const choose = () => {
    const wanted = Object.fromEntries(fields.map((field) => [field.dataset.filter, field.value.trim()]));
    const words = wanted.text.toLowerCase().split(" ").filter(Boolean);
    let count = 0;
    for (const each of items) {
      const fits =
        (wanted.tool === "" || each.tool === wanted.tool) &&
        (wanted.level === "" || each.level === wanted.level) &&
        (wanted.state === "" || each.state === wanted.state) &&
        words.every((word) => each.text.includes(word));
      each.item.hidden = !fits;
      if (fits) count += 1;
    }
    for (const group of section.querySelectorAll("[data-file], [data-tool]")) {
      group.hidden = group.querySelector(".findings > li:not([hidden])") === null && fields.some((field) => field.value !== "");
    }
    bar.querySelector("[data-shown]").textContent = count + " of " + items.length + " shown";
  };
  bar.hidden = false;
  bar.addEventListener("input", choose);
  choose();
}
`;

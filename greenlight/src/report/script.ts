/** All that the page does by itself; without it nothing is missing. Local times as titles, and nothing folded on paper. */
export const SCRIPT = `
for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
}
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});
`;

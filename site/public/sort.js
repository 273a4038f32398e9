// Makes the column heads of `table.sortable` into buttons. Without script the tables are read as they are.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sortBy(table, heads, column));
  });
}

function sortBy(table, heads, column) {
  const numeric = heads[column].classList.contains("n");
  const first = numeric ? "descending" : "ascending";
  const other = numeric ? "ascending" : "descending";
  const order = heads[column].getAttribute("aria-sort") === first ? other : first;
  heads.forEach((head, index) =>
    index === column ? head.setAttribute("aria-sort", order) : head.removeAttribute("aria-sort")
  );
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row.cells[column], numeric), row]);
  rows.sort(([a], [b]) => a === b ? 0 : a === null ? 1 : b === null ? -1 : sign * (a < b ? -1 : 1));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function keyOf(cell, numeric) {
  const text = cell.textContent.trim();
  if (!numeric) return text.toLowerCase();
  const value = Number(text.replaceAll(/[$,]/g, ""));
  return Number.isNaN(value) ? null : value;
}

"use strict";
(() => {
  const table = document.getElementById("table");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const form = document.forms[0], words = document.getElementById("words"), mark = document.getElementById("mark");
  const links = [...document.querySelectorAll("[data-mark]")], said = document.getElementById("shown");
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const names = heads.map((head) => head.textContent);
  const order = new Intl.Collator("en", { numeric: true });
  let column = 0, down = false;

  // Browsers that see a table in its layout alone lose it where rows are cards.
  table.setAttribute("role", "table");
  for (const row of table.rows) {
    row.setAttribute("role", "row");
    for (const cell of row.cells) {
      cell.setAttribute("role", cell.tagName === "TD" ? "cell" : cell.scope === "row" ? "rowheader" : "columnheader");
    }
  }
  for (const group of [table.tHead, body]) group.setAttribute("role", "rowgroup");

  const say = () => {
    const shown = rows.filter((row) => !row.hidden).length;
    const way = down ? ", descending" : "";
    said.textContent = `${shown} of ${rows.length} images shown, sorted by ${names[column].toLowerCase()}${way}.`;
  };
  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, number) => {
      row.hidden = !(wanted.every((word) => texts[number].includes(word)) &&
        (!mark.value || row.classList.contains(mark.value)));
    });
    for (const link of links) {
      if (link.dataset.mark === mark.value) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    say();
  };
  const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
  const sort = () => {
    // What has no value stays at the end, whichever way.
    const found = rows.map((row) => [row, key(row)]);
    found.sort(([, one], [, other]) =>
      one === "" || other === "" ? (one === "") - (other === "") : (down ? -1 : 1) * order.compare(one, other));
    body.append(...found.map(([row]) => row));
    heads.forEach((head, number) =>
      head.setAttribute("aria-sort", number !== column ? "none" : down ? "descending" : "ascending"));
    say();
  };

  heads.forEach((head, number) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = names[number];
    button.addEventListener("click", () => {
      down = column === number && !down;
      column = number;
      sort();
    });
    head.replaceChildren(button);
    head.setAttribute("aria-sort", number === column ? "ascending" : "none");
  });
  words.addEventListener("input", filter);
  mark.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    words.value = mark.value = "";
    filter();
  });
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      mark.value = link.dataset.mark;
      filter();
      document.getElementById("images").scrollIntoView();
    });
  }
  form.hidden = false;
  filter();
})();

// Draws the page's Mermaid in the colours of the page, and again when these change.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const drawings = [...document.querySelectorAll("pre.mermaid")].map((place) => ({ place, source: place.textContent }));
let drawnIn = null;
let drawn = Promise.resolve();

function theme() {
  const chosen = document.body.dataset.theme; // furo: auto, light or dark
  return chosen === "dark" || (chosen !== "light" && dark.matches) ? "dark" : "default";
}

async function draw() {
  if (theme() === drawnIn) return;
  drawnIn = theme();
  const edgeLabelBackground = getComputedStyle(document.body).backgroundColor;
  mermaid.initialize({ startOnLoad: false, theme: drawnIn, themeVariables: { edgeLabelBackground } });
  for (const { place, source } of drawings) {
    place.removeAttribute("data-processed");
    place.textContent = source;
  }
  await mermaid.run({ nodes: drawings.map(({ place }) => place) });
}

function drawInTurn() {
  drawn = drawn.then(draw);
}

new MutationObserver(drawInTurn).observe(document.body, { attributeFilter: ["data-theme"] });
dark.addEventListener("change", drawInTurn);
drawInTurn();

// Returns what is wrong with how a page is shown.
(async () => {
  const LEAST_CONTRAST = 4.5; // https://www.w3.org/TR/WCAG22/#contrast-minimum

  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).map((part) => linear(part / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const background = (place) => {
    if (!place) return "rgb(255, 255, 255)";
    const colour = getComputedStyle(place).backgroundColor;
    return (channels(colour)[3] ?? 1) > 0.9 ? colour : background(place.parentElement);
  };
  const contrast = (place) => {
    const both = [luminance(getComputedStyle(place).color), luminance(background(place))];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  };
  const all = (selector) => [...document.querySelectorAll(selector)];

  if (typeof drawn !== "undefined") await drawn;
  const page = document.documentElement;
  const excess = page.scrollWidth - page.clientWidth;
  const written = new Map(all(".highlight span, p, li, td, code, summary").map((place) => [place.className || place.tagName, place]));
  return [
    ...(excess > 0 ? [`${excess} px too wide`] : []),
    ...all(".mermaid, .highlight-mermaid")
      .filter((drawing) => !drawing.querySelector("svg g.node"))
      .map((drawing) => `not drawn: ${drawing.textContent.trim()}`),
    ...[...document.images]
      .filter((picture) => picture.loading !== "lazy" && !picture.naturalWidth)
      .map((picture) => `no picture: ${picture.src}`),
    ...all(".highlight-python pre, .highlight-sh pre")
      .filter((code) => !code.parentElement.querySelector("button.copybtn"))
      .map((code) => `no copy button: ${code.textContent}`),
    ...[...written]
      .filter(([, place]) => place.textContent.trim() && contrast(place) < LEAST_CONTRAST)
      .map(([name, place]) => `too faint: ${name}: ${place.textContent.trim()}`),
  ];
})();

// Returns each text whose contrast to its background is below the level AA of WCAG 2.2.

const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });

/** Returns the colour that results from painting these over each other. */
function painted(...colors) {
  context.clearRect(0, 0, 1, 1);
  for (const color of colors) {
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
  }
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => (value <= 10.31 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const texts = document.createTreeWalker(document.querySelector('dialog[open]') ?? document.body, NodeFilter.SHOW_TEXT);
const low = [];
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || !element.checkVisibility() || element.closest('.unseen, script, template')) continue;
  const backgrounds = ['white'];
  for (let behind = element; behind; behind = behind.parentElement) {
    backgrounds.splice(1, 0, getComputedStyle(behind).backgroundColor);
  }
  const { color, fontSize, fontWeight } = getComputedStyle(element);
  const large = parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && fontWeight >= 700);
  const found = contrast(painted(...backgrounds), painted(...backgrounds, color));
  if (found < (large ? 3 : 4.5)) low.push(`${texts.currentNode.textContent.trim()}: ${found.toFixed(2)}`);
}
return low;

// Making elements: h('p', {class: 'soft'}, 'text', child). No HTML is ever parsed from text.

export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'class') element.className = `${element.className} ${value}`.trim();
    else if (value === true) element.setAttribute(key, '');
    else element.setAttribute(key, value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false && child !== ''));
  return element;
}

/** Put children in place of what an element had; keeps the focus where an element of the same data-key comes back. */
export function fill(element, ...children) {
  const key = document.activeElement?.dataset?.key;
  element.replaceChildren(...children.flat(3).filter(Boolean));
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** An icon of the sprite in icons.svg. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `/static/m/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

const shown = new Set();

/** An image of bytes kept on the phone; its address is given back once another screen is shown. */
export function image(bytes, type, alt, attributes = {}) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  shown.add(url);
  return h('img', { src: url, alt, ...attributes });
}

export function releaseImages() {
  for (const url of shown) URL.revokeObjectURL(url);
  shown.clear();
}

let toastTimer = 0;

/** Say something at the foot of the screen for some seconds; read aloud by screen readers. */
export function say(text, { isAlarm = false } = {}) {
  const place = document.getElementById('toast');
  place.textContent = text;
  place.className = isAlarm ? 'toast alarm' : 'toast';
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { place.hidden = true; }, isAlarm ? 9000 : 4500);
}

/** Ask before something that cannot be undone; true when the person agrees. */
export function confirmed(question, yes, no) {
  return new Promise((resolve) => {
    const dialog = h('dialog.ask', { 'aria-label': question },
      h('p', {}, question),
      h('div.row', {},
        h('button.button', { type: 'button', onclick: () => dialog.close('') }, no),
        h('button.button.danger', { type: 'button', onclick: () => dialog.close('yes') }, yes)));
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'yes');
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

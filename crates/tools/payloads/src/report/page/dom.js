// How the views put things on the page. What a capture says reaches it as text alone: there is no
// way here to make markup, an address or a style of a string.

// No address begins like their names, so that none makes a browser scroll to one.
const $ = (id) => document.getElementById(`the-${id}`);

/** An element with properties and children; strings become text. */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') element.className = value;
    else if (name.startsWith('--')) element.style.setProperty(name, value);
    else if (/^(role|aria-|data-)/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Control characters, and those that are not seen or that turn the direction of what follows.
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;
const NAMED = { '\t': '→', '\r': '\\r', '\n': '\\n' };

/** Text for those who listen, where others see. */
const unseen = (text) => h('span', { class: 'unseen' }, text);

/** Text whose every character is seen, in one line. */
function seen(text) {
  return lines(String(text)).replaceAll('\n', '\\n');
}

/** Text whose every character is seen, but with its line ends. */
function lines(text) {
  return text.replaceAll('\r\n', '\n').replace(UNSEEN, (character) => {
    const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    return NAMED[character] ?? `⟨U+${code}⟩`;
  });
}

/** The beginning of text that may be long. */
function begin(text, length) {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** Scrolls a box that scrolls by itself until an element in it is seen, and nothing else. */
function scrollWithin(box, element) {
  if (box.scrollHeight <= box.clientHeight) return;
  const [outer, inner] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
  if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top;
  else if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom;
}

/** Gives an element the keys, and brings it into view by the shortest way. */
function focusOn(element) {
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: 'nearest' });
}

const grouped = new Intl.NumberFormat('en');
const number = (value) => grouped.format(value);

function count(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A time that passed, in words: `0.5 ms`, `12 ms`, `9.9 s`, `2 min 5 s`. */
function duration(seconds) {
  const time = Math.abs(seconds);
  if (time < 0.0000995) return `${(time * 1e6).toFixed(0)} µs`;
  if (time < 0.00995) return `${(time * 1e3).toFixed(time < 0.000995 ? 2 : 1)} ms`;
  if (time < 0.9995) return `${(time * 1e3).toFixed(0)} ms`;
  if (time < 119.95) return `${time.toFixed(1)} s`;
  const whole = Math.round(time);
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(time / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The colours, in the order of a packet's layers, and what they stand for. */
const COLOURS = {
  link: 'Ethernet',
  network: 'IP',
  transport: 'TCP',
  head: 'HTTP head',
  framing: 'framing',
  content: 'content',
  time: 'the time',
  payload: 'not read',
  missing: 'not captured',
};

/** Fills a legend with those colours that are in use. */
function legend(list, used) {
  const keys = Object.keys(COLOURS).filter((key) => used.has(key));
  list.replaceChildren(...keys.map((key) =>
    h('li', {}, h('span', { class: 'key', 'data-of': key }), COLOURS[key])));
}

/** The bytes of a packet as a row of blocks, `unit` CSS units a byte. */
function bar(blocks, width) {
  const row = h('span', { class: 'bar', 'aria-hidden': 'true' });
  for (const [of, bytes] of blocks) {
    const block = h('i', { 'data-of': of });
    block.style.width = width(bytes);
    row.append(block);
  }
  return row;
}

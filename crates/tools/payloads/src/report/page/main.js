// One selection, which every view follows: a capture, a packet of it, a bit of that. It is in the
// address, as in `#wsapp/p17/b54`, or `#wsapp/p17/b54.3` for a field that begins at bit 3 of a byte.

/** Whether the lines come one by one from a server. */
const isLive = document.documentElement.dataset.live !== undefined;

const captures = [];
const views = {
  ladder: new Ladder($('ladder')),
  talk: new Talk($('talk'), (item, byKey) => chooseItem(item, byKey)),
  packet: new PacketView($('packet'), (packet, bit, options) => choose(packet, bit, options)),
  compare: null,
};

const state = {
  /** Whether a tab was opened yet. */
  shown: false,
  /** The capture that is shown, or nothing where they are compared. */
  capture: null,
  packet: null,
  bit: null,
  /** Whether the conversation is shown in the ladder's place. */
  talks: false,
  /** Whether a live page goes on to each new packet. */
  follows: false,
};

/** How a capture ends. */
const ENDS = {
  over: 'The capture is over',
  cut: 'The capture ends in the middle of a packet',
  damaged: 'The capture is damaged from here on',
};

/** The width of a sheet of paper within its margins, in CSS pixels. */
const PAPER = 640;

const KEYS = [
  ['1 to 9', 'open a tab'],
  ['↑ ↓', 'the packet, message, field or row of bytes before and after'],
  ['Page Up, Page Down', 'ten packets up or down'],
  ['Home, End', 'the first and the last'],
  ['→', 'from a packet to its bytes, then from byte to byte'],
  ['←', 'back from byte to byte'],
  ['Shift + → ←', 'from field to field'],
  ['Enter', 'from a packet to its fields'],
  ['Tab', 'to the next part of the page: packets, fields, bytes'],
  ['Esc', 'from a byte back to its packet'],
  ['c, p', 'the conversation, the packets'],
  ['f', 'follow the newest packet, on a live page'],
  ['?', 'this list'],
];

function addressOf(capture, packet, bit = null) {
  const place = bit === null ? '' : `/b${bit >> 3}${bit % 8 ? `.${bit % 8}` : ''}`;
  return `#${encodeURIComponent(capture.name)}${packet ? `/p${packet}` : ''}${place}`;
}

let addressTimer = 0;
let knownAddress = location.hash;

/** Writes the selection into the address, but not at each key of many: browsers limit that. */
function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const { capture, packet, bit, talks, follows } = state;
    const address = capture
      ? (follows ? addressOf(capture) : addressOf(capture, packet?.packet, bit)) +
        (talks ? '/conversation' : '')
      : '#compare';
    // Where it is another than the page knows of, someone followed a link just now.
    if (location.hash !== knownAddress) return;
    if (knownAddress !== address) history.replaceState(null, '', address);
    knownAddress = location.hash;
  }, 60);
  const place = state.packet && !state.follows ? `, packet ${state.packet.packet}` : '';
  document.title = `${state.capture ? seen(state.capture.name) + place : 'Compare'} – What really travels`;
}

/** Shows what the address says. */
function readAddress() {
  clearTimeout(addressTimer);
  knownAddress = location.hash;
  const [name, ...places] = location.hash.slice(1).split('/');
  let plain = name;
  try {
    plain = decodeURIComponent(name);
  } catch {
    // What is not well encoded is no capture's name.
  }
  const capture = captures.find((candidate) => candidate.name === plain);
  if (!capture) {
    show(captures.length > 1 ? null : captures[0]);
    return;
  }
  const number = Number(places.find((place) => /^p\d+$/.test(place))?.slice(1));
  const byte = /^b(\d+)(?:\.([0-7]))?$/.exec(places.find((place) => place.startsWith('b')) ?? '');
  const packet = capture.byNumber.get(number) ?? null;
  show(capture, packet, places.includes('conversation'));
  const bit = packet && byte ? 8 * Number(byte[1]) + Number(byte[2] ?? 0) : null;
  if (bit !== null && bit < 8 * packet.captured) choose(packet, bit);
}

/** Opens the tab of a capture, or the one that compares them. */
function show(capture, packet = null, talks = false) {
  const isNew = state.capture !== capture || !state.shown;
  state.shown = true;
  state.capture = capture;
  $('compare').hidden = capture !== null;
  $('capture').hidden = capture === null;
  document.body.dataset.view = capture ? 'capture' : 'compare';
  for (const tab of $('tabs').children) {
    if (tab.capture === capture) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
  }
  if (!capture) {
    $('sum').textContent = '';
    views.compare ??= new Compare(captures);
    views.compare.draw();
    writeAddress();
    return;
  }
  setView(talks, false);
  if (isNew) {
    views.ladder.show(capture);
    views.talk.show(capture);
    views.packet.show(capture, null);
  }
  views.talk.update();
  summary();
  const first = state.follows ? capture.packets.at(-1) : capture.packets[0];
  choose(packet ?? first ?? null, null, { isOwn: packet === null });
}

function summary() {
  const { capture } = state;
  const all = capture.packets;
  const length = all.length > 0 ? all.at(-1).time - all[0].time : 0;
  const sums = [count(all.length, 'packet'), count(capture.lengths, 'byte'), `${length.toFixed(1)} s`];
  $('sum').textContent = sums.join(' · ');
  legend(document.querySelector('#the-left .legend'), capture.colours);
  const connections = [...capture.connections.values()];
  const clients = [...new Set(connections.map(({ client }) => client.replace(/:\d+$/, '')))];
  const servers = [...new Set(connections.map(({ server }) => server))];
  const few = (list, noun) => (list.length === 1 ? `${noun} ${seen(list[0])}` : count(list.length, noun));
  $('ends').replaceChildren(...(clients.length === 0 ? [] : [
    h('span', { class: 'client' }, few(clients, 'client')), ' ⟷ ',
    h('span', { class: 'server' }, few(servers, 'server'))]));
  const first = all[0]?.packet;
  const missing = [];
  if (capture.leftOut) {
    const are = capture.leftOut === 1 ? 'is' : 'are';
    missing.push(`${count(capture.leftOut, 'packet')} more ${are} in the file, and not drawn here.`);
  }
  if (first && (capture.goneBefore || capture.dropped > 0)) {
    missing.push(`Older packets were dropped: the first that is kept is ${number(first)}.`);
  }
  const why = capture.end?.why ?? 'over';
  if (!isLive && why !== 'over') missing.push(`${ENDS[why] ?? ENDS.damaged}.`);
  $('left-out').hidden = missing.length === 0;
  $('left-out').textContent = missing.join(' ');
}

function setView(talks, writes = true) {
  state.talks = talks;
  $('ladder').hidden = talks;
  $('talk').hidden = !talks;
  $('to-ladder').setAttribute('aria-pressed', String(!talks));
  $('to-talk').setAttribute('aria-pressed', String(talks));
  if (!writes) return;
  if (talks) {
    views.talk.update();
    views.talk.choose(state.packet, byteOf(state.bit));
    views.talk.reveal();
  } else {
    views.ladder.redraw();
    views.ladder.reveal();
  }
  writeAddress();
}

const byteOf = (bit) => (bit === null ? null : bit >> 3);

/**
 * Chooses a packet and a bit of it. `focus` names the view that takes the keys; `isOwn` tells that
 * the page chose, not a person, so that a live page goes on following.
 */
function choose(packet, bit = null, { focus, isOwn = false } = {}) {
  const { capture } = state;
  if (!isOwn) state.follows = false;
  state.packet = packet;
  state.bit = bit;
  const units = (packet?.pieces ?? []).filter(({ offset, bytes }) =>
    bit === null || (bit >> 3 >= offset && bit >> 3 < offset + bytes));
  const carriers = new Set(units.flatMap(({ unit }) => {
    const whole = unit.whole?.units.map((number) => capture.units.get(number)) ?? [unit];
    return whole.flatMap((other) => (other?.spans ?? []).map(([number]) => number));
  }));
  carriers.delete(packet?.packet);
  views.ladder.choose(packet, [...carriers]);
  views.packet.show(capture, packet);
  views.packet.select(bit);
  views.talk.choose(packet, byteOf(bit));
  // All is written before anything is measured, so that the browser lays the page out once.
  views.packet.reveal();
  views.talk.reveal();
  if (focus === 'packet') focusOn(views.ladder.chosen);
  else if (focus === 'talk') views.talk.focus();
  else if (focus) views.packet.focus(focus);
  if (isLive) status();
  writeAddress();
}

function chooseItem(item, byKey) {
  const { first } = state.capture.whereabouts(item ?? { units: [] });
  if (!first) return;
  const [packet, byte] = first;
  const bit = byte === undefined ? null : 8 * byte;
  choose(state.capture.byNumber.get(packet), bit, { focus: byKey ? 'talk' : undefined });
}

/** Moves from packet to packet. */
function move(by) {
  const { capture, packet } = state;
  const last = capture.packets.length - 1;
  const at = packet ? packet.order - capture.dropped : by > 0 ? -1 : 0;
  const target = capture.packets[Math.min(Math.max(at + by, 0), last)];
  if (target) choose(target, null, { focus: 'packet' });
}

function key(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || $('keys').open) return;
  const { key: name, target } = event;
  if (name === '?') {
    $('keys').showModal();
    event.preventDefault();
    return;
  }
  if (/^[1-9]$/.test(name)) {
    const tab = $('tabs').children[Number(name) - 1];
    if (tab) {
      location.hash = tab.hash;
      event.preventDefault();
    }
    return;
  }
  if (!state.capture) return;
  const isIn = (id) => $(id).contains(target);
  const region = isIn('bytes') ? 'bytes' : isIn('packet') ? 'fields'
    : isIn('talk') || state.talks ? 'talk' : 'packets';
  if (commonKey(name) || regionKeys[region](event)) event.preventDefault();
}

/** The keys that do the same everywhere. */
function commonKey(name) {
  if (name === 'Escape') {
    if (state.bit !== null) choose(state.packet, null, { focus: state.talks ? 'talk' : 'packet' });
    else if (state.talks) views.talk.focus();
    else focusOn(views.ladder.chosen);
  } else if (name === 'c' || name === 'p') {
    setView(name === 'c');
    if (name === 'c') views.talk.focus();
    else focusOn(views.ladder.chosen);
  } else if (name === 'f' && isLive) {
    follow();
  } else {
    return false;
  }
  return true;
}

const regionKeys = {
  packets({ key: name, target }) {
    if (name === 'ArrowDown') move(1);
    else if (name === 'ArrowUp') move(-1);
    else if (name === 'PageDown') move(10);
    else if (name === 'PageUp') move(-10);
    else if (name === 'Home') move(-Infinity);
    else if (name === 'End') move(Infinity);
    else if (name === 'ArrowRight') goTo(views.packet.step(0, 'byte'), 'bytes');
    else if (name === 'Enter' && $('ladder').contains(target)) {
      goTo(views.packet.step(0, 'field'), 'field');
    } else return false;
    return true;
  },
  talk({ key: name }) {
    const by = {
      ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity,
    }[name];
    if (by !== undefined) chooseItem(views.talk.neighbour(by), true);
    else if (name === 'ArrowRight') goTo(views.packet.step(0, 'byte'), 'bytes');
    else return false;
    return true;
  },
  fields({ key: name, target }) {
    if (!target.closest('.field')) {
      if (name === 'ArrowDown' && target.closest('[data-layer]')) {
        goTo(views.packet.step(0, 'field'), 'field');
        return true;
      }
      return false;
    }
    if (name === 'ArrowDown') goTo(views.packet.step(1, 'field'), 'field');
    else if (name === 'ArrowUp') goTo(views.packet.step(-1, 'field'), 'field');
    else if (name === 'ArrowRight') goTo(views.packet.step(0, 'byte'), 'bytes');
    else return false;
    return true;
  },
  bytes({ key: name, shiftKey }) {
    const { columns } = views.packet;
    const by = {
      ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns,
      PageDown: 8 * columns, PageUp: -8 * columns,
    }[name];
    const byte = byteOf(state.bit) ?? 0;
    const last = state.packet.captured - 1;
    const isSideways = name === 'ArrowRight' || name === 'ArrowLeft';
    if (shiftKey && isSideways) goTo(views.packet.step(by, 'field'), 'bytes');
    else if (by !== undefined) goTo(views.packet.step(by, 'byte'), 'bytes');
    else if (name === 'Home') goTo(8 * (byte - byte % columns), 'bytes');
    else if (name === 'End') goTo(8 * Math.min(byte - byte % columns + columns - 1, last), 'bytes');
    else if (name === 'Enter') views.packet.focus('field');
    else return false;
    return true;
  },
};

function goTo(bit, focus) {
  if (bit !== null) choose(state.packet, bit, { focus });
}

// The live page: the same lines, as they come.

const live = { lines: [], frame: 0, connected: false, source: null };

function startLive() {
  const capture = new Capture('live');
  captures.push(capture);
  state.follows = true;
  makeTabs();
  readAddress();
  const source = new EventSource('events');
  live.source = source;
  source.onopen = () => {
    live.connected = true;
    status();
  };
  source.onerror = () => {
    live.connected = false;
    status();
  };
  source.onmessage = ({ data }) => {
    live.lines.push(data);
    // A tab that is not seen gets no picture, and what comes must not pile up.
    if (live.lines.length >= 1000) {
      cancelAnimationFrame(live.frame);
      takeLines();
    } else {
      live.frame ||= requestAnimationFrame(takeLines);
    }
  };
}

/** Takes the lines that came since the last picture. */
function takeLines() {
  live.frame = 0;
  const { capture } = state;
  const start = capture.start;
  for (const line of live.lines.splice(0)) capture.take(JSON.parse(line));
  if (start !== null && start !== capture.start) {
    // The server was started again, with another capture.
    state.follows = true;
    views.ladder.show(capture);
    views.talk.show(capture);
    choose(null, null, { isOwn: true });
  }
  capture.trim();
  if (capture.end) {
    live.source.close();
    live.connected = false;
  }
  if (state.packet && !capture.byNumber.has(state.packet.packet)) state.packet = null;
  views.ladder.update();
  views.talk.update();
  summary();
  const newest = capture.packets.at(-1) ?? null;
  const oldest = capture.packets[0] ?? null;
  if (state.follows || !state.packet) choose(state.follows ? newest : oldest, null, { isOwn: true });
  else if (views.packet.show(capture, state.packet)) views.packet.select(state.bit);
  if (state.follows) toEnd();
  status();
}

function toEnd() {
  views.ladder.toEnd();
  views.talk.toEnd();
}

function follow() {
  state.follows = true;
  const newest = state.capture.packets.at(-1) ?? null;
  choose(newest, null, { isOwn: true, focus: state.talks ? 'talk' : 'packet' });
  toEnd();
}

function status() {
  const { capture, follows, packet } = state;
  const [mood, text] = capture.end ? ['over', `${ENDS[capture.end.why] ?? ENDS.over}.`]
    : !live.connected && capture.start === null ? ['lost', 'Connecting …']
    : !live.connected ? ['lost', 'Not connected: trying again …']
    : capture.packets.length === 0 ? ['live', 'Live: no packet yet']
    : follows ? ['live', 'Live: following the newest packet']
    : ['held', `Live: staying at packet ${packet?.packet ?? ''}`];
  $('state').hidden = false;
  // Only a change is worth reading aloud.
  if ($('state').textContent !== text) $('state').textContent = text;
  $('state').dataset.mood = mood;
  $('follow').hidden = follows || capture.packets.length === 0;
  $('follow').textContent = capture.end ? 'To the last packet' : 'Follow the newest';
}

// The beginning.

function makeTabs() {
  const tab = (capture, text) => {
    const link = h('a', { href: capture ? addressOf(capture) : '#compare' }, text);
    link.capture = capture;
    return link;
  };
  const first = captures.length > 1 ? [tab(null, 'Compare')] : [];
  $('tabs').replaceChildren(...first, ...captures.map((capture) => tab(capture, seen(capture.name))));
}

function startPage() {
  for (const block of document.querySelectorAll('script[type="application/x-ndjson"]')) {
    const capture = new Capture(block.dataset.name, Number(block.dataset.leftOut ?? 0));
    for (const line of block.textContent.split('\n')) {
      if (line.trim() !== '') capture.take(JSON.parse(line));
    }
    captures.push(capture);
    block.remove();
  }
  makeTabs();
  readAddress();
}

const explained = KEYS.flatMap(([keys, does]) => [h('dt', {}, keys), h('dd', {}, does)]);
$('keys').querySelector('dl').append(...explained);
$('help').addEventListener('click', () => $('keys').showModal());
$('follow').addEventListener('click', follow);
$('to-ladder').addEventListener('click', () => setView(false));
$('to-talk').addEventListener('click', () => setView(true));
$('ladder').addEventListener('click', (event) => {
  const row = event.target.closest('[data-packet]');
  if (row) choose(state.capture.byNumber.get(Number(row.dataset.packet)), null, { focus: 'packet' });
});
document.addEventListener('keydown', key);
addEventListener('hashchange', readAddress);
addEventListener('resize', () => {
  if (state.capture) views.ladder.redraw();
  else views.compare?.draw();
});
addEventListener('beforeprint', () => {
  if (!state.capture) {
    views.compare?.draw(PAPER);
    return;
  }
  views.ladder.fill(true);
  views.talk.fillAll();
});
addEventListener('afterprint', () => {
  if (!state.capture) views.compare?.draw();
});
if (isLive) startLive();
else startPage();

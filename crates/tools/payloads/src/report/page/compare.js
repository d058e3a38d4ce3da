// The first tab: one update in each capture, side by side, each byte of the same width.

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** What a technique is called, and how it does it, from what an update is made of. */
function technique(capture, packets) {
  const units = packets.flatMap((packet) => capture.piecesOf(packet).map(({ unit }) => unit));
  const from = (side) => units.filter((unit) => unit.side === side);
  const [asked, answered] = [from('client'), from('server')];
  const isTalk = asked.length > 0 && answered.length > 0;
  const has = (list, kind) => list.some((unit) => unit.kind === kind);
  if (has(units, 'frame')) {
    return ['WebSocket', isTalk ? 'a message each way' : 'a message, unasked'];
  }
  if (has(answered, 'response') || has(asked, 'request')) {
    const content = answered.find((unit) => unit.kind === 'content')?.text ?? '';
    if (/^\s*</.test(content)) return ['Web page', 'a whole page'];
    const what = /^\s*[{[]/.test(content) ? 'a little JSON' : 'a request and an answer';
    const byScript = asked.some((unit) => /^user-agent: *mozilla/im.test(unit.text ?? ''));
    return [byScript ? 'Ajax' : 'HTTP', what];
  }
  const tells = (unit) => unit.parts.some(([, , term]) => term.startsWith('event.'));
  if (answered.some((unit) => unit.whole?.kind === 'event' || tells(unit))) {
    return ['Server events', 'an event, unasked'];
  }
  if (has(units, 'text')) {
    return ['TCP socket', isTalk ? 'a line each way' : 'text, unasked'];
  }
  return ['TCP', 'bytes'];
}

class Compare {
  constructor(captures) {
    this.rows = captures.map((capture) => this.row(capture));
    $('rows').replaceChildren(...this.rows.map(({ element }) => element));
    $('sentence').replaceChildren(...this.sentence());
    const used = new Set(this.rows.flatMap(({ blocks }) => blocks.flat().map(([of]) => of)));
    legend(document.querySelector('#the-compare .legend'), used);
  }

  row(capture) {
    const update = capture.usualUpdate();
    if (!update) {
      const element = h('li', {},
        h('div', { class: 'name' }, h('h2', {}, seen(capture.name))),
        h('p', { class: 'none' }, 'No update of the time is in this capture.'));
      return { element, blocks: [], strips: [], time: null };
    }
    const [first, last] = update.packets;
    const packets = capture.packets.filter((packet) =>
      packet.packet >= first && packet.packet <= last && packet.side);
    const [title, how] = technique(capture, packets);
    const strips = packets.map((packet, index) => {
      const speaks = (other) => other.data > 0 && other.side !== packet.side;
      const earlier = packets.slice(0, index).some(speaks);
      const later = packets.slice(index).some(speaks);
      const does = packet.data === 0 ? 'acknowledges'
        : earlier && packet.side === 'server' ? 'answers'
        : later && packet.side === 'client' ? 'asks' : 'tells';
      const words = packet.data > 0 ? `${does} · ${number(packet.data)}` : does;
      const blocks = capture.blocks(packet);
      const label = h('span', { class: `says ${packet.side}` },
        h('span', { 'aria-hidden': 'true' }, packet.side === 'client' ? '→ ' : '← '),
        unseen(`the ${packet.side} `), words,
        unseen(packet.data > 0 ? ' bytes' : ''));
      const element = h('span', { class: 'strip' }, label);
      return { element, label, blocks, length: packet.length };
    });
    const { frame_bytes: bytes, total_packets: total } = update.figures;
    const element = h('li', { 'data-capture': seen(capture.name) },
      h('div', { class: 'name' }, h('h2', {}, title),
        h('p', {}, `${seen(capture.name)}: ${how}`)),
      h('p', { class: 'strips' }, ...strips.map((strip) => strip.element)),
      h('p', { class: 'total' }, h('span', {}, h('b', {}, number(bytes)), ' bytes'),
        h('span', {}, count(total, 'packet'))));
    const blocks = strips.map((strip) => strip.blocks);
    const time = blocks.flat().reduce((sum, [of, size]) => sum + (of === 'time' ? size : 0), 0);
    return { element, blocks, strips, time };
  }

  sentence() {
    const times = this.rows.map(({ time }) => time).filter((time) => time !== null);
    const ways = WORDS[times.length] ?? number(times.length);
    const scale = times.length > 1
      ? `One update of the time, ${ways} ways, each byte to scale.`
      : 'One update of the time, each byte to scale.';
    if (times.length === 0) return ['No update of the time is in these captures.'];
    if (times[0] === 0 || times.some((time) => time !== times[0])) return [scale];
    return [`${scale} The time itself is `, h('b', { class: 'time' }, count(times[0], 'byte')),
      times.length > 1 ? ' in each.' : '.'];
  }

  /** Finds the greatest width of a byte with which the widest row still fits, at most `width` pixels. */
  draw(width = Infinity) {
    for (const { strips } of this.rows) {
      for (const strip of strips) {
        strip.element.querySelector('.bar')?.remove();
      }
    }
    const rows = this.rows.filter(({ strips }) => strips.length > 0);
    if (rows.length === 0) return;
    const measured = rows.map(({ element, strips }) => {
      const box = element.querySelector('.strips');
      return {
        room: Math.min(box.clientWidth, width) - 1,
        gap: parseFloat(getComputedStyle(box).columnGap),
        strips: strips.map(({ label, length }) => [label.getBoundingClientRect().width, length]),
      };
    });
    const fits = (scale) => measured.every(({ room, gap, strips }) =>
      strips.reduce((sum, [label, length]) => sum + Math.max(label, length * scale), 0) +
        gap * (strips.length - 1) <= room);
    let [low, high] = [0, 8];
    for (let round = 0; round < 24; round++) {
      const middle = (low + high) / 2;
      if (fits(middle)) low = middle;
      else high = middle;
    }
    // Where not even the labels fit in a line, they wrap; the longest packet takes a line then.
    if (low < 0.05) {
      const longest = Math.max(...measured.flatMap(({ strips }) => strips.map(([, length]) => length)));
      low = Math.min(...measured.map(({ room }) => room)) / longest;
    }
    for (const { strips } of rows) {
      for (const { element, blocks } of strips) {
        element.append(bar(blocks, (bytes) => `${bytes * low}px`));
      }
    }
  }
}

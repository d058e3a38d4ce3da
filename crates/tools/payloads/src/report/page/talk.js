// The conversation: what was said, in order, each message and event whole.

/** How much of a text is shown before and after it is chosen, in characters and lines. */
const SHORT = 420;
const SHORT_LINES = 5;
const WHOLE = 4096;

/** How many items a list has; there are many lists, of which those near to what is in view are drawn. */
const PIECE = 40;

class Talk {
  constructor(list, choose) {
    this.list = list;
    this.observer = new IntersectionObserver((changes) => {
      for (const { isIntersecting, target } of changes) {
        if (isIntersecting) this.fill(this.pieces.indexOf(target));
      }
    }, { root: list, rootMargin: '100%' });
    list.addEventListener('click', (event) => {
      const entry = this.entryOf(event.target);
      const again = event.detail === 0 && entry?.element.classList.contains('chosen');
      if (entry?.long && (again || event.target.closest('.rest'))) this.unfold(entry);
      else if (entry && getSelection().isCollapsed) choose(entry.item, event.detail === 0);
    });
  }

  entryOf(element) {
    const item = element.closest('li[data-item]');
    return item ? this.entries[Number(item.dataset.item)] : undefined;
  }

  show(capture) {
    this.capture = capture;
    this.items = null;
    this.chosen = [];
    this.update();
  }

  /** Draws what is new; all of it where something earlier changed. */
  update() {
    const { capture } = this;
    if (this.list.hidden || !capture) return;
    const changed = this.items !== capture.items || this.corrections !== capture.corrections;
    this.corrections = capture.corrections;
    const hadFocus = this.list.contains(document.activeElement);
    const top = this.list.scrollTop;
    if (changed) {
      this.list.replaceChildren();
      this.observer.disconnect();
      this.items = capture.items;
      this.entries = [];
      this.pieces = [];
    }
    for (const entry of this.entries) {
      if (entry.item.replaced) entry.element?.remove();
    }
    for (let index = this.entries.length; index < this.items.length; index++) {
      const entry = { item: this.items[index], index, element: null };
      this.entries.push(entry);
      if (index % PIECE === 0) {
        const piece = h('ol', { class: 'later' });
        this.pieces.push(piece);
        this.list.append(piece);
        this.observer.observe(piece);
      }
      if (index < PIECE || !this.pieces.at(-1).classList.contains('later')) this.draw(entry);
    }
    if (changed) {
      this.choose(this.packet, this.byte);
      this.list.scrollTop = top;
      if (hadFocus) this.list.querySelector('button[tabindex="0"]')?.focus({ preventScroll: true });
    }
  }

  /** Draws all items of a list. */
  fill(number) {
    for (const entry of this.entries.slice(PIECE * number, PIECE * (number + 1))) this.draw(entry);
  }

  fillAll() {
    for (const entry of this.entries ?? []) this.draw(entry);
  }

  draw(entry) {
    if (entry.element || entry.item.replaced) return;
    const { item, index } = entry;
    const before = this.items.findLast((other, at) => at < index && !other.replaced);
    Object.assign(entry, this.capture.whereabouts(item));
    entry.element = this.element(entry, index, before ? item.time - before.time : 0);
    const piece = this.pieces[Math.floor(index / PIECE)];
    piece.classList.remove('later');
    piece.append(entry.element);
  }

  element(entry, index, wait) {
    const { item } = entry;
    const fold = wait >= LONG ? [h('p', { class: 'fold' }, `${duration(wait)} later`)] : [];
    if (item.kind === 'connection') {
      const { connection, client, server, midway } = item.opened;
      const text = `connection ${connection}: ${client} to ${server}` +
        (midway ? ', whose beginning is not in the capture' : '');
      return h('li', { class: 'note', 'data-item': index }, ...fold, h('p', {}, seen(text)));
    }
    if (item.kind === 'note') {
      const whose = this.isOneOfMany(item) ? `connection ${item.connection}: ` : '';
      return h('li', { class: 'note', 'data-item': index }, ...fold, h('p', {}, whose + seen(item.text)));
    }
    const { packets } = entry;
    const where = [`${item.time.toFixed(3)} s`];
    if (packets.length === 1) where.push(`packet ${packets[0]}`);
    if (packets.length > 1) where.push(`packets ${packets[0]} to ${packets.at(-1)}`);
    if (this.isOneOfMany(item)) where.push(`connection ${item.connection}`);
    const body = h('pre', {});
    entry.body = body;
    this.write(entry, SHORT);
    return h('li', { class: item.side, 'data-item': index, 'data-units': item.units.join(' ') }, ...fold,
      h('div', { class: 'said' },
        h('button', { type: 'button', tabIndex: -1 },
          h('b', {}, seen(item.label ?? '')), ' ',
          h('span', { class: 'what' }, seen(begin(this.title(item), 120))), ' ',
          h('span', { class: 'when' }, where.join(' · '))),
        body));
  }

  isOneOfMany({ connection }) {
    return connection && this.capture.connections.size > 1;
  }

  /** What an item is, without what it says, which stands below it. */
  title({ kind, bytes, opcode, masked, event, dispatched, unpacked, cut, complete, continues }) {
    const names = { ...UNIT_NAMES, event: 'Event', message: 'Message' };
    const size = bytes === undefined ? '' : `, ${count(bytes, 'byte')}`;
    const frames = ['continuation', 'text', 'binary'];
    const control = { 8: 'close', 9: 'ping', 10: 'pong' };
    const name = kind === 'frame'
      ? `${control[opcode] ?? frames[opcode] ?? 'reserved'} frame${masked ? ', masked' : ''}`
      : kind === 'event' && dispatched === false ? 'No event'
      : names[kind] ?? kind;
    return name + (event && event !== 'message' ? ` “${event}”` : '') + size +
      (unpacked ? `, unpacked (${unpacked})` : '') + (cut ? ', cut at a limit' : '') +
      (continues ? ', going on' : '') + (complete === false ? ', not whole' : '');
  }

  /** The text of an item, or its bytes in hexadecimal. */
  textOf(item) {
    if (item.kind === 'event') {
      const id = item.id === undefined || item.id === '' ? '' : `id: ${item.id}\n`;
      const retry = item.retry === undefined ? '' : `retry: ${item.retry}\n`;
      return `${id}${retry}${item.data ?? ''}`;
    }
    const said = item.kind === 'frame' ? item.payload ?? {} : item;
    if (said.text !== undefined) return said.text;
    return (said.hex ?? '').replace(/../g, '$& ').trim();
  }

  write(entry, limit) {
    const { item, body } = entry;
    let text = this.textOf(item);
    if (item.kind === 'frame' && item.opcode === 8) text = item.what;
    const end = limit === SHORT ? endOfLine(text, SHORT_LINES) : text.length;
    const shown = Math.min(limit, end);
    entry.long = text.length > shown;
    const times = new Set(item.units.flatMap((number) =>
      (this.capture.units.get(number)?.parts ?? [])
        .filter(([, of]) => of === 'time').map(([, , , value]) => value)));
    body.replaceChildren();
    let rest = lines(text.slice(0, shown)).replace(/\n+$/, '');
    // The time stands out here as it does among the bytes.
    for (const time of times) {
      const at = time ? rest.indexOf(time) : -1;
      if (at < 0) continue;
      body.append(rest.slice(0, at), h('b', { class: 'time' }, time));
      rest = rest.slice(at + time.length);
    }
    body.append(rest);
    body.hidden = body.textContent === '';
    if (entry.long) {
      const more = count(text.length - shown, 'character');
      body.append('… ', limit < WHOLE
        ? h('span', { class: 'rest' }, `${more} more`)
        : h('span', { class: 'rest' }, `${more} more: show them`));
    }
  }

  unfold(entry) {
    this.write(entry, entry.element.classList.contains('chosen') ? Infinity : WHOLE);
  }

  /** Marks what the byte of a packet is of, or all that a packet carried. */
  choose(packet, byte) {
    this.packet = packet;
    this.byte = byte;
    if (this.list.hidden || !this.items) return;
    for (const entry of this.chosen) {
      entry.element?.classList.remove('chosen');
      entry.element?.querySelector('button')?.removeAttribute('aria-current');
      if (entry.body) this.write(entry, SHORT);
    }
    const units = new Set();
    for (const { unit, offset, bytes } of packet?.pieces ?? []) {
      const isAll = byte === null || byte === undefined;
      if (isAll || (byte >= offset && byte < offset + bytes)) units.add(unit.unit);
    }
    const isHere = ({ item }) => !item.replaced && item.units.some((unit) => units.has(unit));
    this.chosen = this.entries.filter(isHere);
    for (const entry of this.chosen) {
      this.fill(Math.floor(entry.index / PIECE));
      entry.element.classList.add('chosen');
      entry.element.querySelector('button').setAttribute('aria-current', 'true');
      this.write(entry, WHOLE);
    }
    const buttons = this.list.querySelectorAll('button[tabindex="0"]');
    for (const button of buttons) button.tabIndex = -1;
    const current = this.chosen[0]?.element.querySelector('button') ?? this.list.querySelector('button');
    if (current) current.tabIndex = 0;
  }

  /** Scrolls to what is chosen, again where the heights of what came into view were not known. */
  reveal(again = this.items?.length > PIECE ? 3 : 0) {
    if (!this.chosen[0] || this.list.hidden) return;
    scrollWithin(this.list, this.chosen[0].element);
    if (again > 0) requestAnimationFrame(() => this.reveal(again - 1));
  }

  /** The item that is `by` further than the chosen one, notes left out. */
  neighbour(by) {
    const said = this.entries.filter(({ item }) => item.units.length > 0 && !item.replaced);
    const at = said.indexOf(by > 0 ? this.chosen.at(-1) : this.chosen[0]);
    if (Math.abs(by) > said.length) return said.at(by > 0 ? -1 : 0)?.item;
    if (at < 0 && this.packet) {
      // The chosen packet said nothing: what was said next, or last before it.
      const packetOf = ({ item }) => this.capture.whereabouts(item).packets[0];
      const isLater = (entry) => packetOf(entry) > this.packet.packet;
      const isEarlier = (entry) => packetOf(entry) < this.packet.packet;
      return (by > 0 ? said.find(isLater) : said.findLast(isEarlier))?.item;
    }
    return said[Math.min(Math.max(at + by, 0), said.length - 1)]?.item;
  }

  /** To the newest, which may have said nothing. */
  toEnd() {
    if (!this.list.hidden) this.list.scrollTop = this.list.scrollHeight;
  }

  focus() {
    focusOn(this.list.querySelector('button[tabindex="0"]'));
  }
}

/** Where the text's line of this number ends, its line end left out. */
function endOfLine(text, number) {
  let at = -1;
  for (let line = 0; line < number; line++) {
    at = text.indexOf('\n', at + 1);
    if (at < 0) return text.length;
  }
  return /^\s*$/.test(text.slice(at)) ? text.length : at - (text[at - 1] === '\r' ? 1 : 0);
}

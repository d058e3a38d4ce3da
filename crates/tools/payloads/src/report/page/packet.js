// The chosen packet: its layers as a line each, the fields of the one at hand, and all its bytes.

/** How many bytes, and how many fields of a layer, are shown at once. */
const BYTES = 4096;
const FIELDS = 100;

/** How many rows of bytes make a group. */
const GROUP = 16;

/** How many columns of a masked payload stand side by side, and how many rows of them. */
const XOR_COLUMNS = 8;
const XOR_ROWS = 4;

class PacketView {
  constructor(box, choose) {
    this.box = box;
    this.grid = $('bytes');
    this.choose = choose;
    this.columns = 16;
    for (const target of [box, this.grid]) {
      target.addEventListener('click', (event) => this.click(event));
      target.addEventListener('pointerover', (event) => this.hint(this.bitAt(event.target)));
      target.addEventListener('pointerleave', () => this.hint(null));
    }
    $('pager').addEventListener('click', (event) => {
      const from = event.target.dataset.from;
      if (from !== undefined) this.choose(this.packet, 8 * Number(from), { focus: 'bytes' });
    });
    new ResizeObserver(() => this.fit()).observe($('dump'));
  }

  /** Shows a packet, or nothing; whether anything but the heading had to be drawn anew. */
  show(capture, packet) {
    const wholes = packet?.pieces.filter(({ unit }) => unit.whole).length;
    const drawn = packet ? `${packet.pieces.length} ${wholes} ${capture.corrections}` : '';
    if (this.packet === packet && this.capture === capture && this.drawn === drawn) {
      this.heading();
      return false;
    }
    // Where a live page learned more of the packet, whoever moves about in it goes on from there.
    const isAt = (box) => this.packet === packet && box.contains(document.activeElement);
    this.refocus = isAt(this.grid) ? 'bytes' : isAt(this.box) ? 'field' : null;
    this.capture = capture;
    this.packet = packet;
    this.drawn = drawn;
    this.headed = null;
    this.bit = null;
    this.open = null;
    this.page = null;
    this.hinted = null;
    this.stop = null;
    this.box.replaceChildren();
    if (!packet) {
      this.grid.replaceChildren();
      $('readout').replaceChildren();
      $('pager').hidden = true;
      return true;
    }
    this.raw = unhex(packet.hex);
    this.sections = capture.sections(packet);
    this.fields = this.sections.flatMap((section) => section.fields);
    this.head = h('div');
    this.heading();
    this.box.append(this.head, ...this.sections.map((section, index) => this.section(section, index)));
    return true;
  }

  /** What is known of the packet as a whole, and how it stands to others. */
  heading() {
    const { capture, packet } = this;
    if (!packet) return;
    const { answeredBy, acknowledgedBy, notes } = packet;
    const isOneOfMany = capture.connections.size > 1;
    const headed = [answeredBy, acknowledgedBy, notes.length, isOneOfMany].join(' ');
    if (this.headed === headed) return;
    this.headed = headed;
    const facts = [`${packet.time.toFixed(6)} s`, count(packet.length, 'byte')];
    if (packet.captured < packet.length) facts.push(`${number(packet.captured)} captured`);
    if (packet.connection && isOneOfMany) facts.push(`connection ${packet.connection}`);
    const line = h('span', { class: 'relations' });
    const later = (words, other) => {
      const there = capture.byNumber.get(other);
      if (!there) return;
      const time = duration(there.time - packet.time);
      line.append(` · ${words} `, this.link(other), ` in ${time}`);
    };
    later('answered by', answeredBy);
    for (const other of acknowledgedBy.slice(0, 2)) {
      if (other !== answeredBy) later('acknowledged by', other);
    }
    this.head.replaceChildren(
      h('h2', {}, `Packet ${packet.packet}`, h('span', { class: 'facts' }, facts.join(' · '))),
      h('p', { class: 'what' }, ...this.linked(seen(begin(packet.what, 300))), line),
      ...packet.notes.map((note) => h('p', { class: 'noted' }, seen(note))));
  }

  link(other) {
    return h('a', { href: addressOf(this.capture, other) }, String(other));
  }

  /** Text in which the numbers of packets lead to them. */
  linked(text) {
    return text.split(/(?<=\bpacket )(\d+)/).map((piece, index) =>
      index % 2 === 1 && this.capture.byNumber.has(Number(piece)) ? this.link(Number(piece)) : piece);
  }

  section(section, index) {
    const bytes = section.bits % 8 === 0 ? count(section.bits / 8, 'byte') : count(section.bits, 'bit');
    const button = h('button', {
      type: 'button', 'aria-expanded': 'false', 'aria-controls': `layer${index}`, 'data-layer': index,
    },
      h('span', { class: 'key', 'data-of': section.group }),
      h('b', {}, seen(section.name)), h('span', { class: 'soft' }, bytes),
      h('span', { class: 'text' }, seen(begin(section.text, 160))));
    const list = h('div', { class: 'fields', id: `layer${index}`, hidden: true });
    section.element = list;
    section.button = button;
    return h('section', {}, h('h3', {}, button), list);
  }

  /** Opens the layer at `index` and closes the others. */
  unfold(index) {
    if (this.open === index) return;
    const old = this.sections[this.open];
    if (old) {
      old.element.hidden = true;
      old.element.replaceChildren();
      old.button.setAttribute('aria-expanded', 'false');
    }
    this.open = index;
    const section = this.sections[index];
    if (!section) return;
    section.element.hidden = false;
    section.button.setAttribute('aria-expanded', 'true');
    this.list(section);
  }

  /** Lists the fields of a layer, where they are many those around the chosen one. */
  list(section) {
    const { fields } = section;
    const at = fields.findIndex((field) => covers(field, this.bit));
    const first = Math.max(0, Math.min(at - FIELDS / 2, fields.length - FIELDS));
    const shown = fields.slice(first, first + FIELDS);
    section.first = first;
    const more = (target, text) =>
      h('button', { type: 'button', class: 'more', 'data-bit': target.at }, text);
    const items = shown.map((field, index) => this.field(section, field, fields[first + index - 1]));
    const before = first > 0 ? [more(fields[first - 1], `${count(first, 'field')} before`)] : [];
    const left = fields.length - first - shown.length;
    const after = left > 0 ? [more(fields[first + FIELDS], `${count(left, 'field')} more`)] : [];
    const list = h('ul', { 'aria-label': `Fields of ${section.name}` }, ...items);
    section.element.replaceChildren(...before, list, ...after);
    section.rows = new Map(shown.map((field, index) => [field, items[index].querySelector('.field')]));
  }

  field(section, field, previous) {
    const term = this.capture.term(field.term);
    const [from, to] = bytesOf(field);
    const partial = field.at % 8 !== 0 || field.bits % 8 !== 0;
    const bytes = [...this.raw.slice(from, Math.min(to, from + 6))].map(hex);
    const code = h('code', {});
    if (partial) {
      if (to - from === 1) {
        const isNext = previous && bytesOf(previous)[1] > from;
        code.append(h('span', { class: 'hex' }, isNext ? '  ' : bytes[0]), ' ');
      }
      code.append(...this.bits(field, from, to));
    } else {
      code.append(bytes.join(' ') + (to - from > 6 ? '…' : ''));
    }
    const row = h('button', {
      type: 'button', class: 'field', tabIndex: -1,
      'data-field': field.term, 'data-bit': field.at, 'data-bits': field.bits,
    },
      code,
      h('span', { class: 'reads' },
        h('b', {}, seen(term.name)), ' ', valueOf(field)));
    if (field.of) row.dataset.of = field.of;
    const item = h('li', {}, row);
    const mask = field.unit && field.bits >= 8 && masking(field.unit);
    if (mask) {
      const inUnit = from - section.piece.offset + section.piece.at;
      if (inUnit >= mask.payload) item.append(this.unmasked(field, mask, inUnit));
    }
    return item;
  }

  /** The bits of the bytes of a field, its own set off from the rest. */
  bits(field, from, to) {
    const nodes = [];
    for (let byte = from; byte < to && byte < from + 4; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        if (bit === 4 || (bit === 0 && byte > from)) nodes.push(' ');
        const isOwn = 8 * byte + bit >= field.at && 8 * byte + bit < field.at + field.bits;
        const digit = String(this.raw[byte] >> (7 - bit) & 1);
        const last = nodes.at(-1);
        if (last instanceof Element && last.tagName === (isOwn ? 'B' : 'I')) last.textContent += digit;
        else nodes.push(h(isOwn ? 'b' : 'i', {}, digit));
      }
    }
    return nodes;
  }

  /** A masked payload as one would unmask it on a board: payload, key, and what XOR makes of them. */
  unmasked(field, mask, inUnit) {
    const [from, to] = bytesOf(field);
    const rows = [];
    const perPage = XOR_COLUMNS * XOR_ROWS;
    const chosen = covers(field, this.bit) ? (this.bit >> 3) - from : 0;
    const start = Math.floor(chosen / perPage) * perPage;
    const end = Math.min(to - from, start + perPage);
    for (let at = start; at < end; at += XOR_COLUMNS) {
      const columns = [];
      for (let index = at; index < Math.min(at + XOR_COLUMNS, end); index++) {
        const masked = this.raw[from + index];
        const key = mask.raw[mask.key + (inUnit - mask.payload + index) % 4];
        columns.push({ byte: from + index, masked, key, plain: masked ^ key });
      }
      const row = (name, cell) => h('tr', {}, h('th', { scope: 'row' }, name),
        ...columns.map((column) =>
          h('td', { 'data-bit': 8 * column.byte, 'data-xor': column.byte }, cell(column))));
      rows.push(h('tbody', {},
        row('payload', ({ masked }) => hex(masked)),
        row('⊕ key', ({ key }) => hex(key)),
        row('= text', ({ plain }) => plain >= 0x20 && plain < 0x7f
          ? String.fromCharCode(plain) : h('span', { class: 'soft' }, hex(plain)))));
    }
    const caption = end - start < to - from
      ? `Unmasked: bytes ${number(start + 1)} to ${number(end)} of ${number(to - from)}` : 'Unmasked';
    return h('table', { class: 'xor' },
      h('caption', end - start < to - from ? {} : { class: 'unseen' }, caption), ...rows);
  }

  /** Chooses a bit, with its field, or none. */
  select(bit) {
    this.hinted = null;
    this.bit = bit;
    const { packet, sections } = this;
    if (!packet) return;
    const at = sections.findIndex((section) => section.fields.some((field) => covers(field, bit)));
    // Without a chosen byte the innermost layer that says something is open.
    const index = bit === null
      ? this.open ?? Math.max(0, sections.findLastIndex((section) => section.fields.length > 0)) : at;
    this.unfold(index);
    const section = sections[index];
    const field = section?.fields.find((candidate) => covers(candidate, bit));
    if (section && field && (!section.rows.has(field) || field.unit?.masked)) this.list(section);
    for (const other of this.box.querySelectorAll('.field[aria-current]')) {
      other.removeAttribute('aria-current');
    }
    const row = section?.rows?.get(field);
    for (const other of this.box.querySelectorAll('.field[tabindex="0"]')) other.tabIndex = -1;
    const stop = row ?? section?.rows?.values().next().value;
    if (stop) stop.tabIndex = 0;
    row?.setAttribute('aria-current', 'true');
    for (const cell of this.box.querySelectorAll('td.here')) cell.classList.remove('here');
    for (const cell of this.box.querySelectorAll(`td[data-xor="${bit === null ? '' : bit >> 3}"]`)) {
      cell.classList.add('here');
    }
    this.drawBytes();
    this.mark(field, 'mark');
    this.read(field);
    if (this.refocus) this.focus(this.refocus, false);
    this.refocus = null;
  }

  /** Scrolls to the chosen field and byte, after all is drawn. */
  reveal() {
    const row = this.box.querySelector('.field[aria-current]');
    if (row) scrollWithin(this.box, row);
    const cell = this.grid.querySelector('[aria-selected="true"]');
    // Its field's last byte too, if there is room for both.
    const last = this.marks?.at(-2);
    if (cell && last) scrollWithin(this.grid, last);
    if (cell) scrollWithin(this.grid, cell);
    else if (this.grid.scrollTop > 0) this.grid.scrollTop = 0;
  }

  fit() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const columns = $('dump').clientWidth < 36 * rem ? 8 : 16;
    if (columns === this.columns) return;
    this.columns = columns;
    this.page = null;
    if (this.packet) {
      this.select(this.bit);
      this.reveal();
    }
  }

  /** Draws the bytes, in a packet that is long those around the chosen one. */
  drawBytes() {
    const byte = this.bit === null ? null : this.bit >> 3;
    const page = byte === null ? this.page ?? 0 : Math.floor(byte / BYTES);
    if (page !== this.page) {
      this.page = page;
      const from = page * BYTES;
      const to = Math.min(from + BYTES, this.raw.length);
      this.cells = new Map();
      const groups = [];
      let at = this.fields.findIndex((field) => field.at + field.bits > 8 * from);
      for (let start = from; start < to; start += this.columns) {
        const row = h('div', { role: 'row' },
          h('span', { role: 'rowheader', class: 'offset' }, start.toString(16).padStart(4, '0')));
        const text = h('span', { class: 'text', role: 'gridcell', 'aria-hidden': 'true' });
        for (let index = start; index < Math.min(start + this.columns, to); index++) {
          const isBefore = ({ at: start, bits }) => start + bits <= 8 * index;
          while (at + 1 < this.fields.length && isBefore(this.fields[at])) at++;
          const field = this.fields[at];
          const value = this.raw[index];
          const names = [];
          for (let other = at; this.fields[other]?.at < 8 * index + 8; other++) {
            names.push(this.capture.term(this.fields[other].term).name);
          }
          const cell = h('span', {
            role: 'gridcell', 'data-byte': index, 'data-of': field?.of ?? 'payload',
            'aria-label': `${hex(value)}, byte ${index}, ${seen(names.join(', '))}`,
          });
          cell.textContent = hex(value);
          row.append(cell);
          const letter = document.createElement('i');
          letter.textContent = value >= 0x20 && value < 0x7f ? String.fromCharCode(value) : '·';
          text.append(letter);
          this.cells.set(index, [cell, letter]);
        }
        row.append(text);
        // Groups of rows, of which the browser draws those in view.
        if ((start - from) / this.columns % GROUP === 0) groups.push(h('div', { role: 'rowgroup' }));
        groups.at(-1).append(row);
      }
      this.grid.replaceChildren(...groups);
      this.grid.classList.toggle('narrow', this.columns === 8);
      this.pages(from, to);
      this.marked = [];
    }
    const stop = this.cells.get(byte) ?? this.cells.values().next().value;
    if (this.stop) {
      this.stop[0].removeAttribute('tabindex');
      this.stop[0].removeAttribute('aria-selected');
      this.stop[1].classList.remove('here');
    }
    this.stop = stop;
    if (stop) stop[0].tabIndex = 0;
    const here = this.cells.get(byte);
    if (here) {
      here[0].setAttribute('aria-selected', 'true');
      here[1].classList.add('here');
    }
  }

  pages(from, to) {
    const pager = $('pager');
    const length = this.raw.length;
    pager.hidden = length <= BYTES;
    if (pager.hidden) return;
    const turn = (text, target) => h('button', { type: 'button', 'data-from': target }, text);
    pager.replaceChildren(
      `Bytes ${number(from)} to ${number(to - 1)} of ${number(length)}. `,
      from > 0 ? turn(`the ${number(BYTES)} before`, from - BYTES) : '', ' ',
      to < length ? turn(`the next ${number(Math.min(BYTES, length - to))}`, to) : '');
  }

  /** Marks the bytes of a field. */
  mark(field, kind) {
    for (const element of this[`${kind}s`] ?? []) element.classList.remove(kind);
    this[`${kind}s`] = [];
    if (!field) return;
    const [from, to] = bytesOf(field);
    for (let byte = from; byte < to; byte++) {
      for (const element of this.cells.get(byte) ?? []) {
        element.classList.add(kind);
        this[`${kind}s`].push(element);
      }
    }
  }

  /** The byte that an element shows, in hexadecimal or as text. */
  byteAt(target) {
    const text = target.closest?.('#the-bytes .text > i')?.parentElement;
    return text
      ? text.parentElement.children[1 + [...text.children].indexOf(target)]
      : target.closest?.('[data-byte]');
  }

  /** The bit that an element stands for. */
  bitAt(target) {
    const element = this.byteAt(target) ?? target.closest?.('[data-bit]');
    if (!element) return null;
    const { byte, bit } = element.dataset;
    return bit !== undefined ? Number(bit) : 8 * Number(byte);
  }

  /** Shows what is pointed at, while it is. */
  hint(bit) {
    if (this.hinted === bit || !this.packet) return;
    this.hinted = bit;
    const field = bit === null ? undefined : this.fields.find((candidate) => covers(candidate, bit));
    this.mark(field, 'hint');
    for (const row of this.box.querySelectorAll('.field.hint')) row.classList.remove('hint');
    const row = this.sections[this.open]?.rows?.get(field);
    row?.classList.add('hint');
    const chosen = this.fields.find((candidate) => covers(candidate, this.bit));
    this.read(field ?? chosen, field ? bit : this.bit);
  }

  /** Says what a field is, and in a byte of several fields which. */
  read(field, bit = this.bit) {
    const readout = $('readout');
    if (!field) {
      const hint = 'Point at a byte, or move to one, to read what it is.';
      readout.replaceChildren(h('span', { class: 'soft' }, hint));
      return;
    }
    const term = this.capture.term(field.term);
    const [from, to] = bytesOf(field);
    const place = to - from > 1 ? `bytes ${from} to ${to - 1}`
      : field.bits % 8 === 0 ? `byte ${from}` : `byte ${from}, ${count(field.bits, 'bit')}`;
    const nodes = [h('span', { class: 'line' },
      h('span', { class: 'short' }, h('b', {}, seen(term.name)), ' ',
        valueOf(field)),
      h('span', { class: 'soft' }, place), h('span', { class: 'soft' }, seen(term.source)))];
    const byte = bit >> 3;
    const mask = field.unit && field.bits >= 8 && masking(field.unit);
    if (mask && bit !== null) {
      const piece = this.sections.find((section) => section.fields.includes(field)).piece;
      const inUnit = byte - piece.offset + piece.at;
      if (inUnit >= mask.payload) {
        const key = mask.raw[mask.key + (inUnit - mask.payload) % 4];
        const plain = this.raw[byte] ^ key;
        const letter = plain >= 0x20 && plain < 0x7f ? ` “${String.fromCharCode(plain)}”` : '';
        nodes.push(h('code', {}, `${binary(this.raw[byte])} ⊕ ${binary(key)} = ${binary(plain)}`), ' ',
          h('span', { class: 'source' }, `${hex(this.raw[byte])} ⊕ ${hex(key)} = ${hex(plain)}${letter}`));
        readout.replaceChildren(...nodes);
        return;
      }
    }
    nodes.push(h('span', { class: 'means' }, seen(term.meaning)));
    if (field.odd) nodes.push(h('span', { class: 'odd' }, seen(field.odd)));
    readout.replaceChildren(...nodes);
  }

  click(event) {
    const layer = event.target.closest('[data-layer]');
    if (layer) {
      const index = Number(layer.dataset.layer);
      const first = this.sections[index].fields[0];
      this.choose(this.packet, first?.at ?? null, {});
      return;
    }
    const bit = this.bitAt(event.target);
    if (bit === null) return;
    this.choose(this.packet, bit, { focus: this.byteAt(event.target) ? 'bytes' : 'field' });
  }

  /** The bit to go to from the chosen one, by bytes or by fields. */
  step(by, kind) {
    if (kind === 'field') {
      const at = this.fields.findIndex((field) => covers(field, this.bit));
      const target = at < 0 ? this.sections[this.open]?.fields[0] : this.fields[at + by];
      return target ? target.at : this.bit;
    }
    if (this.bit === null) return 8 * Math.max(0, this.sections[this.open]?.at >> 3);
    const byte = (this.bit >> 3) + by;
    return byte < 0 || byte >= this.raw.length ? this.bit : 8 * byte;
  }

  focus(kind, scrolls = true) {
    const focusIn = scrolls ? focusOn : (element) => element?.focus({ preventScroll: true });
    const box = kind === 'bytes' ? this.grid : this.box.querySelector('.fields:not([hidden])');
    focusIn(box?.querySelector('[tabindex="0"]'));
  }
}

/** The value of a field, as far as it is shown. */
function valueOf({ of, value }) {
  return h('span', { class: of === 'time' ? 'value time' : 'value' }, seen(begin(value ?? '', 160)));
}

const hex = (byte) => byte.toString(16).padStart(2, '0');
const binary = (byte) => byte.toString(2).padStart(8, '0');
const covers = (field, bit) => bit !== null && bit >= field.at && bit < field.at + field.bits;
const bytesOf = (field) => [field.at >> 3, (field.at + field.bits + 7) >> 3];

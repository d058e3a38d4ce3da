// The ladder: a line for the client, a lane for each of its connections, a line for the server, and
// an arrow for each packet. Every packet has its element, but only those near to what is in view are
// drawn.

/** The height of a row, of the fold of a long wait, and the largest gap of a shorter one, in rem. */
const ROW = 1.625;
const FOLD = 1.625;
const GAP = 0.875;

/** From how many seconds on a wait is folded. */
const LONG = 1;

/** The width of a lane, and of all lanes where there are many, in rem. */
const LANE = 1.6;
const LANES = 7;

/** How many rows make a block, whose height is known, so that a change in one moves no other. */
const BLOCK = 100;

/** Longer packets are drawn as long as this, and torn off. */
const LONGEST = 2000;

class Ladder {
  constructor(box) {
    this.box = box;
    this.filled = new Set();
    this.overlay = h('div', { class: 'overlay', role: 'presentation' });
    box.addEventListener('scroll', () => {
      this.top = box.scrollTop;
      this.fill();
    });
    new ResizeObserver(() => this.redraw()).observe(box);
  }

  show(capture) {
    this.capture = capture;
    this.from = capture.dropped;
    this.version = capture.version;
    this.rows = [];
    /** Where each row begins, in rem, and where the last one ends. */
    this.tops = [0];
    this.filled.clear();
    this.chosen = null;
    this.box.replaceChildren(this.overlay);
    this.measure();
    this.append();
  }

  /** Adds rows for the packets that have none yet. */
  append() {
    const { capture } = this;
    const touched = new Set();
    for (let index = this.rows.length; index < capture.packets.length; index++) {
      const packet = capture.packets[index];
      const before = capture.packets[index - 1];
      const wait = before ? packet.time - before.time : 0;
      const gap = wait >= LONG ? FOLD
        : wait < 0.001 ? 0
        : Math.round(GAP * 8 * Math.log10(wait / 0.001) / 3) / 8;
      const row = h('div', {
        class: `row ${packet.side ?? ''} ${capture.weight(packet)}`,
        role: 'option',
        tabIndex: -1,
        'data-packet': packet.packet,
        'aria-selected': 'false',
        'aria-label': `Packet ${packet.packet}`,
      });
      row.style.height = `${ROW + gap}rem`;
      const full = (this.rows.at(-1)?.block.childElementCount ?? BLOCK) >= BLOCK;
      const block = full ? h('div', { class: 'block', role: 'presentation' }) : this.rows.at(-1).block;
      if (full) this.box.append(block);
      block.append(row);
      touched.add(block);
      this.rows.push({ row, packet, wait, gap, block });
      this.tops.push(this.tops.at(-1) + ROW + gap);
    }
    this.sizeBlocks(touched);
    const lanes = Math.max(1, capture.lanes.length);
    this.box.style.setProperty('--lanes', lanes - 1);
    this.box.style.setProperty('--step', `${Math.min(LANE, LANES / Math.max(1, lanes - 1))}rem`);
    // As wide as the longest number and time of a packet.
    const newest = capture.packets.at(-1);
    const digits = String(newest?.packet ?? 0).length;
    const places = (newest?.time ?? 0).toFixed(3).length;
    this.box.style.setProperty('--no', `${0.52 * Math.max(3, digits) + 0.75}rem`);
    this.box.style.setProperty('--at', `${0.48 * Math.max(6, places) + 1}rem`);
    const scale = Math.min(capture.longest, LONGEST);
    if (scale !== this.scale) this.clear();
    this.scale = scale;
    // Exactly one row takes the Tab key, also before any is chosen.
    if (!this.chosen && this.rows[0]) this.rows[0].row.tabIndex = 0;
    this.fill();
  }

  /** Takes in what came since the last call: new packets, dropped ones, units of earlier ones. */
  update() {
    const { capture } = this;
    const gone = capture.dropped - this.from;
    if (gone > 0) {
      const height = this.tops[Math.min(gone, this.rows.length)] * this.rem;
      const touched = new Set();
      for (const { row, block } of this.rows.splice(0, gone)) {
        this.filled.delete(row);
        row.remove();
        touched.add(block);
      }
      this.sizeBlocks(touched);
      const shift = this.tops[gone] ?? this.tops.at(-1);
      this.tops = this.tops.slice(gone).map((top) => top - shift);
      if (this.tops.length === 0) this.tops = [0];
      this.from = capture.dropped;
      this.scrollTo(this.top - height);
    }
    const known = this.rows.length;
    if (this.version !== capture.version || gone > 0) {
      this.version = capture.version;
      this.clear();
    } else {
      // The units of the newest packets come after the packets.
      for (const { row } of this.rows.slice(Math.max(0, known - 8))) this.clearRow(row);
    }
    this.append();
    this.connect();
  }

  /** A block is as high as its rows; one without rows goes. */
  sizeBlocks(blocks) {
    for (const block of blocks) {
      let height = 0;
      for (const row of block.children) height += parseFloat(row.style.height);
      block.style.height = `${height}rem`;
      if (height === 0) block.remove();
    }
  }

  /** Reads what drawing needs to know, so that moving about makes the browser lay out nothing anew. */
  measure() {
    this.rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.height = this.box.clientHeight;
    this.top = this.box.scrollTop;
    const wire = this.box.querySelector('.wire');
    if (!wire) {
      this.wire = null;
      return;
    }
    const left = this.box.getBoundingClientRect().left;
    const bounds = wire.getBoundingClientRect();
    this.wire = [bounds.left - left, bounds.right - left - 4];
  }

  scrollTo(top) {
    this.box.scrollTop = top;
    this.top = this.box.scrollTop;
  }

  redraw() {
    if (!this.capture || this.box.hidden) return;
    this.measure();
    this.fill();
    this.connect();
  }

  clear() {
    for (const row of this.filled) this.clearRow(row);
  }

  clearRow(row) {
    row.replaceChildren();
    row.setAttribute('aria-label', `Packet ${row.dataset.packet}`);
    this.filled.delete(row);
  }

  /** Draws the rows in view and those around them; all of them where `all` is set, for printing. */
  fill(all = false) {
    if (!this.capture || this.box.hidden) return;
    const { rem, height, top } = this;
    const first = all ? 0 : this.indexAt((top - height) / rem);
    const last = all ? this.rows.length - 1 : this.indexAt((top + 2 * height) / rem);
    if (!all && this.filled.size > 3 * (last - first) + 200) this.clear();
    for (let index = first; index <= last && index < this.rows.length; index++) {
      if (!this.filled.has(this.rows[index].row)) this.draw(index);
    }
  }

  /** The row at a height in rem. */
  indexAt(height) {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] <= height) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  draw(index) {
    const { row, packet, wait, gap } = this.rows[index];
    const { capture } = this;
    const label = seen(begin(capture.label(packet), 200));
    const weight = capture.weight(packet);
    const connection = capture.connections.get(packet.connection);
    const long = wait >= LONG ? `${duration(wait)} later` : '';

    const wire = h('span', { class: 'wire', '--gap': `${gap}rem` });
    for (const other of capture.connections.values()) {
      if (other.first === null || other.first > packet.order || other.last < packet.order) continue;
      const ends = (other.first === packet.order ? ' begins' : '') +
        (other.last === packet.order && other.ends.size === 2 ? ' ends' : '');
      const own = other.connection === this.packet?.connection ? ' own' : '';
      wire.append(h('i', {
        class: `lane${ends}${own}`, '--lane': other.lane, 'data-connection': other.connection,
      }));
    }
    if (long) wire.append(h('span', { class: 'fold' }, long, unseen(', ')));
    if (weight === 'other') {
      wire.append(h('span', { class: 'aside' }, label));
    } else {
      wire.append(h('span', { class: 'arrow', '--lane': connection?.lane ?? 0 },
        unseen(`${packet.side} to ${packet.side === 'client' ? 'server' : 'client'}: `),
        h('span', { class: 'label' }, h('span', {}, label)),
        svg('svg', { class: 'head', viewBox: '0 0 9 10', 'aria-hidden': 'true' },
          svg('path', { d: packet.side === 'client' ? 'M0 1 9 5 0 9z' : 'M9 1 0 5 9 9z' }))));
      if (connection?.first === packet.order && capture.connections.size > 1) {
        wire.append(h('b', { class: 'station', '--lane': connection.lane },
          unseen(', connection '), String(connection.connection)));
      }
    }
    const torn = packet.length > this.scale;
    const strip = bar(capture.blocks(packet), (bytes) => `calc(var(--bar) * ${bytes / this.scale})`);
    if (torn) strip.classList.add('torn');
    const marks = packet.notes.length > 0
      ? [h('span', {
        class: 'marked', title: seen(packet.notes.join('\n')), 'aria-hidden': 'true',
      }, '!'),
        unseen(`. ${seen(packet.notes.join('; '))}`)] : [];
    row.replaceChildren(
      h('span', { class: 'no' }, unseen('Packet '), String(packet.packet)),
      h('span', { class: 'at' }, packet.time.toFixed(3), unseen(' s, ')),
      wire,
      h('span', { class: 'weight' }, strip, unseen(', '),
        h('span', { class: 'size' }, number(packet.length)), unseen(' bytes'), ...marks));
    row.removeAttribute('aria-label');
    this.filled.add(row);
  }

  rowOf(packet) {
    return packet ? this.rows[packet.order - this.from] : undefined;
  }

  /** Marks the chosen packet and those that carried the rest of what it says. */
  choose(packet, carriers = []) {
    if (this.chosen) {
      this.chosen.setAttribute('aria-selected', 'false');
      this.chosen.tabIndex = -1;
    }
    for (const row of this.carriers ?? []) row.classList.remove('carries');
    this.carriers = carriers.map((number) => this.rowOf(this.capture.byNumber.get(number))?.row)
      .filter((row) => row);
    for (const row of this.carriers) row.classList.add('carries');
    const row = this.rowOf(packet)?.row ?? null;
    if (!row && this.rows[0]) this.rows[0].row.tabIndex = 0;
    if (row) {
      if (this.rows[0]) this.rows[0].row.tabIndex = -1;
      row.setAttribute('aria-selected', 'true');
      row.tabIndex = 0;
    }
    this.chosen = row;
    this.packet = packet;
    for (const lane of this.box.querySelectorAll('.lane')) {
      lane.classList.toggle('own', lane.dataset.connection === String(packet?.connection));
    }
    this.reveal();
    if (!this.wire) this.measure();
    this.connect();
  }

  /** Scrolls the chosen row into view, with something of what is around it. */
  reveal() {
    const entry = this.rowOf(this.packet);
    if (!entry || this.box.hidden) return;
    const { rem, height } = this;
    const index = this.packet.order - this.from;
    const top = this.tops[index] * rem;
    const bottom = this.tops[index + 1] * rem;
    const margin = Math.min(3 * ROW * rem, height / 4);
    if (top - margin < this.top) this.scrollTo(top - margin);
    else if (bottom + margin > this.top + height) this.scrollTo(bottom + margin - height);
    this.fill();
  }

  toEnd() {
    this.scrollTo(this.box.scrollHeight);
    this.fill();
  }

  /**
   * Draws a line from the head of each data arrow that the chosen packet acknowledges to the tail of
   * its own, along the side where the one arrived and the other left; or, where the chosen one
   * carries data, to what acknowledged it.
   */
  connect() {
    this.overlay.replaceChildren();
    const { packet, capture } = this;
    if (!packet?.side || this.box.hidden || !this.wire || !this.rowOf(packet)) return;
    const pairs = (packet.acknowledges ?? []).map((number) => [number, packet.packet, '']);
    for (const number of packet.acknowledgedBy) pairs.push([packet.packet, number, ' later']);
    for (const [data, acknowledgement, later] of pairs) {
      const from = capture.byNumber.get(data);
      const to = capture.byNumber.get(acknowledgement);
      if (this.rowOf(from) && this.rowOf(to)) this.connector(from, to, later);
    }
  }

  connector(from, to, later) {
    const { rem } = this;
    const step = Math.min(LANE, LANES / Math.max(1, this.capture.lanes.length - 1)) * rem;
    const lane = this.capture.connections.get(to.connection)?.lane ?? 0;
    const at = to.side === 'server' ? this.wire[1] : this.wire[0] + lane * step;
    const place = (packet) => [at, this.tops[packet.order - this.from + 1] * rem - 0.375 * rem];
    const [start, end] = [place(from), place(to)];
    const far = Math.abs(end[1] - start[1]);
    const bulge = (to.side === 'server' ? 1 : -1) * Math.min(1.4 * rem, 0.6 * rem + far / 8);
    const left = Math.min(start[0], start[0] + bulge) - 6;
    const top = Math.min(start[1], end[1]) - 6;
    const width = Math.abs(bulge) + 12;
    const height = far + 12;
    const [x, y1, y2] = [start[0] - left, start[1] - top, end[1] - top];
    const names = `connector ${to.side}${later}`;
    const line = svg('svg', { class: names, width, height, 'aria-hidden': 'true' },
      svg('path', { d: `M${x} ${y1}C${x + bulge * 1.3} ${y1} ${x + bulge * 1.3} ${y2} ${x} ${y2}` }),
      svg('circle', { cx: x, cy: y2, r: 3 }));
    line.style.left = `${left}px`;
    line.style.top = `${top}px`;
    this.overlay.append(line);
  }
}

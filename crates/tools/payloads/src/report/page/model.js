// What the lines of `payloads show --json` say of one capture, put together so that no view has to
// search for anything or decode a byte.

/** What a unit is called where a packet's layers are listed. */
const UNIT_NAMES = {
  request: 'HTTP request',
  response: 'HTTP response',
  content: 'Content',
  chunk: 'Chunk',
  text: 'Text',
  frame: 'WebSocket frame',
  bytes: 'Bytes',
};

/** How many packets, and how many of their bytes, a live page keeps. */
const KEPT_PACKETS = 5000;
const KEPT_BYTES = 8 * 1024 * 1024;

class Capture {
  constructor(name, leftOut = 0) {
    this.name = name;
    /** How many packets the file has beyond those that are here. */
    this.leftOut = leftOut;
    this.reset();
  }

  reset() {
    this.start = null;
    /** The packets in the order in which they were captured. */
    this.packets = [];
    this.byNumber = new Map();
    /** How many of the oldest packets were dropped. */
    this.dropped = 0;
    this.bytes = 0;
    /** The lengths of the packets on the wire, together. */
    this.lengths = 0;
    /** The colours that any packet has. */
    this.colours = new Set();
    this.longest = 0;
    this.connections = new Map();
    /** The connection that each lane of the ladder belongs to now. */
    this.lanes = [];
    this.terms = new Map();
    this.units = new Map();
    /** What was said: events, messages, units that none of them names, and notes. */
    this.items = [];
    this.updates = [];
    this.end = null;
    /** Raised by whatever changes how a packet before the newest is drawn. */
    this.version = 0;
    /** Raised by whatever changes what was drawn of what was said. */
    this.corrections = 0;
  }

  /** Takes one line. What it does not know it ignores, as the docs of `show --json` ask. */
  take(line) {
    const take = this[`take_${line.kind}`];
    if (take) take.call(this, line);
    else if (Object.hasOwn(UNIT_NAMES, line.kind)) this.takeUnit(line);
  }

  take_capture(line) {
    // The same line comes again where a live page's connection broke.
    if (this.start === line.start) return;
    this.reset();
    this.start = line.start;
  }

  take_term(line) {
    this.terms.set(line.term, line);
  }

  take_connection(line) {
    const known = this.connections.get(line.connection);
    if (known) {
      Object.assign(known, line);
      this.version++;
      this.corrections++;
      return;
    }
    const connection = { ...line, lane: null, first: null, last: null, ends: new Set() };
    this.connections.set(line.connection, connection);
    this.items.push({ kind: 'connection', units: [], time: line.time, opened: connection });
    const newest = this.packets.at(-1);
    if (newest?.connection === line.connection) this.takeLane(connection, newest);
  }

  take_packet(line) {
    if (this.byNumber.has(line.packet)) return;
    const packet = line;
    packet.order = this.dropped + this.packets.length;
    packet.pieces = [];
    packet.notes = [];
    packet.acknowledgedBy = [];
    this.packets.push(packet);
    this.byNumber.set(packet.packet, packet);
    this.bytes += packet.captured;
    this.lengths += packet.length;
    // Payload counts as what its unit says, which comes later.
    for (const { group } of packet.layers) {
      if (group !== 'payload' || !packet.side) this.colours.add(group);
    }
    if (packet.captured < packet.length) this.colours.add('missing');
    this.longest = Math.max(this.longest, packet.length);
    for (const number of packet.acknowledges ?? []) {
      this.byNumber.get(number)?.acknowledgedBy.push(packet.packet);
    }
    const asked = this.byNumber.get(packet.answers);
    if (asked) asked.answeredBy ??= packet.packet;
    const connection = this.connections.get(packet.connection);
    if (connection) this.takeLane(connection, packet);
  }

  /** A lane is free for another connection once both sides of its own have ended. */
  takeLane(connection, packet) {
    if (connection.first === null) {
      connection.first = packet.order;
      const free = this.lanes.findIndex((other) => other.ends.size === 2);
      connection.lane = free < 0 ? this.lanes.length : free;
      this.lanes[connection.lane] = connection;
    }
    if (connection.last !== null && connection.last < packet.order - 1) this.version++;
    connection.last = packet.order;
    for (const flag of packet.flags ?? []) {
      if (flag === 'FIN') connection.ends.add(packet.side);
      if (flag === 'RST') connection.ends.add('client').add('server');
    }
  }

  takeUnit(unit) {
    if (this.units.has(unit.unit)) return;
    this.units.set(unit.unit, unit);
    for (const [, of] of unit.parts) this.colours.add(of);
    let at = 0;
    for (const [number, offset, bytes] of unit.spans ?? []) {
      this.byNumber.get(number)?.pieces.push({ unit, at, offset, bytes });
      at += bytes;
    }
    if ((unit.spans?.[0]?.[0] ?? Infinity) < this.newest) this.version++;
    unit.item = { ...unit, units: [unit.unit] };
    this.items.push(unit.item);
  }

  take_event(line) {
    this.takeWhole(line);
  }

  take_message(line) {
    this.takeWhole(line);
  }

  /** An event or a message takes the place of the units that it names. */
  takeWhole(line) {
    const item = { ...line, units: line.units ?? [] };
    for (const number of item.units) {
      const unit = this.units.get(number);
      if (!unit) continue;
      unit.whole = item;
      unit.item.replaced = true;
    }
    this.items.push(item);
    this.version++;
  }

  take_note(line) {
    const packet = this.byNumber.get(line.packet);
    // These are the ordinary course of a connection.
    if (packet && line.note !== 'fin' && line.note !== 'websocket') {
      packet.notes.push(line.text);
      this.version++;
    }
    this.items.push({ ...line, units: [] });
  }

  take_recount(line) {
    const unit = this.units.get(line.unit);
    if (!unit) return;
    const from = 8 * line.byte;
    const to = from + 8 * line.bytes;
    const parts = [];
    let at = 0;
    for (const [bits, of, ...rest] of unit.parts) {
      const end = at + bits;
      const cuts = [at, Math.min(Math.max(from, at), end), Math.min(Math.max(to, at), end), end];
      for (const [index, kind] of [of, line.of, of].entries()) {
        const length = cuts[index + 1] - cuts[index];
        if (length > 0) parts.push([length, kind, ...rest]);
      }
      at = end;
    }
    unit.parts = parts;
    this.version++;
    this.corrections++;
  }

  take_update(line) {
    this.updates.push(line);
  }

  take_gone(line) {
    const missed = line.packet - 1 - this.newest;
    // What came before a gap does not stand right before what comes after it.
    if (missed > 0 && this.packets.length > 0) this.drop(this.packets.length);
    this.goneBefore = line.packet;
    this.version++;
  }

  take_end(line) {
    this.end = line;
  }

  get newest() {
    return this.packets.at(-1)?.packet ?? 0;
  }

  at(order) {
    return this.packets[order - this.dropped];
  }

  before(packet) {
    return this.at(packet.order - 1);
  }

  /** Keeps a live page small; whether packets were dropped. */
  trim() {
    if (this.packets.length <= KEPT_PACKETS && this.bytes <= KEPT_BYTES) return false;
    let count = 0;
    let bytes = this.bytes;
    // Some more than needed go at once, so that this happens seldom.
    while (this.packets.length - count > KEPT_PACKETS * 0.9 || bytes > KEPT_BYTES * 0.9) {
      bytes -= this.packets[count].captured;
      count++;
    }
    this.drop(count);
    return true;
  }

  drop(count) {
    for (const packet of this.packets.splice(0, count)) {
      this.byNumber.delete(packet.packet);
      this.bytes -= packet.captured;
      this.lengths -= packet.length;
      for (const { unit } of packet.pieces) {
        if (unit.spans.every(([number]) => number <= packet.packet)) this.units.delete(unit.unit);
      }
    }
    this.dropped += count;
    const time = this.packets[0]?.time ?? Infinity;
    this.items = this.items.filter((item) => !item.replaced && (item.units.length > 0
      ? item.units.some((unit) => this.units.has(unit))
      : item.time >= time));
    for (const [number, connection] of this.connections) {
      if (connection.ends.size === 2 && connection.last < this.dropped) {
        this.connections.delete(number);
      }
    }
    this.version++;
  }

  /** The update that the tables of `stats` name, if it is here. */
  usualUpdate() {
    const usual = this.end?.stats?.update;
    if (!usual) return null;
    const isSame = ({ figures, packets: [first, last] }) =>
      Object.keys(usual.figures).every((key) => figures[key] === usual.figures[key]) &&
      this.byNumber.has(first) && this.byNumber.has(last);
    return this.updates.findLast(isSame) ?? null;
  }

  /** The pieces of units in a packet, in the order of its bytes. */
  piecesOf(packet) {
    return packet.pieces.toSorted((one, other) => one.offset - other.offset);
  }

  /** The parts of a unit that are in a piece of it, as fields of the packet. */
  fieldsOf({ unit, at, offset, bytes }) {
    const fields = [];
    const shift = 8 * (offset - at);
    let start = 0;
    for (const [bits, of, term, value, odd] of unit.parts) {
      const from = Math.max(start, 8 * at);
      const to = Math.min(start + bits, 8 * (at + bytes));
      if (from < to) {
        const cut = from > start || to < start + bits;
        fields.push({ at: from + shift, bits: to - from, of, term, value, odd, unit, cut });
      }
      start += bits;
    }
    return fields;
  }

  /**
   * The layers of a packet, each with its fields: those of the headers as the packet's own line has
   * them, and those of the payload as the units have them that it carries.
   */
  sections(packet) {
    const fields = [];
    let at = 0;
    for (const [bits, term, value] of packet.fields) {
      fields.push({ at, bits, term, value });
      at += bits;
    }
    const pieces = this.piecesOf(packet);
    const sections = [];
    let start = 0;
    for (const layer of packet.layers) {
      const end = start + layer.bits;
      const own = clip(fields, start, end);
      let from = start;
      if (layer.group === 'payload') {
        for (const piece of pieces) {
          const pieceStart = 8 * piece.offset;
          const pieceEnd = pieceStart + 8 * piece.bytes;
          if (pieceStart < from || pieceEnd > end) continue;
          if (pieceStart > from) {
            sections.push(section(layer.layer, 'payload', '', clip(own, from, pieceStart)));
          }
          const inside = this.fieldsOf(piece);
          const name = UNIT_NAMES[piece.unit.kind];
          const text = this.textOf(piece);
          const made = section(name, inside[0]?.of ?? 'content', text, inside);
          made.piece = piece;
          sections.push(made);
          from = pieceEnd;
        }
      }
      if (from < end || layer.bits === 0) {
        const rest = clip(own, from, end);
        for (const field of rest) field.of ??= layer.group;
        sections.push(section(layer.layer, layer.group, layer.text, rest));
      }
      start = end;
    }
    return sections;
  }

  textOf({ unit, at, bytes }) {
    const what = unit.whole && unit.whole.units.length === 1 ? unit.whole.what : unit.what;
    if (at === 0 && bytes === unit.bytes) return what;
    return `${what}: bytes ${number(at)} to ${number(at + bytes - 1)} of ${number(unit.bytes)}`;
  }

  /** The bytes of a packet by colour, neighbours of one colour together: `[[of, bytes], ...]`. */
  blocks(packet) {
    const drawn = `${packet.pieces.length} ${this.corrections}`;
    if (packet.blocksOf === drawn) return packet.blocks;
    const blocks = [];
    const add = (of, bits) => {
      if (blocks.at(-1)?.[0] === of) blocks.at(-1)[1] += bits;
      else if (bits > 0) blocks.push([of, bits]);
    };
    for (const { group, fields } of this.sections(packet)) {
      for (const field of fields) add(field.of ?? group, field.bits);
    }
    add('missing', 8 * (packet.length - packet.captured));
    for (const block of blocks) {
      block[1] /= 8;
      this.colours.add(block[0]);
    }
    packet.blocks = blocks;
    packet.blocksOf = drawn;
    return blocks;
  }

  /** What a packet says, in the words beside its arrow. */
  label(packet) {
    const said = [];
    for (const { unit, at } of this.piecesOf(packet)) {
      const what = unit.whole?.units.length === 1 ? unit.whole.what
        : unit.kind === 'request' ? `${unit.what.replace(/^request /, '')}, ${count(unit.bytes, 'byte')}`
        : unit.what;
      if (at === 0) said.push(unit.continues ? `${what}, going on` : what);
      else said.push(`${what}, going on`);
    }
    const flags = (packet.flags ?? []).filter((flag) => ['SYN', 'FIN', 'RST'].includes(flag));
    if (said.length > 0) return [...said, ...flags].join(' · ');
    if (packet.data > 0) return [packet.what, ...flags].join(' · ');
    if (flags.length === 0) return packet.flags?.includes('ACK') ? 'ACK' : packet.what;
    return [...flags, ...packet.flags.filter((flag) => flag === 'ACK')].join(', ');
  }

  /** How much a packet weighs in the ladder: `data`, `sign` (SYN, FIN, RST), `ack` or `other`. */
  weight(packet) {
    if (!packet.side) return 'other';
    if (packet.data > 0) return 'data';
    return packet.flags.some((flag) => ['SYN', 'FIN', 'RST'].includes(flag)) ? 'sign' : 'ack';
  }

  /** Where an item's bytes begin, and the numbers of the packets that carried it. */
  whereabouts(item) {
    if (item.packet) {
      const isKept = this.byNumber.has(item.packet);
      return { first: isKept ? [item.packet] : null, packets: isKept ? [item.packet] : [] };
    }
    const spans = item.units.flatMap((unit) => this.units.get(unit)?.spans ?? []);
    const kept = spans.filter(([number]) => this.byNumber.has(number));
    return { first: kept[0] ?? null, packets: [...new Set(kept.map(([number]) => number))] };
  }

  /** The name, the meaning and the source of a term. */
  term(key) {
    return this.terms.get(key) ?? { name: key, meaning: '', source: '' };
  }
}

function section(name, group, text, fields) {
  const at = fields[0]?.at ?? 0;
  const last = fields.at(-1);
  return { name, group, text, fields, at, bits: last ? last.at + last.bits - at : 0 };
}

/** The fields, or parts of fields, between two bits. */
function clip(fields, from, to) {
  return fields.filter((field) => field.at < to && field.at + field.bits > from).map((field) => {
    const start = Math.max(field.at, from);
    const end = Math.min(field.at + field.bits, to);
    return { ...field, at: start, bits: end - start };
  });
}

/** The bytes of hexadecimal text. */
function unhex(hex) {
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}

/** Where a masked frame's key and payload begin in it (RFC 6455 section 5.2), or nothing. */
function masking(unit) {
  if (unit.kind !== 'frame' || !unit.masked || unit.continues) return null;
  unit.raw ??= unhex(unit.hex);
  const extended = { 126: 2, 127: 8 }[unit.raw[1] & 0x7f] ?? 0;
  const key = 2 + extended;
  return unit.raw.length > key + 4 ? { key, payload: key + 4, raw: unit.raw } : null;
}

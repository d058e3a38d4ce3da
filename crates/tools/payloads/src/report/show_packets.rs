//! Prints each packet, and with `explain` each bit of it: `payloads show --packets`.

use std::{
    fmt::Write as _,
    io::{self, Write},
    mem,
};

use super::{
    frame::push_hex,
    packets::{Deed, Sent},
    plural::plural,
    show::{Printer, Style, color},
    walk::{End, Told, Walk},
    wrap::wrapped,
};
use crate::{
    decode::{Event, Listener},
    input::{
        Packet,
        headers::{Field, Named},
    },
};

/// The columns of a field's name, of its bits, and of its value; a longer one pushes on what follows.
const NAME: usize = 21;
const RAW: usize = 18;
const VALUE: usize = 24;

/// The most bytes of a field that are printed as they were captured.
const RAW_BYTES: usize = 6;

/// Prints the packets of a capture as they come, and what they carry.
pub struct ShowPackets<W> {
    walk: Walk<PacketPrinter<W>>,
    finished: bool,
}

impl<W: Write> ShowPackets<W> {
    /// Prints to `out`. Where a connection's SYN was not captured, the side with `port` is its
    /// server.
    pub fn new(out: W, style: Style, port: Option<u16>) -> Self {
        let mut printer = Printer::new(out, style);
        printer.among_packets = true;
        let printer = PacketPrinter { printer, held_from: None };
        Self { walk: Walk::new(printer, port), finished: false }
    }

    /// Takes a packet. What is printed may wait in memory until [`flush`](Self::flush).
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        self.walk.packet(packet);
        self.walk.listener().printer.write_if_long();
        self.walk.listener().printer.result()
    }

    /// How many packets were taken, if one may wait for others that were captured the wrong way
    /// round.
    pub fn has_early(&mut self) -> Option<u64> {
        self.walk.has_early()
    }

    /// Nothing came for [`EARLY_WAIT`](crate::tcp::EARLY_WAIT): prints what waited for it.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn release_early(&mut self) -> io::Result<()> {
        self.walk.release_early();
        self.flush()
    }

    /// Writes all that is complete.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        let printer = &mut self.walk.listener().printer;
        printer.write();
        printer.result()?;
        printer.out.flush()
    }

    /// The capture is over: prints what was still waiting for more, and the sums. A second call
    /// does nothing.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn finish(&mut self, end: End) -> io::Result<()> {
        if !mem::replace(&mut self.finished, true) {
            let stats = self.walk.finish(end);
            let printer = &mut self.walk.listener().printer;
            printer.packets = stats.overall.total_packets;
            printer.app_bytes = stats.overall.app_bytes;
            printer.sums(stats.connections);
        }
        self.flush()
    }

    /// What a reader should know of the packets, in a line each.
    ///
    /// `unsupported` of them were of an interface with a link type that is not supported.
    pub fn warnings(&mut self, unsupported: u64) -> Vec<String> {
        self.walk.warnings(unsupported)
    }
}

struct PacketPrinter<W> {
    printer: Printer<W>,
    /// From where on the text waits for the packet at hand.
    held_from: Option<usize>,
}

impl<W: Write> Listener for PacketPrinter<W> {
    const KINDS: bool = true;

    fn event(&mut self, time: i64, event: Event<'_>) {
        self.printer.print_wrapped(time, event);
    }
}

impl<W: Write> Told for PacketPrinter<W> {
    fn hold(&mut self, _packet: u64) {
        self.held_from = Some(self.printer.text.len());
        // What is held back comes after a packet, which has more than one line.
        self.printer.started = true;
        self.printer.after_several = true;
    }

    fn packet(
        &mut self,
        number: u64,
        time: i64,
        packet: &Packet<'_>,
        deed: Option<(Sent<'_>, Deed)>,
        named: Named,
    ) {
        let held = self.held_from.take().map(|from| self.printer.text.split_off(from));
        let has_held = held.as_ref().is_some_and(|held| !held.is_empty());
        let after = mem::replace(&mut self.printer.after_several, number > 1);
        self.printer.started = number > 1;
        let start = self.printer.text.len();
        self.print(number, time, packet, deed.as_ref(), &named);
        if let Some(width) = self.printer.style.width {
            let lines = wrapped(&self.printer.text[start..], width);
            self.printer.text.truncate(start);
            self.printer.text.push_str(&lines);
        }
        if has_held {
            self.printer.after_several = after;
        }
        self.printer.text.push_str(&held.unwrap_or_default());
    }
}

impl<W> PacketPrinter<W> {
    fn print(
        &mut self,
        number: u64,
        time: i64,
        packet: &Packet<'_>,
        deed: Option<&(Sent<'_>, Deed)>,
        named: &Named,
    ) {
        let printer = &mut self.printer;
        printer.paragraph(true);
        let (what, connection, side) = match deed {
            Some((sent, deed)) => (&deed.what, sent.connection, Some(sent.side)),
            None => (&named.what, 0, None),
        };
        printer.heading(time, connection, side, &format!("#{number}"), what);
        if let Some((sent, _)) = deed {
            printer.gutter();
            let (source, destination) = (sent.segment.source, sent.segment.destination);
            let _ = write!(printer.text, "{source} → {destination}");
            printer.end_line();
        }
        printer.gutter();
        let _ = write!(printer.text, "{}", plural(packet.frame_len.into(), "byte"));
        if packet.data.len() < packet.frame_len as usize {
            let _ = write!(printer.text, ", {} of them captured", packet.data.len());
        }
        let mut sign = " = ";
        for layer in &named.layers {
            let _ = match layer.bits % 8 {
                0 => write!(printer.text, "{sign}{} {}", layer.bits / 8, layer.name),
                _ => write!(printer.text, "{sign}{} bits {}", layer.bits, layer.name),
            };
            sign = " + ";
        }
        printer.end_line();
        if printer.style.explain {
            self.fields(packet, named);
        }
    }

    /// Each field of each layer, with its bits.
    fn fields(&mut self, packet: &Packet<'_>, named: &Named) {
        let printer = &mut self.printer;
        let mut fields = named.fields.iter();
        let mut at = 0;
        for layer in &named.layers {
            printer.gutter();
            printer.end_line();
            printer.gutter();
            printer.colored(color::VALUE, layer.name);
            let _ = write!(printer.text, ": {}", layer.text);
            printer.end_line();
            let end = at + layer.bits;
            while at < end {
                let Some(field) = fields.next() else {
                    return;
                };
                printer.gutter();
                let raw = raw(packet.data, at, field.bits);
                let _ = write!(printer.text, "{:<NAME$} {raw:<RAW$} ", field.term.name);
                printer.colored(color::VALUE, &field.value);
                let about = about(field);
                if !about.is_empty() {
                    let padding = VALUE.saturating_sub(field.value.chars().count());
                    let _ = write!(printer.text, "{:padding$}  {about}", "");
                }
                printer.end_line();
                at += field.bits;
            }
        }
    }
}

/// What a field is for, and where that is said.
fn about(field: &Field) -> String {
    let (meaning, source) = (field.term.meaning, field.term.source);
    match (meaning, source) {
        ("", "") => String::new(),
        (meaning, "") => meaning.to_owned(),
        ("", source) => format!("({source})"),
        (meaning, source) => format!("{meaning} ({source})"),
    }
}

/// The `bits` of `data` from the bit `at` on: as hexadecimal numbers where they are whole bytes, or
/// else as bits at their places in the byte.
fn raw(data: &[u8], at: usize, bits: usize) -> String {
    let mut text = String::new();
    if at.is_multiple_of(8) && bits.is_multiple_of(8) {
        let bytes = &data[at / 8..(at + bits) / 8];
        push_hex(&mut text, &bytes[..bytes.len().min(RAW_BYTES)]);
        if bytes.len() > RAW_BYTES {
            text.push('…');
        }
        return text;
    }
    // At most two bytes are shown: a longer field of bits is told by its value.
    let (first, last) = (at / 8, (at + bits - 1) / 8);
    for (index, byte) in data.iter().enumerate().take(last + 1).skip(first).take(2) {
        for bit in 0..8 {
            let place = index * 8 + bit;
            text.push(match (place >= at && place < at + bits, byte >> (7 - bit) & 1) {
                (false, _) => '.',
                (true, 0) => '0',
                (true, _) => '1',
            });
        }
        text.push(' ');
    }
    if last > first + 1 {
        text.push('…');
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_stand_at_their_places() {
        let data = [0x45, 0x00, 0xab, 0xcd, 0xef, 1, 2, 3, 4];
        assert_eq!(raw(&data, 0, 4), "0100....");
        assert_eq!(raw(&data, 4, 4), "....0101");
        assert_eq!(raw(&data, 19, 13), "...01011 11001101");
        assert_eq!(raw(&data, 16, 16), "ab cd");
        assert_eq!(raw(&data, 8, 64), "00 ab cd ef 01 02…");
        assert_eq!(raw(&data, 12, 20), "....0000 10101011 …");
    }
}

//! What each packet does on its connection: what it asks, answers and acknowledges, in words.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::{
    input::{
        Endpoint, Segment,
        headers::{TcpContext, TcpOptions},
    },
    tcp::{CONNECTION_LIMIT, Side},
};

/// The most packets of one side that are remembered until the other acknowledges them.
const UNACKNOWLEDGED_LIMIT: usize = 1024;

/// What a packet with a TCP segment does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Deed {
    /// In words.
    pub what: String,
    /// The numbers of the packets whose data, SYN or FIN it acknowledges first.
    pub acknowledges: Vec<u64>,
    /// The number of the packet that it is the first answer to.
    pub answers: Option<u64>,
    /// The number of its first byte, where the connection's first byte is 1, and that of its SYN 0.
    pub sequence: i64,
    /// The number of the byte that its sender expects next.
    pub acknowledgment: Option<i64>,
    /// What its header needs to be read.
    pub context: TcpContext,
}

/// Follows what packets do, on so many connections as are followed at a time.
#[derive(Debug, Default)]
pub struct Tracker {
    flows: HashMap<u64, Flow>,
    /// The numbers of the connections by that of their last packet.
    order: BTreeMap<u64, u64>,
}

/// One connection.
#[derive(Debug)]
struct Flow {
    /// The first two packets' senders; the connection may be turned round, but these stay.
    ends: [Endpoint; 2],
    sides: [Sender; 2],
    /// Which end sent its FIN first.
    closed_first: Option<usize>,
    is_open: bool,
    /// The number of its last packet.
    last: u64,
}

/// What one end has sent.
#[derive(Debug, Default)]
struct Sender {
    /// The number of its SYN, or before its first byte that was seen.
    base: Option<u32>,
    syn: Option<Syn>,
    /// What was sent and is not acknowledged yet: where it ends, and in which packet.
    unacknowledged: VecDeque<(u32, u64)>,
    /// The last packet that nothing has answered yet, and when it was captured.
    asked: Option<(u64, i64)>,
    /// The packet with its FIN, and whether that is acknowledged.
    fin: Option<(u64, bool)>,
}

/// What a SYN said of the windows of its sender.
#[derive(Clone, Copy, Debug)]
struct Syn {
    window_shift: Option<u8>,
}

/// A packet of a connection.
pub struct Sent<'a> {
    /// Its number.
    pub packet: u64,
    /// When it was captured, in nanoseconds.
    pub time: i64,
    /// What it holds.
    pub segment: &'a Segment<'a>,
    /// The number of the connection.
    pub connection: u64,
    /// The side that sent it.
    pub side: Side,
}

impl Tracker {
    /// What this packet does, which comes after all that were given before.
    pub fn deed(&mut self, sent: &Sent<'_>) -> Deed {
        let Sent { segment, connection, .. } = *sent;
        let flow = self.flows.entry(connection).or_insert_with(|| Flow {
            ends: [segment.source, segment.destination],
            sides: Default::default(),
            closed_first: None,
            is_open: false,
            last: 0,
        });
        self.order.remove(&flow.last);
        flow.last = sent.packet;
        self.order.insert(flow.last, connection);
        let deed = flow.deed(sent);
        // The longest idle one goes, as it does where connections are followed.
        if self.order.len() > CONNECTION_LIMIT
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.flows.remove(&oldest);
        }
        deed
    }
}

impl Flow {
    fn deed(&mut self, sent: &Sent<'_>) -> Deed {
        let Sent { packet, time, segment, side, .. } = *sent;
        let flags = segment.flags;
        let index = usize::from(segment.source != self.ends[0]);
        let (first, second) = self.sides.split_at_mut(1);
        let (sender, peer) = match index {
            0 => (&mut first[0], &mut second[0]),
            _ => (&mut second[0], &mut first[0]),
        };
        if flags.syn {
            sender.base = Some(segment.sequence);
            let options = TcpOptions::new(segment.options);
            sender.syn = Some(Syn { window_shift: options.window_shift() });
        }
        // An RST that answers a SYN has no number that would count.
        if !flags.rst {
            sender.base.get_or_insert(segment.sequence.wrapping_sub(1));
        }
        if flags.ack && !flags.rst {
            peer.base.get_or_insert(segment.acknowledgment.wrapping_sub(1));
        }
        let context = TcpContext {
            sequence_base: sender.base,
            acknowledgment_base: peer.base,
            window_shift: match (sender.syn, peer.syn) {
                (Some(one), Some(other)) if other.window_shift.is_some() => {
                    Some(one.window_shift.unwrap_or(0))
                }
                (Some(_), Some(_)) => Some(0),
                _ => None,
            },
        };
        let from = |number: u32, base: Option<u32>| {
            let distance = number.wrapping_sub(base.unwrap_or_default());
            if base.is_some() { i64::from(distance.cast_signed()) } else { number.into() }
        };
        let mut deed = Deed {
            sequence: from(segment.sequence, sender.base),
            acknowledgment: flags.ack.then(|| from(segment.acknowledgment, peer.base)),
            context,
            ..Deed::default()
        };
        let refuses = flags.rst && peer.syn.is_some() && sender.syn.is_none();
        if flags.ack {
            while let Some((end, of)) = peer.unacknowledged.front().copied()
                && end.wrapping_sub(segment.acknowledgment).cast_signed() <= 0
            {
                peer.unacknowledged.pop_front();
                if deed.acknowledges.last() != Some(&of) {
                    deed.acknowledges.push(of);
                }
            }
        }
        let acknowledges_fin = peer.fin.as_mut().is_some_and(|(packet, is_acknowledged)| {
            let now = deed.acknowledges.contains(packet);
            *is_acknowledged |= now;
            now
        });
        let mut answered = None;
        if segment.payload_len > 0 || flags.syn || refuses {
            answered = peer.asked.take();
            deed.answers = answered.map(|(packet, _)| packet);
        }
        // It is the client that asks; what the server says unasked is no question.
        if side == Side::Client && (segment.payload_len > 0 || flags.syn) {
            sender.asked = Some((packet, time));
        }
        let len = segment.payload_len.wrapping_add(flags.syn.into()).wrapping_add(flags.fin.into());
        if len > 0 && !flags.rst {
            let end = segment.sequence.wrapping_add(len);
            let is_new = sender
                .unacknowledged
                .back()
                .is_none_or(|(last, _)| end.wrapping_sub(*last).cast_signed() > 0);
            if is_new && sender.unacknowledged.len() < UNACKNOWLEDGED_LIMIT {
                sender.unacknowledged.push_back((end, packet));
            }
        }
        if flags.fin {
            sender.fin.get_or_insert((packet, false));
            self.closed_first.get_or_insert(index);
        }
        let both_closed =
            self.sides.iter().all(|side| side.fin.is_some_and(|(_, acknowledged)| acknowledged));
        let opens = !self.is_open && !flags.syn && !flags.rst && !deed.acknowledges.is_empty();
        self.is_open |= opens;
        deed.what = self.what(sent, &deed, answered.map(|(_, then)| time.saturating_sub(then)));
        if refuses {
            deed.what = format!("RST: the {} refuses the connection", side.name());
        } else if acknowledges_fin && both_closed && segment.payload_len == 0 && !flags.fin {
            let waits = if self.closed_first == Some(index) { side } else { side.peer() };
            deed.what = format!(
                "ACK: closed on both sides; the {}, which closed first, waits in TIME-WAIT, of \
                 which nothing is sent (RFC 9293 section 3.3.2)",
                waits.name(),
            );
        } else if opens && segment.payload_len == 0 && !flags.fin {
            deed.what = "ACK: the connection is open".to_owned();
        }
        deed
    }

    fn what(&self, sent: &Sent<'_>, deed: &Deed, after: Option<i64>) -> String {
        let Sent { segment, side, .. } = *sent;
        let (name, flags) = (side.name(), segment.flags);
        if flags.rst {
            return format!("RST: the {name} breaks the connection off");
        }
        let mut what = match (flags.syn, flags.ack) {
            (true, false) => format!("SYN: the {name} asks for a connection"),
            (true, true) => format!("SYN, ACK: the {name} takes it"),
            _ => String::new(),
        };
        let acknowledged = match deed.acknowledges.as_slice() {
            [] => None,
            [packet] => Some(format!("packet {packet}")),
            [first, .., last] if last - first + 1 == deed.acknowledges.len() as u64 => {
                Some(format!("packets {first} to {last}"))
            }
            packets => {
                let packets: Vec<_> = packets.iter().map(u64::to_string).collect();
                Some(format!("packets {}", packets.join(", ")))
            }
        };
        if segment.payload_len > 0 {
            let first = deed.sequence + i64::from(flags.syn);
            let last = first + i64::from(segment.payload_len) - 1;
            if !what.is_empty() {
                what.push_str(", and ");
            } else {
                what.push_str(&format!("the {name} "));
            }
            what.push_str(&match segment.payload_len {
                1 => format!("sends byte {first}"),
                _ => format!("sends bytes {first}–{last}"),
            });
            if let (Some(question), Some(after)) = (deed.answers, after) {
                what.push_str(&format!(", the answer to packet {question} after {}", wait(after)));
            }
            if let Some(packets) = acknowledged.filter(|_| !flags.syn) {
                what.push_str(&format!(", and acknowledges {packets}"));
            }
            if flags.fin {
                what.push_str("; it has nothing more to send (FIN)");
            }
        } else if flags.fin {
            what = format!("FIN: the {name} has nothing more to send");
        } else if !flags.syn {
            what = match acknowledged {
                Some(packets) => format!("ACK: the {name} has received {packets}"),
                None if flags.ack => "ACK: nothing new".to_owned(),
                None => "no flag, and no data".to_owned(),
            };
        }
        what
    }
}

/// A time between two packets, in the unit that suits it.
fn wait(nanoseconds: i64) -> String {
    let microseconds = nanoseconds.unsigned_abs() / 1_000;
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => {
            format!("{}.{} ms", microseconds / 1_000, microseconds % 1_000 / 100)
        }
        _ => {
            let milliseconds = microseconds / 1_000;
            format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100)
        }
    }
}

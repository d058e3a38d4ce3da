//! One end of a connection: its SYN, its windows, and what it says.

use super::{
    follower::{Follower, Side},
    notice::Notice,
    stream::{NEAR, Stream},
    voice::Voice,
};
use crate::input::Segment;

/// The most first numbers of one side that may turn out to count.
const SYN_LIMIT: usize = 8;

/// The largest power of 2 that windows are multiplied by (RFC 7323 section 2.3).
const LARGEST_SHIFT: u8 = 14;

/// What is known of one side.
#[derive(Default)]
pub(super) struct End {
    pub(super) stream: Stream,
    pub(super) syn: Option<Syn>,
    /// The first numbers in other SYNs of this side, any of which the peer may acknowledge.
    pub(super) other_syns: Vec<u32>,
    pub(super) window_scale: WindowScale,
    /// Whether it takes no bytes for now.
    pub(super) is_full: bool,
    /// Whether it was seen to send something.
    pub(super) was_seen: bool,
}

/// A SYN that was captured.
#[derive(Clone, Copy)]
pub(super) struct Syn {
    pub(super) sequence: u32,
    /// How many bytes of data came with it.
    len: u32,
    /// Whether it answered another one.
    ack: bool,
}

/// By which power of 2 a side's windows are to be multiplied, as its SYN says (RFC 7323 section 2).
#[derive(Clone, Copy, Default)]
pub(super) enum WindowScale {
    /// Its SYN was not captured, or not all of it.
    #[default]
    Unknown,
    /// No such option.
    Absent,
    Shift(u8),
}

impl End {
    pub(super) fn has_syn(&self, sequence: u32) -> bool {
        self.syn.is_some_and(|syn| syn.sequence == sequence) || self.other_syns.contains(&sequence)
    }

    pub(super) fn take_syn(
        &mut self,
        time: i64,
        segment: &Segment<'_>,
        voice: &mut Voice<'_, impl Follower>,
    ) {
        let side = voice.side;
        let syn =
            Syn { sequence: segment.sequence, len: segment.payload_len, ack: segment.flags.ack };
        let Some(known) = self.syn else {
            self.syn = Some(syn);
            self.window_scale = WindowScale::of(segment);
            if self.stream.has_begun() {
                voice.notice(time, side, Notice::SynLate);
            }
            self.stream.start(syn.first(), voice);
            return;
        };
        if self.has_syn(syn.sequence) {
            // Where both ask at the same time, each answers with the same number.
            if known.ack == syn.ack {
                let notice = if syn.ack { Notice::SynAckAgain } else { Notice::SynAgain };
                voice.notice(time, side, notice);
            }
            return;
        }
        if self.other_syns.len() < SYN_LIMIT && !self.stream.is_received() {
            self.other_syns.push(syn.sequence);
        }
        voice.notice(time, side, Notice::SecondSynAck);
    }

    /// The first byte of this side is `first`, if that follows one of its SYNs: the one that counts.
    #[cold]
    pub(super) fn confirm_syn(&mut self, first: u32, voice: &mut Voice<'_, impl Follower>) {
        let ack = true;
        let mut others =
            self.other_syns.iter().map(|sequence| Syn { sequence: *sequence, len: 0, ack });
        if let Some(syn) = others.find(|syn| syn.first() == first) {
            self.syn = Some(syn);
            self.stream.restart(first, voice);
            self.other_syns.clear();
        } else if self.syn.is_some_and(|syn| syn.first() == first) {
            self.other_syns.clear();
        }
    }
}

impl Syn {
    /// The sequence number of the first byte after it.
    pub(super) fn first(self) -> u32 {
        self.sequence.wrapping_add(1)
    }

    /// Whether `segment` acknowledges it, and perhaps data after it. An answer to the SYN itself
    /// acknowledges no more than came with it.
    pub(super) fn is_acknowledged(self, segment: &Segment<'_>) -> bool {
        let answers = segment.flags.syn || segment.flags.rst;
        let most = if answers { self.len } else { NEAR };
        segment.flags.ack && segment.acknowledgment.wrapping_sub(self.first()) <= most
    }
}

impl WindowScale {
    /// What the SYN in `segment` says.
    fn of(segment: &Segment<'_>) -> Self {
        let mut options = segment.options;
        loop {
            options = match options {
                // Padding, and what does nothing.
                [1, rest @ ..] => rest,
                [3, 3, shift, ..] => return Self::Shift((*shift).min(LARGEST_SHIFT)),
                [0, ..] => return Self::Absent,
                [_, len, ..] if (2..=options.len()).contains(&usize::from(*len)) => {
                    &options[usize::from(*len)..]
                }
                [] if segment.header_len as usize == 20 + segment.options.len() => {
                    return Self::Absent;
                }
                _ => return Self::Unknown,
            };
        }
    }
}

/// By which power of 2 the window in `segment`, which `side` sends, is to be multiplied: not in a SYN,
/// and only if both sides have the option (RFC 7323 section 2.2). Where it is not known, it is taken
/// to be the largest.
pub(super) fn window_shift(ends: &[End; 2], side: Side, segment: &Segment<'_>) -> u8 {
    if segment.flags.syn {
        return 0;
    }
    match (ends[side.index()].window_scale, ends[side.peer().index()].window_scale) {
        (WindowScale::Absent, _) | (_, WindowScale::Absent) => 0,
        (WindowScale::Shift(shift), _) => shift,
        (WindowScale::Unknown, _) => LARGEST_SHIFT,
    }
}

/// Whether the window of `segment` was captured, as its options show, which come after it.
pub(super) fn tells_window(segment: &Segment<'_>) -> bool {
    segment.header_len == 20 || !segment.options.is_empty()
}

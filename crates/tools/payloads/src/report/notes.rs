//! The words for what a reader should know beside what is said.

use super::{escape::push_escaped, plural::plural};
use crate::{
    decode::Note,
    tcp::{Ending, Notice, Side},
};

/// The most bytes that a note quotes; of more, it quotes the first ones.
const QUOTED: usize = 16;

/// What `note` says of `side`, in a line.
pub(super) fn text(side: Side, note: &Note<'_>) -> String {
    let name = side.name();
    match note {
        Note::Cut(bytes) => format!("{} cut off by the snap length", plural(*bytes, "byte")),
        Note::Gap(bytes) => format!("gap: {} not in the capture", plural(*bytes, "byte")),
        Note::Repeated(bytes) => format!("{} sent again", plural(*bytes, "byte")),
        Note::GapOrFin => "gap: 1 byte or the FIN is not in the capture".to_owned(),
        Note::Late { bytes, .. } => {
            format!("{} from before, captured late", plural(bytes.len() as u64, "byte"))
        }
        Note::End => format!("the {name} has nothing more to send (FIN)"),
        Note::WebSocket => "from here on, both sides send WebSocket frames".to_owned(),
        Note::OtherWebSocket => {
            "from here on, both sides send what is no WebSocket of RFC 6455: the client did not ask \
             with Sec-WebSocket-Version: 13 (section 4.1)"
                .to_owned()
        }
        Note::Tcp(notice) => notice_text(side, notice),
    }
}

fn notice_text(side: Side, notice: &Notice<'_>) -> String {
    let (name, peer) = (side.name(), side.peer().name());
    // A number that is so far from the one expected.
    let off = |off: i64| {
        let which = if off < 0 { "before" } else { "after" };
        format!("its number is {} {which} the one expected", off.unsigned_abs())
    };
    match *notice {
        Notice::SynAgain => format!("the {name} asks for the connection again (SYN)"),
        Notice::SynAckAgain => format!("the {name} takes the connection again (SYN, ACK)"),
        Notice::SecondSynAck => format!(
            "the {name} takes the connection again, with another first number (SYN, ACK): the one \
             that the {peer} acknowledges counts"
        ),
        Notice::SynLate => format!("the SYN of the {name}, captured late"),
        Notice::OldConnection => format!(
            "the {name} still has an old connection of these ports, and goes on with that \
             (challenge ACK)"
        ),
        Notice::EndsOldConnection => {
            format!("the {name} has no such connection: this ends the old one (RST)")
        }
        Notice::NeverSent(bytes) => format!(
            "the {name} acknowledges {} that the {peer} had not sent",
            plural(bytes, "byte")
        ),
        Notice::RstIgnored(Some(by)) => {
            format!("an RST that the {peer} does not accept: {}", off(by))
        }
        Notice::RstIgnored(None) => {
            format!("an RST that the {peer} does not accept: it does not acknowledge its SYN")
        }
        Notice::FinIgnored(by) => format!("a FIN that the {peer} does not accept: {}", off(by)),
        Notice::KeepAlive(0) => format!("keep-alive: is the {peer} still there?"),
        Notice::KeepAlive(bytes) => format!(
            "keep-alive: is the {peer} still there? ({} that is no data)",
            plural(bytes, "byte")
        ),
        Notice::WindowProbe(0) => format!("window probe: does the {peer} take bytes again?"),
        Notice::WindowProbe(bytes) => format!(
            "window probe: does the {peer} take bytes again? ({} that is no data)",
            plural(bytes, "byte")
        ),
        Notice::WindowFull => format!("the {name} takes no more bytes for now (its window is 0)"),
        Notice::WindowOpen => format!("the {name} takes bytes again (its window is open)"),
        Notice::SentOtherwise { bytes, number, before, now } => {
            let (last, count) = (number + before.len() as u64 - 1, before.len());
            let which = match count {
                1 => format!("byte {number} was"),
                _ => format!("bytes {number} to {last} were"),
            };
            format!(
                "{} sent again, but otherwise: {which} {} before, and {} now",
                plural(bytes, "byte"),
                quoted(before),
                quoted(now),
            )
        }
        Notice::Outside { bytes, cut } => format!(
            "{} outside the window, which the {peer} does not take",
            plural(bytes.len() as u64 + cut, "byte"),
        ),
        Notice::ResetText { bytes, cut } => format!(
            "{} with the RST of the {name}, which may say why",
            plural(bytes.len() as u64 + cut, "byte"),
        ),
    }
}

/// How a connection ended, if that is not said by the notes.
pub(super) fn ending_text(ending: Ending) -> Option<String> {
    Some(match ending {
        // Both sides' FINs say so.
        Ending::Closed => return None,
        Ending::Reset(side) => format!("broken off by the {} (RST)", side.name()),
        Ending::Refused(side) => {
            format!("refused by the {} (RST): no SYN, ACK came", side.name())
        }
        Ending::Unanswered(0 | 1) => "not answered: no SYN, ACK came".to_owned(),
        Ending::Unanswered(times) => {
            format!("not answered: the client asked {times} times, and no SYN, ACK came")
        }
        Ending::Replaced => {
            "its ports are those of a new connection now; its end is not in the capture".to_owned()
        }
        Ending::Dropped => "left here, as the longest idle of too many open connections".to_owned(),
    })
}

/// Bytes in quotation marks.
fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    push_escaped(&mut text, &bytes[..bytes.len().min(QUOTED)]);
    text.push_str(if bytes.len() > QUOTED { "…\"" } else { "\"" });
    text
}

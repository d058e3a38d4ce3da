//! What a reader should know of bytes and connections, each thing with a word that stays the same and
//! a line that is printed.

use super::plural::plural;
use crate::{
    decode::Note,
    tcp::{Ending, Side},
};

/// The word for a note about the bytes of `side`, and what is said of it.
pub fn of(note: Note<'_>, side: Side) -> (&'static str, String) {
    let name = side.name();
    match note {
        Note::Cut(bytes) => {
            ("cut-off", format!("{} cut off by the snap length", plural(bytes, "byte")))
        }
        Note::Gap(bytes) => ("gap", format!("gap: {} not in the capture", plural(bytes, "byte"))),
        Note::Repeated(bytes) => ("sent-again", format!("{} sent again", plural(bytes, "byte"))),
        Note::GapOrFin => ("gap-or-fin", "gap: 1 byte or the FIN is not in the capture".to_owned()),
        Note::Late { bytes: [], cut, .. } => {
            ("cut-off", format!("{} cut off by the snap length", plural(cut, "byte")))
        }
        Note::Late { bytes, .. } => {
            let bytes = plural(bytes.len() as u64, "byte");
            ("late", format!("{bytes} from before, captured late"))
        }
        Note::End => ("fin", format!("the {name} has nothing more to send (FIN)")),
        Note::WebSocket => {
            ("websocket", "from here on, both sides send WebSocket frames".to_owned())
        }
    }
}

/// The word for how a connection ended, and what is said of it, unless its notes said so.
pub fn of_ending(ending: Ending) -> Option<(&'static str, String)> {
    Some(match ending {
        Ending::Closed => return None,
        Ending::Reset(side) => ("reset", format!("broken off by the {} (RST)", side.name())),
        Ending::Dropped => {
            ("dropped", "left here, as the longest idle of too many open connections".to_owned())
        }
    })
}

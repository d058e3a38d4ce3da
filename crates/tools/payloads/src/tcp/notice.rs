//! What a reader should know of how a connection goes, beside what is said in it.

/// Something about a connection, or about bytes that are no part of what is said in it.
///
/// The table in [`tcp`](super) has them all, with the sections of RFC 9293 that they rest on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notice<'a> {
    /// This side asks for the connection again, with the same SYN.
    SynAgain,
    /// This side takes the connection again, with the same SYN, ACK.
    SynAckAgain,
    /// This side takes the connection again, with another first number.
    SecondSynAck,
    /// This is the SYN of a connection of which later packets were captured before.
    SynLate,
    /// This side answers a SYN with what belongs to another connection between the same ports.
    OldConnection,
    /// This side says that there is no such connection as the other's
    /// [`OldConnection`](Self::OldConnection).
    EndsOldConnection,
    /// This side acknowledges so many bytes that the other had not sent.
    NeverSent(u64),
    /// An RST of this side that the other does not accept, because its number is so far from the one
    /// expected, or because it does not acknowledge the other's SYN.
    RstIgnored(Option<i64>),
    /// A FIN of this side whose number is so far from the one expected that it is none.
    FinIgnored(i64),
    /// This side asks whether the other is still there, with so many bytes (0 or 1) that are no data.
    KeepAlive(u64),
    /// This side asks whether the other takes bytes again, with so many (0 or 1) that are no data.
    WindowProbe(u64),
    /// This side takes no bytes for now.
    WindowFull,
    /// This side takes bytes again.
    WindowOpen,
    /// Bytes that were sent before, and are not the same now.
    SentOtherwise {
        /// How many were sent again.
        bytes: u64,
        /// Which byte of all that this side sends, from 1, is the first that differs.
        number: u64,
        /// From there to the last that differs: what they were.
        before: &'a [u8],
        /// What they are now.
        now: &'a [u8],
    },
    /// Bytes that the other side does not take, because of their sequence numbers.
    Outside {
        /// Those that were captured.
        bytes: &'a [u8],
        /// How many more of them the capture cut off.
        cut: u64,
    },
    /// Bytes that came with an RST, and may say why.
    ResetText {
        /// Those that were captured.
        bytes: &'a [u8],
        /// How many more of them the capture cut off.
        cut: u64,
    },
}

impl<'a> Notice<'a> {
    /// The bytes that it is about, if it has them and they are no part of what is said: those that were
    /// captured.
    pub fn apart(&self) -> Option<&'a [u8]> {
        match *self {
            Self::Outside { bytes, .. } | Self::ResetText { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// Its word, which stays the same.
    pub fn word(&self) -> &'static str {
        match self {
            Self::SynAgain => "syn-again",
            Self::SynAckAgain => "syn-ack-again",
            Self::SecondSynAck => "second-syn-ack",
            Self::SynLate => "syn-late",
            Self::OldConnection => "old-connection",
            Self::EndsOldConnection => "ends-old-connection",
            Self::NeverSent(_) => "never-sent",
            Self::RstIgnored(_) => "rst-ignored",
            Self::FinIgnored(_) => "fin-ignored",
            Self::KeepAlive(_) => "keep-alive",
            Self::WindowProbe(_) => "window-probe",
            Self::WindowFull => "window-full",
            Self::WindowOpen => "window-open",
            Self::SentOtherwise { .. } => "sent-otherwise",
            Self::Outside { .. } => "outside-window",
            Self::ResetText { .. } => "reset-text",
        }
    }

    /// Where RFC 9293 has it, if it does.
    pub fn section(&self) -> Option<&'static str> {
        Some(match self {
            Self::SynLate => return None,
            Self::SynAgain | Self::SynAckAgain | Self::SentOtherwise { .. } => "3.8.1",
            Self::SecondSynAck | Self::OldConnection => "3.5.1",
            Self::EndsOldConnection => "3.10.7.3",
            Self::NeverSent(_)
            | Self::RstIgnored(_)
            | Self::FinIgnored(_)
            | Self::Outside { .. } => "3.10.7.4",
            Self::KeepAlive(_) => "3.8.4",
            Self::WindowProbe(_) => "3.8.6.1",
            Self::WindowFull | Self::WindowOpen => "3.8.6",
            Self::ResetText { .. } => "3.5.3",
        })
    }
}

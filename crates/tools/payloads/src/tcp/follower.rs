//! What a connection is, and whoever wants to hear what it says.

use super::stream::Output;
use crate::input::Endpoint;

/// The side of a connection that a byte comes from.
///
/// The client is the side that sent the first SYN. Where no SYN was captured, it is the one that
/// [`Follower::sender`] takes for it, or else the one whose port looks less like a server's.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Side {
    /// The side that asks.
    #[default]
    Client,
    /// The side that answers.
    Server,
}

impl Side {
    /// The other side.
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// 0 for the client, 1 for the server.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The letter that labels its messages, as in `C1`.
    pub fn letter(self) -> char {
        match self {
            Self::Client => 'C',
            Self::Server => 'S',
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// How a connection began and who its ends are.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionInfo {
    /// Its number, from 1 in the order of their first packets.
    pub number: u64,
    /// Where it is kept: less than [`CONNECTION_LIMIT`](super::CONNECTION_LIMIT), and another connection's once it is over.
    pub slot: usize,
    /// The client's end.
    pub client: Endpoint,
    /// The server's end.
    pub server: Endpoint,
    /// Whether the capture begins in the middle of it: its SYN was not captured, at least not yet.
    pub midway: bool,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Both sides said that they are done (FIN).
    Closed,
    /// This side broke it off (RST).
    Reset(Side),
    /// This side refused it: it answered the SYN with an RST.
    Refused(Side),
    /// No SYN, ACK came, though the other side asked for it so often.
    Unanswered(u32),
    /// Its ports are those of a new connection now; its own end was not captured.
    Replaced,
    /// It was the longest idle one, and its place was needed.
    Dropped,
}

impl Ending {
    /// Its word, which stays the same.
    pub fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Reset(_) => "reset",
            Self::Refused(_) => "refused",
            Self::Unanswered(_) => "unanswered",
            Self::Replaced => "replaced",
            Self::Dropped => "dropped",
        }
    }
}

/// Where bytes come from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Their connection.
    pub connection: &'a ConnectionInfo,
    /// The side that sent them.
    pub side: Side,
    /// When their packet was captured, in nanoseconds since 1970.
    pub time: i64,
}

/// Follows the connections of a capture: takes what both sides say, as it comes.
pub trait Follower {
    /// What it keeps of each connection.
    type Kept;

    /// The side that sends `bytes`, if they show it: that of a client or that of a server.
    ///
    /// This is asked where no SYN was captured, and before the bytes are given, until an answer comes:
    /// first with what the first packet brought, when nothing is kept yet, then with what each other
    /// one does. Where the answer is not the side that they were taken to be from, the connection is
    /// turned round, which [`changed`](Self::changed) says, and they come from the side that this
    /// says.
    fn sender(&self, kept: Option<&Self::Kept>, bytes: &[u8]) -> Option<Side>;
    /// A connection begins: what to keep of it.
    fn opened(&mut self, connection: &ConnectionInfo, time: i64) -> Self::Kept;
    /// What is known of a connection turned out otherwise, and this holds for what came before too.
    /// If it is `turned` round, what was taken for its client is its server.
    fn changed(
        &mut self,
        kept: &mut Self::Kept,
        connection: &ConnectionInfo,
        time: i64,
        turned: bool,
    );
    /// This came out of what one side sent.
    fn take(&mut self, kept: &mut Self::Kept, origin: &Origin<'_>, output: Output<'_>);
    /// How many bytes of what was taken are kept until more completes them.
    fn kept_size(&self, kept: &Self::Kept) -> usize;
    /// Their memory is needed.
    fn release(&mut self, kept: &mut Self::Kept, connection: &ConnectionInfo, time: i64);
    /// Nothing will complete them: the connection or the capture is over.
    fn finish(&mut self, kept: &mut Self::Kept, connection: &ConnectionInfo, time: i64);
    /// A connection ended.
    fn ended(&mut self, connection: &ConnectionInfo, time: i64, ending: Ending);
    /// A connection's place is now `to` instead of `from`; the one that was there is over.
    fn moved(&mut self, from: usize, to: usize);
}

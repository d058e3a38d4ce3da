//! From segments to what each side of a connection says, in order.
//!
//! This room knows TCP segments from [`input`](crate::input) and nothing of what is said in them: it
//! hands the bytes on to a [`Follower`]. Which segments count is decided by the rules of RFC 9293 for
//! what a receiver accepts, as far as a bystander can tell: a capture may lack packets, and have
//! others late. Where a segment may be missing from the capture as well as never sent, what comes
//! next tells.
//!
//! # What is said beside it
//!
//! A note is a [`Notice`] of this room, or comes with the bytes that it is about ([`Output`]); the
//! end of a connection is an [`Ending`]. Each has a word, which stays the same.
//!
//! | word | what it says | RFC 9293 |
//! |---|---|---|
//! | `syn-again`, `syn-ack-again` | a SYN, or a SYN, ACK, is sent again | 3.8.1 |
//! | `second-syn-ack` | a SYN, ACK with another first number: the one that the client acknowledges counts | 3.5.1 |
//! | `syn-late` | the SYN of packets that were captured before it | |
//! | `old-connection` | an answer from an old connection between the same ports (challenge ACK) | 3.5.1, 3.10.7.4 |
//! | `ends-old-connection` | the RST by which the client ends that | 3.10.7.3 |
//! | `never-sent` | an acknowledgment of bytes that were not sent | 3.10.7.4 |
//! | `rst-ignored`, `fin-ignored` | an RST or a FIN that is not accepted, because of its number | 3.10.7.3, 3.10.7.4 |
//! | `outside-window` | bytes that are not accepted, because of theirs | 3.10.7.4 |
//! | `keep-alive` | is the other side still there? | 3.8.4 |
//! | `window-full`, `window-open` | a side takes no more bytes, and takes them again | 3.8.6 |
//! | `window-probe` | does the other side take bytes again? | 3.8.6.1 |
//! | `sent-again` | bytes that were sent before | 3.8.1 |
//! | `sent-otherwise` | bytes that were sent before, and are others now | 3.8.1 |
//! | `gap` | bytes that are not in the capture | |
//! | `gap-or-fin` | a byte that is not in the capture, or the FIN | |
//! | `captured-late` | bytes that belong before others which were captured earlier | |
//! | `cut-off` | bytes that the capture cut off | |
//! | `fin` | a side has nothing more to send | 3.6 |
//! | `closed` | both sides have nothing more to send (an ending) | 3.6 |
//! | `reset` | a side broke the connection off | 3.5.3 |
//! | `refused` | an RST came instead of a SYN, ACK | 3.5.2 |
//! | `unanswered` | no SYN, ACK came | |
//! | `replaced` | the ports are those of a new connection now | |
//! | `dropped` | there were too many others that are open | |
//!
//! Packets that were recorded on two interfaces are left out before they come here, by
//! [`Twice`](crate::input::Twice); their word is `recorded-twice`. The word of the one note that
//! [`decode`](crate::decode) adds is `websocket`.
//!
//! # How long a connection is known
//!
//! Until its ports are those of another; once it is closed, until nothing was heard of it for four
//! minutes (RFC 9293 section 3.6.1), when the next one takes its place. Of too many, the one that was
//! silent longest goes.
//!
//! # Who is the client
//!
//! The side that sent the SYN. Where that was not captured, it is a guess by the ports, unless
//! [`Follower::sender`] knows it by the bytes. It may know it later, and a SYN may be captured late:
//! then the connection is turned round, and [`Follower::changed`] says so.

mod connection;
mod conversation;
mod end;
mod follower;
mod notice;
mod said;
mod stream;
mod voice;

pub(crate) use stream::usize_of;

pub use conversation::{CONNECTION_LIMIT, Conversations};
pub use follower::{ConnectionInfo, Ending, Follower, Origin, Side};
pub use notice::Notice;
pub use stream::{EARLY_WAIT, Output};

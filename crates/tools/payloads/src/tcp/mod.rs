//! From segments to what each side of a connection says, in order.
//!
//! This room knows TCP segments from [`input`](crate::input) and nothing of what is said in them: it
//! hands the bytes on to a [`Follower`].

mod connection;
mod conversation;
mod end;
mod follower;
mod notice;
mod said;
mod stream;

pub(crate) use stream::usize_of;

pub use conversation::{CONNECTION_LIMIT, Conversations, EARLY_WAIT};
pub use follower::{ConnectionInfo, Ending, Follower, Origin, Side};
pub use notice::Notice;
pub use stream::Output;

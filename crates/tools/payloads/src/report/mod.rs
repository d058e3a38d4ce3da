//! From names to what is printed: figures and tables, conversations as text, and explanations.
//!
//! It may use every room below; none of them knows how anything is printed.

pub mod escape;
pub mod explain;
mod frame;
pub mod json;
mod left_out;
mod notes;
mod packets;
pub mod page;
mod plural;
pub mod show;
pub mod stats;
mod table;
pub mod transcript;
mod whole;
mod wrap;

//! From names to what is printed: figures and tables, conversations as text, and explanations.
//!
//! It may use every room below; none of them knows how anything is printed.

mod counter;
mod digits;
pub mod escape;
pub mod explain;
mod figures;
mod frame;
mod heads;
pub mod json;
mod ledger;
mod left_out;
mod notes;
mod packets;
pub mod page;
mod parts;
mod plural;
mod records;
mod rows;
pub mod show;
pub mod show_packets;
pub mod stats;
mod table;
pub mod transcript;
mod walk;
mod whole;
mod wrap;

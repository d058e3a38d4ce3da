//! A scripted visitor of the apps: netcat for tcpapp, a real browser for the others.
//!
//! A [`job`] is to record a visit on the timeline of the captures, one by hand, or for as long as
//! someone watches. [`network`] makes the two hosts between which that is recorded, and [`relay`]
//! lets a person's own browser in. The tests of this crate look at the pages in the [`browser`].

pub mod app;
pub mod browser;
mod by_hand;
mod capture;
mod closing;
mod console;
mod failure;
pub mod job;
mod leash;
mod live;
mod netcat;
pub mod network;
pub mod record;
mod recorder;
pub mod relay;
mod scratch;
mod stop;
mod timeline;
mod tools;
mod viewer;

pub use failure::{Failure, Result};

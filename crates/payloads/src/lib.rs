//! What a packet capture says, byte by byte.
pub mod capture; pub mod conversation; pub mod decode; pub mod escape; pub mod explain; pub mod http; pub mod packet; pub mod show; pub mod stats; pub mod stream; mod table; pub mod time_of_day; pub mod unit; pub mod websocket;

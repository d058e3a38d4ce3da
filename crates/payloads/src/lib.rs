//! What a packet capture says, byte by byte.
mod capture; mod conversation; mod decode; mod escape; mod http; mod packet; pub mod stats; mod stream; mod table; mod time_of_day; mod websocket;

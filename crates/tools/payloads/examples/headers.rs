//! Prints the layers and the fields of each packet of a capture, one JSON object a line, for
//! `check-headers.py` to compare:
//!
//! ```sh
//! cargo run -p payloads --example headers -- my.pcap
//! ```

use std::{
    collections::HashMap,
    env,
    error::Error,
    fs::File,
    io::{self, BufWriter, Write},
};

use payloads::input::{
    Contents, Endpoint, Headers, Reader,
    headers::{self, TcpContext, TcpOptions},
};
use serde_json::json;

/// What one side of a connection said of its numbers and windows.
#[derive(Clone, Copy, Default)]
struct Side {
    base: Option<u32>,
    /// The shift of its SYN, or that the SYN had none.
    shift: Option<Option<u8>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).ok_or("name a capture")?;
    let mut reader = Reader::new(File::open(file)?);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut headers = Headers::default();
    let mut sides: HashMap<(Endpoint, Endpoint), Side> = HashMap::new();
    let mut number = 0;
    while let Some(packet) = reader.next_packet()? {
        number += 1;
        let found = headers.read(&packet);
        let mut context = TcpContext::default();
        let mut contents = "not read".to_owned();
        match found.contents {
            Contents::Tcp(segment) => {
                let (source, destination) = (segment.source, segment.destination);
                let side = sides.entry((source, destination)).or_default();
                if segment.flags.syn {
                    let shift = TcpOptions::new(segment.options).window_shift();
                    *side = Side { base: Some(segment.sequence), shift: Some(shift) };
                }
                // Where there is no SYN, counting begins with the first number that is seen.
                side.base.get_or_insert(segment.sequence.wrapping_sub(1));
                let side = *side;
                let peer = sides.entry((destination, source)).or_default();
                if segment.flags.ack {
                    peer.base.get_or_insert(segment.acknowledgment.wrapping_sub(1));
                }
                context.sequence_base = side.base;
                context.acknowledgment_base = peer.base;
                context.window_shift = match (side.shift, peer.shift) {
                    (Some(Some(shift)), Some(Some(_))) => Some(shift),
                    (Some(_), Some(_)) => Some(0),
                    _ => None,
                };
                contents = "TCP".to_owned();
            }
            Contents::Other(other) => contents = other.to_string(),
            Contents::Fragment(_) => contents = "fragment".to_owned(),
            Contents::Unreadable { .. } => {}
        }
        let named = headers::name(&packet, &context);
        let layers: Vec<_> = named
            .layers
            .iter()
            .map(|layer| {
                let group = layer.group.name();
                json!({"layer": layer.name, "bits": layer.bits, "group": group, "text": layer.text})
            })
            .collect();
        let fields: Vec<_> = named
            .fields
            .iter()
            .map(|field| json!([field.bits, field.term.key, field.value]))
            .collect();
        let line = json!({
            "kind": "packet",
            "packet": number,
            "length": packet.frame_len,
            "captured": packet.data.len(),
            "what": named.what,
            "contents": contents,
            "layers": layers,
            "fields": fields,
        });
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(())
}

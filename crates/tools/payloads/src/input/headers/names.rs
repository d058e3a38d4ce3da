//! Names the bits of a packet, one after the other.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv6Addr},
};

use super::{
    ip::Ip,
    terms,
    types::{Field, Group, Layer, Named, TcpContext, Term},
    words::size,
};

/// What a walk over headers tells about them: nothing at all, or a name for each bit.
///
/// The walk is compiled for both, so that finding a segment does not pay for what it does not name.
pub(super) trait Naming {
    /// Where the names go, if there is such a place.
    fn names(&mut self) -> Option<&mut Names>;
}

impl Naming for () {
    #[inline]
    fn names(&mut self) -> Option<&mut Names> {
        None
    }
}

impl Naming for Names {
    #[inline]
    fn names(&mut self) -> Option<&mut Names> {
        Some(self)
    }
}

/// The names so far. Each new one is that of the bits after those named before, so that no bit has
/// two; and those that are left have one in the end.
pub(super) struct Names {
    /// How many bits are captured.
    captured: usize,
    /// Up to which bit there may be fields of the present header: less than `captured` where a
    /// length says that what follows is none of it.
    limit: usize,
    /// The first bit without a name.
    at: usize,
    /// Where the present layer began.
    began: usize,
    /// What is to be named after what has an end of its own, from the outside in: up to which bit.
    enclosing: Vec<usize>,
    named: Named,
    /// What is known of the connection.
    pub tcp: TcpContext,
    /// Which addresses checksums have instead of those of the IP header, which says where the packet
    /// is on its way.
    pub source: Option<Ipv6Addr>,
    pub destination: Option<Ipv6Addr>,
}

impl Names {
    /// Names for so many captured bytes.
    pub fn new(captured: usize, tcp: TcpContext) -> Self {
        let captured = captured * 8;
        Self {
            captured,
            limit: captured,
            at: 0,
            began: 0,
            enclosing: Vec::new(),
            // What an ordinary packet has of them.
            named: Named {
                layers: Vec::with_capacity(4),
                fields: Vec::with_capacity(48),
                what: String::new(),
            },
            tcp,
            source: None,
            destination: None,
        }
    }

    /// A layer begins here.
    pub fn layer(&mut self, name: &'static str, group: Group) {
        self.end_layer();
        self.named.layers.push(Layer { name, bits: 0, group, text: String::new() });
    }

    fn end_layer(&mut self) {
        let bits = self.at - self.began;
        self.began = self.at;
        if bits == 0 {
            // Nothing of it was captured.
            self.named.layers.pop();
        } else if let Some(layer) = self.named.layers.last_mut() {
            layer.bits = bits;
            if layer.text.is_empty() {
                layer.text = size(bits);
            }
        }
    }

    /// The line of the present layer.
    pub fn text(&mut self, text: String) {
        if let Some(layer) = self.named.layers.last_mut() {
            layer.text = text;
        }
    }

    /// Adds to the line of the present layer.
    pub fn add_text(&mut self, text: &str) {
        if let Some(layer) = self.named.layers.last_mut() {
            if !layer.text.is_empty() {
                layer.text.push_str(", ");
            }
            layer.text.push_str(text);
        }
    }

    /// What the packet does, in words; the innermost header knows best.
    pub fn what(&mut self, what: String) {
        self.named.what = what;
    }

    /// Whether nothing was said yet of what the packet does.
    pub fn has_no_what(&self) -> bool {
        self.named.what.is_empty()
    }

    /// The next `bits` bits are the field `term`. What of them was not captured, or is not of this
    /// header, is left out.
    pub fn field(&mut self, bits: usize, term: &'static Term, value: impl Into<Cow<'static, str>>) {
        let there = bits.min(self.limit.saturating_sub(self.at));
        if there == 0 {
            return;
        }
        self.at += there;
        let value = match there == bits {
            true => value.into(),
            false => format!("only {} of {} are there", size(there), size(bits)).into(),
        };
        self.named.fields.push(Field { bits: there, term, value });
    }

    /// A field of whole bytes.
    pub fn bytes(
        &mut self,
        bytes: usize,
        term: &'static Term,
        value: impl Into<Cow<'static, str>>,
    ) {
        self.field(bytes * 8, term, value);
    }

    /// A field of one bit that is `set` or not.
    pub fn flag(&mut self, set: bool, term: &'static Term) {
        self.field(1, term, if set { "set" } else { "not set" });
    }

    /// From here on, only `bytes` bytes are of what is being named, and what follows is of the
    /// layers around it.
    pub fn narrow(&mut self, bytes: usize) {
        self.enclosing.push(self.limit);
        self.limit = self.limit.min(self.at + bytes * 8);
    }

    /// How many bytes are left of what is being named.
    pub fn left(&self) -> usize {
        self.limit.saturating_sub(self.at).div_ceil(8)
    }

    /// What the pseudo-header of `protocol` has.
    pub fn pseudo_header(&self, ip: &Ip<'_>, protocol: u8) -> Option<(IpAddr, IpAddr, u8)> {
        let (source, destination) = ip.ends();
        Some((
            self.source.map_or(source, IpAddr::V6),
            self.destination.map_or(destination, IpAddr::V6),
            protocol,
        ))
    }

    /// The rest is what the headers carry.
    pub fn payload(&mut self, text: String) {
        self.rest("payload", Group::Payload, &terms::PAYLOAD, text);
    }

    /// The rest of what is being named has one name and is one layer.
    pub fn rest(
        &mut self,
        layer: &'static str,
        group: Group,
        term: &'static Term,
        text: impl Into<Cow<'static, str>>,
    ) {
        if self.at < self.limit {
            self.layer(layer, group);
            let text = text.into().into_owned();
            self.text(text.clone());
            self.field(self.limit - self.at, term, text);
        }
    }

    /// The rest of what is being named cannot be told from what was read.
    pub fn malformed(&mut self, why: String) {
        self.add_text(&why);
        self.what(why.clone());
        // Where a header broke off between bytes, its last bits are still missing.
        self.rest("malformed", Group::Payload, &terms::MALFORMED, why);
    }

    /// Names what is left: first what is being named, and then what is around it. `on_wire` is the
    /// length of the packet on the wire, in bytes.
    pub fn finish(mut self, on_wire: usize) -> Named {
        self.rest("not read", Group::Payload, &terms::NOT_READ, "not read");
        while let Some(limit) = self.enclosing.pop() {
            self.limit = limit;
            let text = format!("{} after the packet", size(limit.saturating_sub(self.at)));
            // The shortest frame has 60 bytes, or 64 with the frame check sequence.
            if limit == self.captured && on_wire <= 64 {
                self.rest("padding", Group::Link, &terms::PADDING, text);
            } else {
                self.rest("trailer", Group::Link, &terms::TRAILER, text);
            }
        }
        self.end_layer();
        self.named
    }
}

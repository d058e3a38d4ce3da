//! The way from the streams of a connection to whoever follows it.

use std::mem;

use super::{
    follower::{ConnectionInfo, Follower, Origin, Side},
    notice::Notice,
    said::Said,
    stream::{Outlet, Output},
};

/// Through which what comes out of the streams reaches the follower.
pub(super) struct Voice<'a, F: Follower> {
    pub(super) info: &'a mut ConnectionInfo,
    pub(super) kept: &'a mut F::Kept,
    pub(super) follower: &'a mut F,
    pub(super) said: &'a mut Said,
    pub(super) is_guess: &'a mut bool,
    /// Whose stream it is, if the connection is not turned round meanwhile.
    pub(super) side: Side,
    pub(super) turned: bool,
}

impl<F: Follower> Voice<'_, F> {
    /// Something about how `side`, which speaks, goes on.
    pub(super) fn notice(&mut self, time: i64, side: Side, notice: Notice<'_>) {
        self.side = side;
        self.give(time, Output::Notice(notice));
    }

    /// If it is only guessed who is the client, the bytes may tell.
    #[cold]
    fn ask(&mut self, time: i64, bytes: &[u8]) {
        let Some(sender) = self.follower.sender(Some(self.kept), bytes) else {
            return;
        };
        *self.is_guess = false;
        if sender != self.speaker() {
            self.turned = true;
            mem::swap(&mut self.info.client, &mut self.info.server);
            self.follower.changed(self.kept, self.info, time, true);
        }
    }

    pub(super) fn speaker(&self) -> Side {
        self.turned_side(self.side)
    }

    /// What was `side` when this began.
    pub(super) fn turned_side(&self, side: Side) -> Side {
        if self.turned { side.peer() } else { side }
    }
}

impl<F: Follower> Outlet for Voice<'_, F> {
    fn give(&mut self, time: i64, output: Output<'_>) {
        if *self.is_guess
            && let Output::Data { bytes, .. } = output
        {
            self.ask(time, bytes);
        }
        let side = match output {
            // The peer said that it has received them.
            Output::Notice(Notice::NeverSent(_)) => self.speaker().peer(),
            _ => self.speaker(),
        };
        self.follower.take(self.kept, &Origin { connection: self.info, side, time }, output);
    }

    fn said(&mut self) -> &mut Said {
        self.said
    }
}

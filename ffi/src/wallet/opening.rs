//! From a ticket to a tally, and from an open tally to its end.

use hazel_core::digest::Digest;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
pub use hazel_core::wallet::OfferView as Offer;
use hazel_qr::scan::Qr;

use super::Wallet;
use crate::codes::Code;
use crate::ids::Count;
use crate::records::{Side, Terms};
use crate::scan::reread;
use crate::trouble::HazelError;
use crate::{Answer, Notice};

/// An invitation that is ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Invitation {
    /// The tally it invites to.
    pub tally: TallyId,
    /// What to show.
    pub code: Code,
    /// Until when it can be answered.
    pub expires: u64,
}

/// A version of the contract that the partner has signed, as it must be seen before it is accepted.
#[uniffi::remote(Record)]
pub struct Offer {
    /// Names this very version.
    pub version: Digest,
    /// The how-manieth version.
    pub revision: u32,
    /// What the partner is called.
    pub partner: String,
    /// The half I would hold.
    pub side: Side,
    /// The credit I would grant.
    pub granted: Terms,
    /// The credit that would be granted to me.
    pub received: Terms,
    /// Whether it rests on the contract text that comes with Hazel.
    pub usual_contract: bool,
    /// What is counted.
    pub denomination: String,
}

#[uniffi::export]
impl Wallet {
    /// Invites somebody to a tally. `side` is the half I would hold, `terms` the credit I would grant, `valid_for` is in seconds.
    pub fn invite(&self, side: Side, terms: Terms, valid_for: u64) -> Answer<Invitation> {
        let ticket = self.read(|wallet| Ok(wallet.invite(side, terms, valid_for, &[])?))?;
        self.cell.tell(ticket.tally);
        Ok(Invitation { tally: ticket.tally, code: Code::of(&ticket)?, expires: ticket.expires })
    }

    /// Answers a ticket that was scanned. `terms` is the credit I would grant in return.
    pub fn accept_ticket(&self, code: Vec<u8>, terms: Terms) -> Answer<TallyId> {
        let id = self.read(|wallet| match reread(&code, wallet.now())? {
            Qr::Ticket(ticket) => Ok(wallet.accept_ticket(&ticket, terms)?),
            _ => Err(HazelError::usage("no_such_code", &"this code is no ticket")),
        })?;
        self.cell.tell(id);
        Ok(id)
    }

    /// Signs a version of the contract and offers it; what is not given stays as it was asked.
    pub fn offer(&self, tally: TallyId, mine: Option<Terms>, theirs: Option<Terms>) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.offer(&tally, mine, theirs)?))
    }

    /// What the partner has offered.
    pub fn offered(&self, tally: TallyId) -> Answer<Offer> {
        self.read(|wallet| Ok(wallet.offered(&tally)?))
    }

    /// Signs the very version that was looked at: the tally is open.
    pub fn accept(&self, tally: TallyId, version: Digest) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.accept(&tally, &version)?))
    }

    /// Says no to a ticket, a request or an offer.
    pub fn refuse(&self, tally: TallyId) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.refuse(&tally)?))
    }

    /// Takes the table back to change the terms.
    pub fn revise(&self, tally: TallyId) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.revise(&tally)?))
    }

    /// Gives the partner another name on my screens.
    pub fn rename(&self, tally: TallyId, name: &str) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.rename(&tally, name)?))
    }

    /// Changes the credit I grant. Wider terms hold at once; narrower ones after the notice both signed.
    pub fn grant(&self, tally: TallyId, terms: Terms) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.grant(&tally, terms).map(|_| ())?))
    }

    /// Asks the partner to bring its debt down to an amount by a time.
    pub fn call_down(&self, tally: TallyId, down_to: Units, by: u64) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.call(&tally, down_to, by).map(|_| ())?))
    }

    /// Asks to end a tally. From then on only payments towards zero count; at zero both seal it.
    pub fn end_tally(&self, tally: TallyId) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.close(&tally)?))
    }

    /// Marks the tickets that nobody answered in time, and says how many.
    pub fn expire_tickets(&self) -> Answer<Count> {
        let expired = self.read(|wallet| Ok(wallet.expire_tickets()?))?;
        if expired > 0 {
            self.cell.post.tell(Notice::Everything);
        }
        Ok(expired)
    }
}

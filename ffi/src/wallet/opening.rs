//! From a ticket to a tally, and from an open tally to its end.

use hazel_core::wallet::OfferView;
use hazel_qr::scan::Qr;

use super::Wallet;
use crate::codes::Code;
use crate::records::{Side, Terms, digest_of, tally_of};
use crate::scan::reread;
use crate::trouble::HazelError;
use crate::{Answer, Notice};

/// An invitation that is ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Invitation {
    /// The tally it invites to.
    pub tally: String,
    /// What to show.
    pub code: Code,
    /// Until when it can be answered.
    pub expires: u64,
}

/// A version of the contract that the partner has signed, as it must be seen before it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Offer {
    /// Names this very version.
    pub version: String,
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

impl From<OfferView> for Offer {
    fn from(view: OfferView) -> Self {
        Self {
            version: view.version.to_string(),
            revision: view.revision,
            partner: view.partner,
            side: view.side.into(),
            granted: view.granted.into(),
            received: view.received.into(),
            usual_contract: view.usual_contract,
            denomination: view.denomination,
        }
    }
}

#[uniffi::export]
impl Wallet {
    /// Invites somebody to a tally. `side` is the half I would hold, `terms` the credit I would grant, `valid_for` is in seconds.
    pub fn invite(&self, side: Side, terms: Terms, valid_for: u64) -> Answer<Invitation> {
        let ticket = self.read(|wallet| Ok(wallet.invite(side.into(), terms.into(), valid_for, &[])?))?;
        let tally = ticket.tally.to_string();
        self.cell.tell(&tally);
        Ok(Invitation { tally, code: Code::of(&ticket)?, expires: ticket.expires })
    }

    /// Answers a ticket that was scanned. `terms` is the credit I would grant in return.
    pub fn accept_ticket(&self, code: Vec<u8>, terms: Terms) -> Answer<String> {
        let id = self.read(|wallet| match reread(&code, wallet.now())? {
            Qr::Ticket(ticket) => Ok(wallet.accept_ticket(&ticket, terms.into())?.to_string()),
            _ => Err(HazelError::usage("no_such_code", "this code is no ticket")),
        })?;
        self.cell.tell(&id);
        Ok(id)
    }

    /// Signs a version of the contract and offers it; what is not given stays as it was asked.
    pub fn offer(&self, tally: &str, mine: Option<Terms>, theirs: Option<Terms>) -> Answer<()> {
        let id = tally_of(tally)?;
        self.change(tally, |wallet| Ok(wallet.offer(&id, mine.map(Into::into), theirs.map(Into::into))?))
    }

    /// What the partner has offered.
    pub fn offered(&self, tally: &str) -> Answer<Offer> {
        let id = tally_of(tally)?;
        self.read(|wallet| Ok(wallet.offered(&id)?.into()))
    }

    /// Signs the very version that was looked at: the tally is open.
    pub fn accept(&self, tally: &str, version: &str) -> Answer<()> {
        let (id, version) = (tally_of(tally)?, digest_of(version)?);
        self.change(tally, |wallet| Ok(wallet.accept(&id, &version)?))
    }

    /// Says no to a ticket, a request or an offer.
    pub fn refuse(&self, tally: &str) -> Answer<()> {
        let id = tally_of(tally)?;
        self.change(tally, |wallet| Ok(wallet.refuse(&id)?))
    }

    /// Takes the table back to change the terms.
    pub fn revise(&self, tally: &str) -> Answer<()> {
        let id = tally_of(tally)?;
        self.change(tally, |wallet| Ok(wallet.revise(&id)?))
    }

    /// Gives the partner another name on my screens.
    pub fn rename(&self, tally: &str, name: &str) -> Answer<()> {
        let id = tally_of(tally)?;
        self.change(tally, |wallet| Ok(wallet.rename(&id, name)?))
    }

    /// Changes the credit I grant. Wider terms hold at once; narrower ones after the notice both signed.
    pub fn grant(&self, tally: &str, terms: Terms) -> Answer<()> {
        let id = tally_of(tally)?;
        self.change(tally, |wallet| Ok(wallet.grant(&id, terms.into()).map(|_| ())?))
    }

    /// Asks the partner to bring its debt down to an amount by a time.
    pub fn call_down(&self, tally: &str, down_to: i64, by: u64) -> Answer<()> {
        let id = tally_of(tally)?;
        let down_to = hazel_core::units::Units::new(down_to);
        self.change(tally, |wallet| Ok(wallet.call(&id, down_to, by).map(|_| ())?))
    }

    /// Asks to end a tally. From then on only payments towards zero count; at zero both seal it.
    pub fn end_tally(&self, tally: &str) -> Answer<()> {
        let id = tally_of(tally)?;
        self.change(tally, |wallet| Ok(wallet.close(&id)?))
    }

    /// Marks the tickets that nobody answered in time, and says how many.
    pub fn expire_tickets(&self) -> Answer<u64> {
        let expired = self.read(|wallet| Ok(wallet.expire_tickets()?))?;
        if expired > 0 {
            self.cell.post.tell(Notice::Everything);
        }
        Ok(crate::records::count(expired))
    }
}

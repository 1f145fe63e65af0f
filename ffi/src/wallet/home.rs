//! What screens read: each in one call.

use hazel_core::invoice::InvoiceId;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
pub use hazel_core::wallet::Filter as PageOf;

use super::Wallet;
use crate::Answer;
use crate::ids::Count;
use crate::records::{Attention, ChitLine, Device, Home, InvoiceLine, InvoiceState, TallyLine, TallyPage};

/// Which chits of a tally are wanted, newest first.
#[uniffi::remote(Record)]
pub struct PageOf {
    /// Skip this many.
    #[uniffi(default = 0)]
    pub skip: Count,
    /// Show at most this many.
    #[uniffi(default = 30)]
    pub most: Count,
    /// Only those signed at or after this time.
    #[uniffi(default = None)]
    pub since: Option<u64>,
    /// Only those signed at or before this time.
    #[uniffi(default = None)]
    pub until: Option<u64>,
    /// Only those whose memo or reference contains this text.
    #[uniffi(default = None)]
    pub text: Option<String>,
    /// Only payments.
    #[uniffi(default = false)]
    pub payments_only: bool,
}

#[uniffi::export]
impl Wallet {
    /// Everything the first screen shows.
    pub fn home(&self) -> Answer<Home> {
        self.read(|wallet| {
            let (position, tallies) = wallet.overview()?;
            Ok(Home {
                name: wallet.name().to_owned(),
                device: wallet.device(),
                has_root: wallet.has_root(),
                position,
                tallies: tallies.into_iter().map(TallyLine::from).collect(),
                attention: wallet.attention()?,
            })
        })
    }

    /// Everything the page of one tally shows.
    pub fn tally(&self, tally: TallyId, page: PageOf) -> Answer<TallyPage> {
        self.read(|wallet| {
            let view = wallet.tally(&tally)?;
            let exposure = view.state.is_contract().then(|| wallet.exposure(&tally, None)).transpose()?;
            let mut invoices = wallet.invoices(&tally)?;
            invoices.retain(|invoice| invoice.state == InvoiceState::Issued);
            Ok(TallyPage {
                tally: view.into(),
                chits: wallet.history(&tally, &page)?.into_iter().map(ChitLine::from).collect(),
                invoices,
                largest: wallet.can_pay(&tally, Units::ZERO)?.largest,
                exposure,
            })
        })
    }

    /// A page of a tally's history alone, for scrolling on.
    pub fn history(&self, tally: TallyId, page: PageOf) -> Answer<Vec<ChitLine>> {
        self.read(|wallet| Ok(wallet.history(&tally, &page)?.into_iter().map(ChitLine::from).collect()))
    }

    /// What waits for the person, most urgent first.
    pub fn attention(&self) -> Answer<Vec<Attention>> {
        self.read(|wallet| Ok(wallet.attention()?))
    }

    /// All invoices of a tally, oldest first.
    pub fn invoices(&self, tally: TallyId) -> Answer<Vec<InvoiceLine>> {
        self.read(|wallet| Ok(wallet.invoices(&tally)?))
    }

    /// One invoice.
    pub fn invoice(&self, invoice: InvoiceId) -> Answer<InvoiceLine> {
        self.read(|wallet| Ok(wallet.invoice(&invoice)?))
    }

    /// Both parties' devices on a tally, as far as is known.
    pub fn devices(&self, tally: TallyId) -> Answer<Vec<Device>> {
        self.read(|wallet| Ok(wallet.devices(&tally)?))
    }
}

//! What screens read: each in one call.

use hazel_core::wallet::Filter;

use super::Wallet;
use crate::records::{
    Attention, ChitLine, Exposure, Home, InvoiceLine, InvoiceState, TallyLine, TallyPage, invoice_of,
    tally_of,
};
use crate::scan::size;
use crate::{Answer, Device};

/// Which chits of a tally are wanted, newest first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PageOf {
    /// Skip this many.
    #[uniffi(default = 0)]
    pub skip: u32,
    /// Show at most this many.
    #[uniffi(default = 30)]
    pub most: u32,
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

impl From<PageOf> for Filter {
    fn from(page: PageOf) -> Self {
        Self {
            skip: size(page.skip),
            most: size(page.most),
            since: page.since,
            until: page.until,
            text: page.text,
            payments_only: page.payments_only,
        }
    }
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
                position: position.into(),
                tallies: tallies.into_iter().map(TallyLine::from).collect(),
                attention: wallet.attention()?.into_iter().map(Attention::from).collect(),
            })
        })
    }

    /// Everything the page of one tally shows.
    pub fn tally(&self, tally: &str, page: PageOf) -> Answer<TallyPage> {
        let id = tally_of(tally)?;
        self.read(|wallet| {
            let view = wallet.tally(&id)?;
            let exposure = view.state.is_contract().then(|| wallet.exposure(&id, None)).transpose()?;
            let waiting = |invoice: &InvoiceLine| invoice.state == InvoiceState::Issued;
            let invoices = wallet.invoices(&id)?;
            Ok(TallyPage {
                tally: view.into(),
                chits: wallet.history(&id, &page.into())?.into_iter().map(ChitLine::from).collect(),
                invoices: invoices.into_iter().map(InvoiceLine::from).filter(waiting).collect(),
                largest: wallet.can_pay(&id, hazel_core::units::Units::ZERO)?.largest.milli(),
                exposure: exposure.map(Exposure::from),
            })
        })
    }

    /// A page of a tally's history alone, for scrolling on.
    pub fn history(&self, tally: &str, page: PageOf) -> Answer<Vec<ChitLine>> {
        let id = tally_of(tally)?;
        self.read(|wallet| Ok(wallet.history(&id, &page.into())?.into_iter().map(ChitLine::from).collect()))
    }

    /// What waits for the person, most urgent first.
    pub fn attention(&self) -> Answer<Vec<Attention>> {
        self.read(|wallet| Ok(wallet.attention()?.into_iter().map(Attention::from).collect()))
    }

    /// All invoices of a tally, oldest first.
    pub fn invoices(&self, tally: &str) -> Answer<Vec<InvoiceLine>> {
        let id = tally_of(tally)?;
        self.read(|wallet| Ok(wallet.invoices(&id)?.into_iter().map(InvoiceLine::from).collect()))
    }

    /// One invoice.
    pub fn invoice(&self, invoice: &str) -> Answer<InvoiceLine> {
        let id = invoice_of(invoice)?;
        self.read(|wallet| Ok(wallet.invoice(&id)?.into()))
    }

    /// Both parties' devices on a tally, as far as is known.
    pub fn devices(&self, tally: &str) -> Answer<Vec<Device>> {
        let id = tally_of(tally)?;
        self.read(|wallet| Ok(wallet.devices(&id)?.into_iter().map(Device::from).collect()))
    }
}

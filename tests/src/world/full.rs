//! Phones whose disk is full: whatever is asked of them they say so, nothing is changed, and they go on when there is room again.

use hazel_core::store::StoreError;
use hazel_core::tally::{TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Payment, Wallet, WalletError};

use super::action::Deed;
use super::air::outcome;
use super::{NOTHING, World};
use crate::model::Broken;

type Outcome = Result<&'static str, Broken>;

/// How often the same is tried until the room is used up.
const TRIES: usize = 8;

impl World {
    /// A phone has room for so many pages more, and is asked for the same until there is none. Perhaps its process ends then.
    pub(super) fn full(&mut self, phone: usize, pact: usize, pages: u8, deed: Deed, dies: bool) -> Outcome {
        let Some(arrived) = self.arrived(phone, pact, deed)? else { return Ok(NOTHING) };
        let id = self.pacts[pact].id;
        let loosens = matches!(deed, Deed::Grant);
        if loosens {
            self.pacts[pact].loose = [true; 2];
        }
        self.room(phone, Some(u32::from(pages)))?;
        for _ in 0..TRIES {
            let before = self.shown(phone)?;
            let done = act(&mut self.phones[phone].wallet, &id, deed, &arrived);
            if !is_full(&done) {
                let told = outcome(done)?;
                self.check(phone)?;
                if told == "done" {
                    continue;
                }
                self.room(phone, None)?;
                return Ok(told);
            }
            self.fault("disk full");
            self.unchanged(phone, &before, "a phone whose disk was full")?;
            if dies {
                self.phones[phone].wallet = self.twin(phone)?;
                self.unchanged(phone, &before, "a phone that died of a full disk")?;
            }
            self.room(phone, None)?;
            let again = act(&mut self.phones[phone].wallet, &id, deed, &arrived);
            let told = outcome(again)?;
            self.check(phone)?;
            return Ok(told);
        }
        self.room(phone, None)?;
        Ok("room enough")
    }

    /// What a partner hands over to a phone that is to receive something; nothing for all other deeds.
    fn arrived(&mut self, phone: usize, pact: usize, deed: Deed) -> Result<Option<Vec<u8>>, Broken> {
        if deed != Deed::Receive {
            return Ok(Some(Vec::new()));
        }
        let partner = self.phones_of(self.partner(phone, pact))[0];
        let payment = Payment { units: Units::new(1), memo: long(), ..Payment::default() };
        for _ in 0..TRIES {
            self.pay_at(partner, pact, &payment)?;
        }
        self.emit(partner, pact)
    }

    fn room(&mut self, phone: usize, pages: Option<u32>) -> Result<(), Broken> {
        let done = self.phones[phone].wallet.grow_at_most(pages);
        done.map_err(|error| Broken::new(0, format!("the database: {error}")))
    }

    /// Everything that a phone holds of its tallies, read without writing.
    fn shown(&mut self, phone: usize) -> Result<String, Broken> {
        let (person, mut all) = (self.phones[phone].person, String::new());
        let failed = |error: WalletError| Broken::new(0, format!("a full phone cannot be read: {error}"));
        let wallet = &mut self.phones[phone].wallet;
        for pact in self.pacts.iter().filter(|pact| pact.people.contains(&person)) {
            let Ok(view) = wallet.tally(&pact.id) else { continue };
            let csv = wallet.export(&pact.id).map_err(failed)?.to_csv();
            let told = wallet.to_site(&pact.id).map_err(failed)?;
            let invoices = wallet.invoices(&pact.id).map_err(failed)?;
            all.push_str(&format!("{view:?}\n{csv}\n{told:?}\n{invoices:?}\n"));
        }
        Ok(all + &format!("{:?}", wallet.next_event().map_err(failed)?))
    }

    fn unchanged(&mut self, phone: usize, before: &str, who: &str) -> Result<(), Broken> {
        let now = self.shown(phone)?;
        let Some((was, is)) = before.lines().zip(now.lines()).find(|(was, is)| was != is) else {
            return Ok(());
        };
        Err(Broken::new(12, format!("{who} shows {is} and showed {was}")))
    }
}

/// As long as it may be, so that a page is soon full.
fn long() -> String {
    "eggs ".repeat(48)
}

fn act(wallet: &mut Wallet, id: &TallyId, deed: Deed, arrived: &[u8]) -> Result<(), WalletError> {
    match deed {
        Deed::Pay => {
            let payment = Payment { units: Units::new(1), memo: long(), ..Payment::default() };
            wallet.pay(id, &payment).map(|_| ())
        }
        Deed::Receive => wallet.receive(arrived).map(|_| ()),
        Deed::HandOver => wallet.hand_over(id).map(|_| ()),
        Deed::Ask => {
            let ask = Ask { units: Units::new(1), memo: long(), valid_for: 86_400, ..Ask::default() };
            wallet.ask(id, &ask).map(|_| ())
        }
        Deed::Grant => wallet.grant(id, Terms { limit: Units::new(100_000), notice_days: 1 }).map(|_| ()),
        Deed::Rename => wallet.rename(id, &long()[..60]),
        Deed::Close => wallet.close(id),
    }
}

fn is_full(done: &Result<(), WalletError>) -> bool {
    matches!(done, Err(WalletError::Store(StoreError::Full)))
}

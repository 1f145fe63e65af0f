//! Phones whose disk fails under them, phones that are lost for good, and those that begin anew.

use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::Payment;

use super::air::outcome;
use super::{NOTHING, World, half};
use crate::model::Broken;

type Outcome = Result<&'static str, Broken>;

/// Bytes before the first page in SQLite's log.
const LOG_HEADER: usize = 32;

impl World {
    /// The process dies while a payment goes to the disk, and the end of the log is torn off or turned to rubbish. Nothing of it has left
    /// the phone, so the payment is there or never was; and whatever was committed before is there.
    pub(super) fn tear(&mut self, phone: usize, pact: usize, units: i64, at: u16) -> Outcome {
        let (id, clock) = (self.pacts[pact].id, self.phones[phone].clock.clone());
        let path = self.copied(phone)?;
        let mut dying = self.opened(&path, &clock)?;
        let payment = Payment { units: Units::new(units), ..Payment::default() };
        let told = outcome(dying.pay(&id, &payment))?;
        self.serial += 1;
        let torn = self.folder.path().join(format!("{}.db", self.serial));
        let log = |path: &std::path::Path| {
            let mut name = path.as_os_str().to_owned();
            name.push("-wal");
            std::path::PathBuf::from(name)
        };
        let failed = |error: std::io::Error| Broken::new(0, format!("a file of the world: {error}"));
        std::fs::copy(&path, &torn).map_err(failed)?;
        let mut written = std::fs::read(log(&path)).unwrap_or_default();
        // From somewhere after the log's header on, the disk did not keep what it was given.
        let from = LOG_HEADER + usize::from(at) * 7 % written.len().max(1);
        if at.is_multiple_of(2) {
            written.truncate(from);
        } else {
            for byte in written.iter_mut().skip(from) {
                *byte ^= 0x5a;
            }
        }
        std::fs::write(log(&torn), &written).map_err(failed)?;
        drop(dying);
        self.phones[phone].wallet = self.opened(&torn, &clock)?;
        self.fault("disk torn");
        self.check(phone)?;
        Ok(told)
    }

    /// A second device is lost for good, with whatever it has not told anybody.
    pub(super) fn lose(&mut self, phone: u8) -> Outcome {
        let person = self.phones[self.phone(phone)].person;
        let tablet = self.phones_of(person).into_iter().find(|at| !self.phones[*at].wallet.has_root());
        let Some(lost) = tablet else { return Ok(NOTHING) };
        self.phones[lost].lives = false;
        self.fault("device lost");
        self.forget();
        Ok("done")
    }

    /// Somebody begins a new epoch without being asked to, as after a theft of the phone's memory.
    pub(super) fn renew(&mut self, phone: u8, tally: u8) -> Outcome {
        let (phone, pact) = self.at(phone, tally);
        let id = self.pacts[pact].id;
        if !self.phones[phone].wallet.has_root() || self.phones_with_root(phone) > 1 {
            return Ok(NOTHING);
        }
        let told = outcome(self.phones[phone].wallet.renew(&id))?;
        if told != "done" {
            return Ok(told);
        }
        let side = self.side(phone, pact);
        self.pacts[pact].loose[half(side)] = true;
        self.fault("epoch renewed");
        self.check(phone)?;
        Ok(told)
    }

    /// Whoever restored twice may hear late of the first of these phones, and its epoch may be the higher one. Which of the two is lost,
    /// no phone can know: those that are left say nothing, show that they may not sign, and their holder begins anew on the newest
    /// (decision 0505).
    pub(super) fn begin_anew_if_replaced(&mut self, phone: usize, pact: usize) -> Result<(), Broken> {
        let id = self.pacts[pact].id;
        let mut rooted = self.phones_of(self.phones[phone].person);
        rooted.retain(|at| self.phones[*at].wallet.has_root());
        let newest = rooted.last() == Some(&phone);
        if !newest || rooted.iter().any(|at| !self.is_replaced(*at, &id)) {
            return Ok(());
        }
        outcome(self.phones[phone].wallet.renew(&id))?;
        let side = self.side(phone, pact);
        self.pacts[pact].loose[half(side)] = true;
        self.fault("a lost phone heard late");
        self.check(phone)
    }

    /// Whether a phone shows that another one was restored in its place.
    pub(super) fn is_replaced(&self, phone: usize, tally: &TallyId) -> bool {
        let wallet = &self.phones[phone].wallet;
        let waits = wallet.tally(tally).map_or(true, |view| view.reconciling);
        let devices = wallet.devices(tally).unwrap_or_default();
        !waits && !devices.iter().any(|device| device.here && device.active)
    }

    /// Somebody goes on with a restored tally without waiting for the partner's word. Not while an old phone with the same node key is
    /// about, and not as the foil: it would order anew what the stock may have confirmed.
    pub(super) fn resume(&mut self, phone: u8, tally: u8) -> Outcome {
        let (phone, pact) = self.at(phone, tally);
        let id = self.pacts[pact].id;
        let waits = self.phones[phone].wallet.tally(&id).is_ok_and(|view| view.reconciling);
        let foil = self.side(phone, pact) == hazel_core::tally::Side::Foil;
        if !waits || foil || self.phones_with_root(phone) > 1 {
            return Ok(NOTHING);
        }
        let told = outcome(self.phones[phone].wallet.resume(&id))?;
        self.fault("resumed unasked");
        self.check(phone)?;
        Ok(told)
    }

    fn phones_with_root(&self, phone: usize) -> usize {
        let own = self.phones_of(self.phones[phone].person);
        own.into_iter().filter(|at| self.phones[*at].wallet.has_root()).count()
    }
}

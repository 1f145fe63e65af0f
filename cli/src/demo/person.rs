//! One person of the story: a folder, a wallet that can be closed and opened again, and what is handed to the other.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use hazel_core::invoice::InvoiceId;
use hazel_core::key::RecoveryWords;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::{Delivery, Payment, Wallet};
use hazel_qr::payload::Payload;

use crate::canvas::Canvas;
use crate::edge::SystemEntropy;
use crate::home::Home;
use crate::page::Page;
use crate::parcel::{self, Kind, Parcel};
use crate::screen::Answer;
use crate::trouble::{Exit, Trouble};

/// Somebody with a wallet.
pub(super) struct Person {
    pub(super) name: &'static str,
    home: Home,
    wallet: Option<Wallet>,
}

impl Person {
    /// Makes the person's wallet in a folder of its own.
    pub(super) fn new(name: &'static str, stage: &Path) -> Result<Self, Trouble> {
        let home = Home::at(&stage.join(name.to_lowercase()));
        let wallet = home.create(name, &RecoveryWords::generate(&mut SystemEntropy), false)?;
        Ok(Self { name, home, wallet: Some(wallet) })
    }

    /// The wallet, opened from its file if it was closed.
    pub(super) fn wallet(&mut self) -> Result<&mut Wallet, Trouble> {
        if self.wallet.is_none() {
            self.wallet = Some(self.home.open()?);
        }
        self.wallet.as_mut().ok_or_else(|| Trouble::new(Exit::Defect, "defect", "The wallet was not opened."))
    }

    pub(super) const fn home(&self) -> &Home {
        &self.home
    }

    pub(super) fn close(&mut self) {
        self.wallet = None;
    }

    pub(super) fn balance(&mut self, tally: &TallyId) -> Result<Units, Trouble> {
        Ok(self.wallet()?.balance(tally)?)
    }

    pub(super) fn pay(&mut self, tally: &TallyId, units: Units, memo: &str) -> Result<(), Trouble> {
        self.wallet()?.pay(tally, &Payment { units, memo: memo.into(), ..Payment::default() })?;
        Ok(())
    }

    /// Starts another `hazel` that pays an invoice from this person's wallet, and kills it as soon as the payment is on the disk.
    pub(super) fn pay_and_be_killed(&mut self, invoice: &InvoiceId) -> Result<ExitStatus, Trouble> {
        self.close();
        let cannot = |error: std::io::Error| {
            Trouble::new(Exit::Machine, "no_process", format!("No second process could be started: {error}."))
        };
        let mut child = Command::new(std::env::current_exe().map_err(cannot)?)
            .args(["demo", "--sign-and-hang"])
            .arg(self.home.folder())
            .arg(invoice.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let mut said = String::new();
        let heard = match child.stdout.take() {
            Some(stdout) => BufReader::new(stdout).read_line(&mut said).is_ok() && said.trim() == SIGNED,
            None => false,
        };
        child.kill().map_err(cannot)?;
        let status = child.wait().map_err(cannot)?;
        if heard {
            Ok(status)
        } else {
            Err(Trouble::new(
                Exit::Unsound,
                "demo",
                "The second process ended before it had signed anything.",
            ))
        }
    }
}

const SIGNED: &str = "signed";

/// What the second process does: pay, say so, and wait for the end.
pub(super) fn sign_and_hang(folder: &Path, invoice: &str) -> Result<Answer, Trouble> {
    let mut wallet = Home::at(folder).open()?;
    let id: InvoiceId = invoice.parse()?;
    let asked = wallet.invoice(&id)?;
    let payment = Payment { units: asked.units, invoice: Some(id), ..Payment::default() };
    wallet.pay(&asked.tally, &payment)?;
    let mut out = std::io::stdout();
    writeln!(out, "{SIGNED}")
        .and_then(|()| out.flush())
        .map_err(|error| Trouble::file(Path::new("-"), &error))?;
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// The table between the two: files lie on it for the other to take.
pub(super) struct Table {
    folder: PathBuf,
    count: usize,
}

impl Table {
    pub(super) fn new(stage: &Path) -> Result<Self, Trouble> {
        let folder = stage.join("handed-over");
        std::fs::create_dir(&folder).map_err(|error| Trouble::file(&folder, &error))?;
        Ok(Self { folder, count: 0 })
    }

    /// Writes a file for the other; returns where it lies.
    pub(super) fn lay(&mut self, from: &str, parcel: &Parcel) -> Result<PathBuf, Trouble> {
        self.count = self.count.saturating_add(1);
        let path = self.folder.join(format!("{:02}-from-{}.hazel", self.count, from.to_lowercase()));
        parcel::write(&path, &parcel.to_file(false))?;
        Ok(path)
    }

    /// Draws a code as a phone would show it, for the other's camera.
    pub(super) fn show<T: Payload>(&mut self, from: &str, it: &T) -> Result<PathBuf, Trouble> {
        self.count = self.count.saturating_add(1);
        let path = self.folder.join(format!("{:02}-shown-by-{}.png", self.count, from.to_lowercase()));
        Canvas::png(path.clone()).draw_object(it, &mut Page::new())?;
        Ok(path)
    }

    /// Lays down everything that one has to tell the other; none if there is nothing.
    pub(super) fn lay_hand_over(
        &mut self,
        from: &mut Person,
        tally: &TallyId,
    ) -> Result<Option<PathBuf>, Trouble> {
        match from.wallet()?.hand_over(tally)? {
            Some(bytes) => self.lay(from.name, &Parcel::new(Kind::HandOver, bytes)).map(Some),
            None => Ok(None),
        }
    }

    /// Hands everything over, if there is anything.
    pub(super) fn hand(
        &mut self,
        from: &mut Person,
        to: &mut Person,
        tally: &TallyId,
    ) -> Result<Option<(Delivery, u64)>, Trouble> {
        let Some(path) = self.lay_hand_over(from, tally)? else { return Ok(None) };
        let size = path.metadata().map_or(0, |file| file.len());
        Ok(Some((take(to, &path)?, size)))
    }

    /// Both hand files to each other until neither has anything to tell. Returns how many files that took.
    pub(super) fn meet(
        &mut self,
        one: &mut Person,
        other: &mut Person,
        tally: &TallyId,
    ) -> Result<usize, Trouble> {
        let before = self.count;
        for _ in 0..12 {
            let there = self.hand(one, other, tally)?.is_some();
            let back = self.hand(other, one, tally)?.is_some();
            if !there && !back {
                return Ok(self.count.saturating_sub(before));
            }
        }
        Err(Trouble::new(Exit::Unsound, "demo", "The two never come to rest."))
    }
}

/// Takes a file from the table.
pub(super) fn take(to: &mut Person, path: &Path) -> Result<Delivery, Trouble> {
    let parcel = Parcel::read_one(parcel::read(path)?)?;
    let delivery = to.wallet()?.receive(&parcel.bytes)?;
    match delivery.rejected.first() {
        None => Ok(delivery),
        Some(rejected) => Err(Trouble::new(
            Exit::Unsound,
            "demo",
            format!("{} did not let something in: {}.", to.name, rejected.refusal),
        )),
    }
}

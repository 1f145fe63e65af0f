//! Several devices of one person: who may sign, and how a new one is let in.

use std::path::{Path, PathBuf};

use hazel_core::canon::Canon as _;
use hazel_core::units::Units;
use hazel_core::wallet::{DeviceView, Enrolment, EnrolmentRequest, TallyView, Wallet};
use serde_json::{Value, json};

use super::letter::Letter;
use crate::edge::{SystemEntropy, WallClock};
use crate::guard;
use crate::home::Home;
use crate::lettering::{FAINT, GOOD, PLAIN, TITLE, WARN, count};
use crate::page::Page;
use crate::parcel::{self, Kind, Parcel};
use crate::partner::{find, name_of};
use crate::screen::Answer;
use crate::table::{Column, Table};
use crate::trouble::Trouble;

/// Your devices: list, let in, revoke, hand over what one may spend
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Devices {
    #[command(after_help = "Example:\n  hazel devices list Ana")]
    List(List),
    #[command(after_help = "Example, on the new device:\n  hazel devices request tablet --out request.hazel")]
    Request(Request),
    #[command(
        after_help = "Example, on the device that has the wallet:\n  hazel devices add request.hazel --out answer.hazel"
    )]
    Add(Add),
    #[command(after_help = "Example, on the new device:\n  hazel devices join answer.hazel")]
    Join(Join),
    #[command(after_help = "Example:\n  hazel devices revoke 2")]
    Revoke(Revoke),
    #[command(after_help = "Example:\n  hazel devices hand Ana 2 40")]
    Hand(Hand),
}

impl Devices {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        match self {
            Self::List(list) => list.run(home),
            Self::Request(request) => request.run(home),
            Self::Add(add) => add.run(home),
            Self::Join(join) => join.run(home),
            Self::Revoke(revoke) => revoke.run(home),
            Self::Hand(hand) => hand.run(home),
        }
    }
}

/// Which devices may sign, yours and your partner's
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only on the tally with this partner
    partner: Option<String>,
}

impl List {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let wallet = home.open()?;
        let views = match &self.partner {
            Some(partner) => vec![find(&wallet, partner)?],
            None => wallet.tallies()?,
        };
        let mut page = Page::new();
        page.say(format!("This is device {} of {}.", wallet.device(), wallet.name()));
        if !wallet.has_root() {
            page.styled(FAINT, "It does not hold the recovery key: it pays and asks, but opens no tallies.");
        }
        let mut all = Vec::new();
        for view in views.iter().filter(|view| view.state.is_contract()) {
            let devices = wallet.devices(&view.id)?;
            page.gap().styled(TITLE, name_of(view)).table(table(&devices, &name_of(view)));
            all.push(json!({
                "tally": view.id.to_string(), "partner": view.name,
                "devices": devices.iter().map(record).collect::<Vec<_>>(),
            }));
        }
        Ok(Answer::new(
            json!({ "device": wallet.device(), "has_root": wallet.has_root(), "tallies": all }),
            page,
        ))
    }
}

fn table(devices: &[DeviceView], partner: &str) -> Table {
    let mut table = Table::new(&[
        ("whose", Column::Giving),
        ("device", Column::Right),
        ("signs", Column::Left),
        ("entries", Column::Right),
        ("may spend", Column::Right),
    ]);
    for device in devices {
        let whose = match (device.mine, device.here) {
            (true, true) => "yours, this one".to_owned(),
            (true, false) => "yours".to_owned(),
            (false, _) => partner.to_owned(),
        };
        let style = if device.active { PLAIN } else { FAINT };
        table.styled(
            style,
            [
                whose,
                device.device.to_string(),
                if device.active { "yes" } else { "no longer" }.to_owned(),
                device.signed.to_string(),
                device.allowance.map_or_else(|| "the rest".to_owned(), |units| units.to_string()),
            ],
        );
    }
    table
}

fn record(device: &DeviceView) -> Value {
    json!({
        "device": device.device, "epoch": device.epoch, "mine": device.mine, "here": device.here,
        "active": device.active, "signed": device.signed,
        "allowance": device.allowance.map(|units| units.to_string()),
    })
}

/// On a new device: ask to be let in
#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// What the new device calls itself
    name: String,
    #[command(flatten)]
    letter: Letter,
}

impl Request {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        home.must_be_empty()?;
        let (request, secret) = EnrolmentRequest::new(&self.name, &mut SystemEntropy);
        let bytes = request.to_bytes();
        EnrolmentRequest::from_bytes(&bytes)?;
        guard::write_key(&waiting_secret(home)?, &secret)?;
        let mut page = Page::new();
        page.styled(GOOD, "This device asks to be let in.");
        page.say("Take the file to the device that has your wallet: hazel devices add FILE");
        self.letter.deliver(&Parcel::new(Kind::Enrolment, bytes), json!({ "name": self.name }), page)
    }
}

/// Where a new device keeps the secret that opens the answer. It goes when the answer has been opened.
fn waiting_secret(home: &Home) -> Result<PathBuf, Trouble> {
    home.make_folder()?;
    Ok(home.folder().join("device.secret"))
}

/// Let another device of yours sign, on every open tally
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// What the new device asked with ("-" for standard input)
    file: PathBuf,
    #[command(flatten)]
    letter: Letter,
}

impl Add {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let bytes = read(&self.file)?;
        if Enrolment::from_bytes(&bytes).is_ok() {
            return Err(Trouble::usage("This is the answer to a new device, not what it asked with.")
                .advise("Take it to the new device: hazel devices join FILE"));
        }
        let request = EnrolmentRequest::from_bytes(&bytes)?;
        let mut wallet = home.open()?;
        let enrolment = wallet.add_device(&request)?;
        let mut page = Page::new();
        page.styled(
            GOOD,
            format!("“{}” may sign on your tallies once your partners have heard of it.", request.name()),
        );
        page.styled(WARN, "The answer is for that device alone; it opens nowhere else.");
        page.say("Take it there: hazel devices join FILE");
        page.say("It may spend nothing yet: hazel devices hand PARTNER DEVICE AMOUNT");
        let json = json!({ "name": request.name() });
        self.letter.deliver(&Parcel::new(Kind::Enrolment, enrolment.to_bytes()), json, page)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let parcel = Parcel::read_one(parcel::read(path)?)?;
    if matches!(parcel.kind, Kind::Enrolment | Kind::Unlabelled) {
        Ok(parcel.bytes)
    } else {
        Err(Trouble::usage("This file is not about a device.").advise("See “hazel devices --help”."))
    }
}

/// On a new device: take the answer, and have a wallet
#[derive(Debug, clap::Args)]
pub(crate) struct Join {
    /// The answer of your other device ("-" for standard input)
    file: PathBuf,
    /// Guard the wallet with a passphrase instead of a key file (HAZEL_PASSPHRASE, or asked for)
    #[arg(long)]
    passphrase: bool,
}

impl Join {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let bytes = read(&self.file)?;
        if EnrolmentRequest::from_bytes(&bytes).is_ok() {
            return Err(Trouble::usage("This is what a new device asked with, not the answer to it.")
                .advise("Take it to the device that has your wallet: hazel devices add FILE"));
        }
        let enrolment = Enrolment::from_bytes(&bytes)?;
        let place = waiting_secret(home)?;
        if !place.exists() {
            return Err(Trouble::unknown("This device has not asked to be let in.")
                .advise("Begin with “hazel devices request NAME”."));
        }
        let secret = guard::read_key(&place)?;
        let wallet = home.make(self.passphrase, |path, guard| {
            Wallet::enrol_file(path, guard, &secret, &enrolment, Box::new(WallClock), Box::new(SystemEntropy))
        })?;
        std::fs::remove_file(&place).map_err(|error| Trouble::file(&place, &error))?;
        let mut page = Page::new();
        page.styled(GOOD, format!("This is now device {} of {}.", wallet.device(), wallet.name()));
        let tallies: Vec<TallyView> = wallet.tallies()?;
        page.say(format!("It brought {}.", count(tallies.len(), "tally", "tallies")));
        let json = json!({ "name": wallet.name(), "device": wallet.device(), "tallies": tallies.len() });
        Ok(Answer::new(json, page))
    }
}

/// Take leave to sign from another device of yours, for instance a lost one
#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// The device's number
    device: u32,
}

impl Revoke {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let tallies = wallet.revoke_device(self.device)?;
        let mut page = Page::new();
        page.styled(
            WARN,
            format!("Device {} may sign no longer, on {}.", self.device, count(tallies, "tally", "tallies")),
        );
        page.say("What it has signed is still owed. It is in effect when your partners have heard of it: hazel outbox");
        Ok(Answer::new(json!({ "device": self.device, "tallies": tallies }), page))
    }
}

/// Hand another device of yours part of what this one may spend
#[derive(Debug, clap::Args)]
pub(crate) struct Hand {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// The other device's number
    device: u32,
    /// How much
    amount: Units,
}

impl Hand {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let known = wallet.devices(&view.id)?;
        if !known
            .iter()
            .any(|device| device.mine && !device.here && device.active && device.device == self.device)
        {
            return Err(Trouble::unknown(format!("You have no other device {} on this tally.", self.device))
                .advise("“hazel devices list” shows them."));
        }
        let chit = wallet.hand_allowance(&view.id, self.device, self.amount)?;
        let mut page = Page::new();
        page.styled(
            GOOD,
            format!("Device {} may now spend {} more with {}.", self.device, self.amount, name_of(&view)),
        );
        page.say(format!(
            "Both your partner and that device must hear of it: hazel outbox {}",
            name_of(&view)
        ));
        let json = json!({
            "tally": view.id.to_string(), "device": self.device, "amount": self.amount.to_string(),
            "id": crate::partner::chit_id(&chit),
        });
        Ok(Answer::new(json, page))
    }
}

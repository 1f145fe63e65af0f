//! Codes of the existing software and of everybody else, in words and in names. None of them is followed; a locked key is
//! opened for whoever has its passphrase.

use std::path::PathBuf;

use hazel_core::units::Units;
use hazel_qr::ForeignSort;
use hazel_qr::link::{ConnectTicket, Invitation, PayRequest};
use hazel_qr::scan::Qr;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::calendar::{minute, stamp};
use crate::camera;
use crate::guard;
use crate::lettering::GOOD;
use crate::page::Page;
use crate::parcel;
use crate::screen::Answer;
use crate::trouble::{Exit, Trouble, sentence};

pub(super) fn meaning(qr: &Qr) -> (String, Value) {
    match qr {
        Qr::Connect(it) => connect(it),
        Qr::Invite(it) => invite(it),
        Qr::Pay(it) => pay(it),
        Qr::Key(_) => (
            "A MyCHIPs signing key, locked with a passphrase. Whoever has both can sign in its owner's name: \
             show it to nobody. Open it: hazel qr open-key FILE --out key.json"
                .into(),
            json!({ "kind": "mychips_key", "locked": true }),
        ),
        Qr::ChipAddress(it) => {
            (format!("A CHIP address: {it}"), json!({ "kind": "address", "address": it.to_string() }))
        }
        Qr::Foreign(it) => {
            let sort = match it.sort {
                ForeignSort::Wifi => "access to a wireless network",
                ForeignSort::Contact => "a business card",
                ForeignSort::OtherPayment => "a payment in other money",
                ForeignSort::OtherScheme => "something for another program",
                ForeignSort::Words => "words",
            };
            (
                format!("Nothing of Hazel's, {sort}: {}", it.text),
                json!({ "kind": "foreign", "sort": sort, "text": it.text }),
            )
        }
        _ => ("A code of another sort.".to_owned(), json!({ "kind": "other" })),
    }
}

/// The token is a secret of the site and its user: it is neither shown nor told to programs.
fn connect(it: &ConnectTicket) -> (String, Value) {
    let words = format!(
        "A MyCHIPs ticket: the app that uses it first acts for user {} at {}, port {}{}. Nothing was connected.",
        it.user,
        it.host,
        it.port,
        until(it.expires)
    );
    let json = json!({ "kind": "mychips_ticket", "user": it.user, "host": it.host.as_str(), "port": it.port,
                       "expires": it.expires.map(stamp) });
    (words, json)
}

fn invite(it: &Invitation) -> (String, Value) {
    let words = format!(
        "A MyCHIPs invitation to a tally from {}{}. Answering it needs that site; nothing was sent.",
        it.from,
        until(it.expires)
    );
    let from = it.from.to_string();
    (words, json!({ "kind": "mychips_invitation", "from": from, "expires": it.expires.map(stamp) }))
}

fn pay(it: &PayRequest) -> (String, Value) {
    let amount =
        it.units.and_then(|units| i64::try_from(units).ok()).map(|units| Units::new(units).to_string());
    let asked = amount.as_deref().unwrap_or("an amount of the payer's choice");
    let memo = it.memo.as_ref().map_or_else(String::new, |memo| format!(", for “{memo}”"));
    let words = format!(
        "A MyCHIPs request: pay {asked} to {}:{}{memo}. Nobody has signed it; nothing was paid.",
        it.cuid, it.agent
    );
    let json = json!({ "kind": "mychips_payment", "payee": it.cuid, "agent": it.agent, "amount": amount,
                       "memo": it.memo, "reference": it.reference, "link": it.link() });
    (words, json)
}

fn until(expires: Option<u64>) -> String {
    expires.map_or_else(String::new, |end| format!(", until {} UTC", minute(end)))
}

/// Open the signing key that the MyCHIPs app has exported, so that it is not left behind
#[derive(Debug, clap::Args)]
pub(crate) struct OpenKey {
    /// The exported key: its picture, or a text file with its link
    file: PathBuf,
    /// Write the key into this new file, which only you can read
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Read the passphrase from this file ("-" for standard input); without it, it is asked for
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl OpenKey {
    pub(crate) fn run(&self) -> Result<Answer, Trouble> {
        if self.out.exists() {
            return Err(Trouble::file(&self.out, &std::io::ErrorKind::AlreadyExists.into()));
        }
        let sealed = camera::signing_key(&self.file)?;
        let key = sealed.open(self.passphrase()?.trim_end_matches(['\r', '\n'])).map_err(|refusal| {
            Trouble::new(Exit::Locked, "wrong_passphrase", sentence(&refusal.to_string()))
                .advise("It is the one that was typed when the app exported the key.")
        })?;
        guard::write_secret(&self.out, key.jwk().as_bytes())?;
        let mut page = Page::new();
        page.styled(GOOD, format!("The key is in {}. Keep it where nobody else looks.", self.out.display()));
        page.say("It signs in the other software. A Hazel wallet has keys of its own and needs none of it.");
        Ok(Answer::new(json!({ "file": self.out.display().to_string() }), page))
    }

    fn passphrase(&self) -> Result<Zeroizing<String>, Trouble> {
        if let Some(path) = &self.passphrase_file {
            let bytes = Zeroizing::new(parcel::read(path)?);
            return Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()));
        }
        guard::ask("Passphrase of the exported key: ")?.ok_or_else(|| {
            Trouble::usage("The passphrase of the exported key is needed.")
                .advise("Name a file that holds it with --passphrase-file.")
        })
    }
}

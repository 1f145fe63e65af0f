//! What stands between this machine and a meeting over Bluetooth, and who is there.

use std::path::Path;

use serde_json::{Value, json};

use crate::home::Home;
use crate::lettering::{FAINT, GOOD, TITLE, WARN};
use crate::page::Page;
use crate::screen::Answer;
use crate::trouble::{Exit, Trouble};

/// Look for partners over Bluetooth, and say what is in the way
#[derive(Debug, clap::Args)]
pub(crate) struct Nearby {
    /// Only say what is in the way
    #[arg(long)]
    diagnose: bool,
    /// Look for so many seconds
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    within: u64,
    /// With this radio, where there are several
    #[arg(long, value_name = "NAME")]
    radio: Option<String>,
}

/// One thing that a radio needs.
struct Need {
    code: &'static str,
    what: &'static str,
    there: bool,
    advice: &'static str,
}

impl Need {
    fn trouble(&self) -> Trouble {
        let message = format!("In the way: {} is missing.", self.what);
        Trouble { culprit: "machine", ..Trouble::new(Exit::Machine, self.code, message) }.advise(self.advice)
    }
}

/// The first thing that stands between this machine and a meeting over Bluetooth.
pub(crate) fn in_the_way() -> Option<Trouble> {
    needs().iter().find(|need| !need.there).map(Need::trouble)
}

impl Nearby {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let needs = needs();
        let missing = needs.iter().find(|need| !need.there);
        let mut page = Page::new();
        page.styled(TITLE, "Bluetooth");
        for need in &needs {
            let (style, word) = if need.there { (GOOD, "yes") } else { (WARN, "no") };
            page.under(style, format!("{:3} {}", word, need.what));
        }
        let list: Vec<Value> =
            needs.iter().map(|need| json!({ "code": need.code, "there": need.there })).collect();
        let mut seen = Value::Null;
        if missing.is_none() && !self.diagnose {
            seen = look(home, self.within, self.radio.as_deref(), &mut page)?;
        }
        let mut answer = Answer::new(json!({ "needs": list, "partners": seen }), page);
        answer.trouble = missing.map(Need::trouble);
        if answer.trouble.is_some() {
            answer.page.under(FAINT, "Without it: “hazel meet” over a network, or letters.");
        }
        Ok(answer)
    }
}

/// What a meeting over Bluetooth needs, in the order in which its lack is worth mending.
fn needs() -> [Need; 4] {
    let radios = !radios().is_empty();
    let bus = ["/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket"];
    let linux = cfg!(target_os = "linux");
    [
        Need {
            code: "built_without_bluetooth",
            what: "a build with Bluetooth",
            there: cfg!(feature = "ble"),
            advice: "Build it in: cargo install --path cli --features ble.",
        },
        Need {
            code: "no_radio",
            what: "a Bluetooth adapter",
            there: radios || !linux,
            advice: "Plug one in, or take a machine that has one.",
        },
        Need {
            code: "radio_blocked",
            what: "an adapter that is not switched off",
            there: !linux || (radios && !is_blocked()),
            advice: "Switch it on: rfkill unblock bluetooth.",
        },
        Need {
            code: "no_bluetooth_service",
            what: "the system's Bluetooth service",
            there: !linux || bus.iter().any(|socket| Path::new(socket).exists()),
            advice: "Install and start BlueZ: apt install bluez.",
        },
    ]
}

/// The radios that this system knows of, by name.
pub(crate) fn radios() -> Vec<String> {
    let Ok(all) = std::fs::read_dir("/sys/class/bluetooth") else { return Vec::new() };
    let names = all.flatten().filter_map(|radio| radio.file_name().into_string().ok());
    // A link of a radio is listed beside it, as "hci0:64".
    let mut names: Vec<String> = names.filter(|name| !name.contains(':')).collect();
    names.sort();
    names
}

/// Whether every Bluetooth radio is switched off, by a key or by software.
fn is_blocked() -> bool {
    let Ok(switches) = std::fs::read_dir("/sys/class/rfkill") else { return false };
    let read = |path: &Path, name: &str| std::fs::read_to_string(path.join(name)).unwrap_or_default();
    let mut bluetooth = switches
        .flatten()
        .map(|switch| switch.path())
        .filter(|path| read(path, "type").trim() == "bluetooth")
        .peekable();
    bluetooth.peek().is_some()
        && bluetooth.all(|path| read(&path, "soft").trim() == "1" || read(&path, "hard").trim() == "1")
}

#[cfg(not(feature = "ble"))]
fn look(_: &Home, _: u64, _: Option<&str>, _: &mut Page) -> Result<Value, Trouble> {
    Ok(Value::Null)
}

/// Looks for the tags of partners, and shows one's own meanwhile where this system can.
#[cfg(feature = "ble")]
fn look(home: &Home, within: u64, adapter: Option<&str>, page: &mut Page) -> Result<Value, Trouble> {
    use std::time::Duration;

    use hazel_cli::meeting::Door;
    use hazel_sync::carrier::ble::BleError;
    use hazel_sync::carrier::ble::central::Central;

    use super::radio;

    let wallet = home.open()?;
    let door = Door::to(&wallet, &wallet.meetable()?)
        .map_err(|error| Trouble::new(Exit::Refused, "meeting_failed", error.to_string()))?;
    let now = wallet.now();
    #[cfg(target_os = "linux")]
    let _shown = {
        use hazel_sync::carrier::ble::{Place, Road, peripheral::Peripheral};
        Peripheral::open(adapter, &radio::tags(&door, now), Place::Company, Road::Channel)
            .map_err(|error| radio::trouble(&error))?
    };
    let central = Central::open(adapter).map_err(|error| radio::trouble(&error))?;
    let mut names = Vec::new();
    for known in door.acquaintances() {
        let limit = Duration::from_secs(
            within.checked_div(door.acquaintances().len() as u64).unwrap_or(within).max(1),
        );
        match central.find(|_, seen| seen.iter().any(|seen| known.is_sought(*seen, now)), limit) {
            Ok(_) => {
                let name = crate::partner::name_of(&wallet.tally(known.tally())?);
                page.under(GOOD, format!("{name} is near."));
                names.push(name);
            }
            Err(BleError::NotFound) => {}
            Err(error) => return Err(radio::trouble(&error)),
        }
    }
    if names.is_empty() {
        page.under(FAINT, "None of your partners shows itself.");
    }
    Ok(json!(names))
}

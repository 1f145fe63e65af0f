//! A chapter over the air, on a machine with two radios: one for each phone. Elsewhere it says what is missing.

use hazel_core::tally::TallyId;
use serde_json::json;

use super::Step;
use super::person::Person;
use crate::command::nearby::{in_the_way, radios};
use crate::trouble::Trouble;

const TITLE: &str = "By Bluetooth";

/// Both have paid something while apart; now their phones are near each other.
pub(super) fn chapter(ana: &mut Person, ben: &mut Person, tally: &TallyId) -> Result<Step, Trouble> {
    let radios = radios();
    let (facts, told) = match (in_the_way(), radios.as_slice()) {
        (Some(missing), _) => (json!({ "met": false }), vec![missing.message]),
        (None, [first, second, ..]) => by_radio(ana, ben, tally, [first, second])?,
        (None, _) => {
            let line = "This machine has one radio, and two phones need two.".into();
            (json!({ "met": false }), vec![line])
        }
    };
    let mut told = told;
    if facts.get("met") != Some(&true.into()) {
        told.push("Nothing was sent. With another machine: “hazel meet PARTNER --ble” on both.".into());
    }
    Ok(Step { title: TITLE, told, facts })
}

#[cfg(not(feature = "ble"))]
fn by_radio(
    _: &mut Person,
    _: &mut Person,
    _: &TallyId,
    _: [&String; 2],
) -> Result<(serde_json::Value, Vec<String>), Trouble> {
    Ok((json!({ "met": false }), Vec::new()))
}

#[cfg(feature = "ble")]
fn by_radio(
    ana: &mut Person,
    ben: &mut Person,
    tally: &TallyId,
    radios: [&String; 2],
) -> Result<(serde_json::Value, Vec<String>), Trouble> {
    use std::thread;
    use std::time::Duration;

    use hazel_cli::meeting::Report;
    use hazel_core::units::Units;
    use hazel_core::wallet::Wallet;

    use crate::command::host::Host;
    use crate::command::radio;
    use crate::edge::Stopwatch;
    use crate::trouble::Exit;

    const LIMIT: Duration = Duration::from_secs(120);

    let meet = |wallet: &mut Wallet, radio: &str| -> Result<Report, Trouble> {
        let view = wallet.tally(tally)?;
        let met = radio::meet(&Host::new(LIMIT, false), wallet, Some(&view), Some(radio))?;
        let (_, visit) = met.ok_or_else(|| {
            Trouble::new(Exit::Machine, "nobody_came", "The two radios did not find each other.")
        })?;
        Ok(visit.end(wallet)?)
    };
    ana.pay(tally, Units::new(1_000), "by radio")?;
    ben.pay(tally, Units::new(1_000), "by radio")?;
    let (watch, [first, second]) = (Stopwatch::start(), radios);
    let (ana, ben) = (ana.wallet()?, ben.wallet()?);
    let (waited, called) = thread::scope(|scope| {
        let one = scope.spawn(|| meet(ana, first));
        let other = meet(ben, second);
        (one.join(), other)
    });
    let fell = || Trouble::new(Exit::Defect, "defect", "Ana's side of the meeting fell.");
    let (ana, ben) = (waited.map_err(|_| fell())??, called?);
    if !ana.in_sync() || !ben.in_sync() {
        let told = format!("The two did not come to the same end by radio: {:?}, {:?}.", ana.end, ben.end);
        return Err(Trouble::new(Exit::Unsound, "demo", told));
    }
    let letters = ana.delivered.saturating_add(ben.delivered);
    let told = vec![
        "Both pay 1.00 while apart. Then each phone is seen and looks, by turns, until they find each other."
            .into(),
        format!("→ In sync over the air ({first} and {second}): {letters} letters. No pairing, no network."),
    ];
    let took = u64::try_from(watch.passed().as_millis()).unwrap_or(u64::MAX);
    Ok((json!({ "met": true, "letters": letters, "milliseconds": took }), told))
}

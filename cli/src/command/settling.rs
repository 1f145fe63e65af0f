//! What is settled on an open tally beside payments: a debt is called, a wish for lifts is set.

use hazel_core::chit::Variables;
use hazel_core::units::Units;
use serde_json::json;

use super::opening::parse_limit;
use crate::calendar::{day, last_second, parse_day, stamp};
use crate::home::Home;
use crate::lettering::{FAINT, GOOD, WARN};
use crate::page::Page;
use crate::partner::{chit_id, find, name_of};
use crate::screen::Answer;
use crate::trouble::Trouble;

/// Ask your partner to bring the debt down by a day
///
/// A call is signed and stays on the tally. It moves no balance, lowers no limit and ends nothing: it says what you
/// expect, and when you said it.
#[derive(Debug, clap::Args)]
pub(crate) struct Call {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// What may remain of the debt
    #[arg(value_name = "DOWN TO", value_parser = parse_limit, default_value = "0")]
    down_to: Units,
    /// By the end of this day (2026-12-24)
    #[arg(long, value_name = "DAY")]
    by: String,
}

impl Call {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let by = last_second(parse_day(&self.by)?);
        if by < wallet.now() {
            return Err(Trouble::usage(format!("The day {} is over.", day(by))));
        }
        let chit = wallet.call(&view.id, self.down_to, by)?;
        let name = name_of(&view);
        let mut page = Page::new();
        page.styled(
            GOOD,
            format!("Signed: you ask {name} to bring the debt down to {} by {}.", self.down_to, day(by)),
        );
        if view.balance <= self.down_to {
            page.styled(WARN, format!("{name} owes you no more than that: {}.", view.balance.or_zero()));
        }
        page.say(format!("Hand it over: hazel outbox {name}"));
        let json = json!({
            "tally": view.id.to_string(), "partner": view.name, "id": chit_id(&chit),
            "down_to": self.down_to.to_string(), "by": stamp(by), "balance": view.balance.to_string(),
        });
        Ok(Answer::new(json, page))
    }
}

/// Set what you would like to hold on a tally, or show it
///
/// These are wishes for lifts, which settle debts in a circle. They bind no payment and change no limit. A rate is what
/// you ask for moving the balance, in per cent; below zero you would pay for it. What is not named stays as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// The balance you would like to have
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    target: Option<Units>,
    /// The balance you will not go beyond
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    bound: Option<Units>,
    /// What you ask for moving away from the target
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true, value_parser = parse_rate)]
    reward: Option<i32>,
    /// What you ask for moving back towards it
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true, value_parser = parse_rate)]
    clutch: Option<i32>,
}

impl Set {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let before = wallet.variables(&view.id)?;
        let after = Variables {
            target: self.target.unwrap_or(before.target),
            bound: self.bound.unwrap_or(before.bound),
            reward: self.reward.unwrap_or(before.reward),
            clutch: self.clutch.unwrap_or(before.clutch),
        };
        let chit = if after == before { None } else { Some(wallet.set_variables(&view.id, after)?) };
        let name = name_of(&view);
        let mut page = Page::new();
        if chit.is_some() {
            page.styled(GOOD, format!("Signed, for your tally with {name}:"));
        } else {
            page.say(format!("On your tally with {name}:"));
        }
        page.say(format!("Target {}, bound {}.", after.target, after.bound));
        page.say(format!(
            "You ask {} for moving away from the target, {} for moving back.",
            percent(after.reward),
            percent(after.clutch)
        ));
        if chit.is_some() {
            page.say(format!("Hand it over: hazel outbox {name}"));
        } else {
            page.styled(FAINT, "Nothing was changed. See “hazel set --help”.");
        }
        let json = json!({
            "tally": view.id.to_string(), "partner": view.name, "id": chit.as_ref().map(chit_id),
            "target": after.target.to_string(), "bound": after.bound.to_string(),
            "reward_ppm": after.reward, "clutch_ppm": after.clutch,
        });
        Ok(Answer::new(json, page))
    }
}

/// Reads per cent as parts per million: "0.5" is 5,000.
fn parse_rate(text: &str) -> Result<i32, String> {
    let wrong =
        || format!("“{text}” is no rate; write per cent from -100 to 100, with at most three decimals");
    let thousandths = text.parse::<Units>().map_err(|_| wrong())?.milli();
    let ppm = thousandths.checked_mul(10).and_then(|ppm| i32::try_from(ppm).ok()).ok_or_else(wrong)?;
    Some(ppm).filter(|ppm| (-1_000_000..=1_000_000).contains(ppm)).ok_or_else(wrong)
}

/// Parts per million as per cent. A partner's program may write finer ones than are read here; four decimals show them all.
fn percent(ppm: i32) -> String {
    let (sign, ppm) = (if ppm < 0 { "-" } else { "" }, ppm.unsigned_abs());
    let decimals = format!("{:04}", ppm % 10_000);
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{decimals} %", ppm / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_back() {
        for (text, ppm, shown) in [
            ("0", 0, "0 %"),
            ("0.5", 5_000, "0.5 %"),
            ("-1.25", -12_500, "-1.25 %"),
            ("0.001", 10, "0.001 %"),
            ("100", 1_000_000, "100 %"),
        ] {
            assert_eq!(parse_rate(text), Ok(ppm), "{text}");
            assert_eq!(percent(ppm), shown);
        }
        assert_eq!(percent(1), "0.0001 %");
        for text in ["100.001", "-101", "much", "0.0001", ""] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }
}

//! Payment requests of the existing software: unsigned, without expiry, and often without the payee.

use serde::Deserialize;
use serde_json::Value;

use super::fields::{Number, parse, plain};
use super::query::Query;
use super::{HOST, address, encoded};
use crate::refusal::Reason;

/// Amounts beyond this are not exact in the software that issues them.
const MOST_UNITS: u64 = 1 << 53;
const LONGEST_MEMO: usize = 2_048;
const LONGEST_REF: usize = 2_048;

/// Somebody asks to be paid by whoever reads this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayRequest {
    /// The payee's id at the agent.
    pub cuid: String,
    /// The payee's agent.
    pub agent: String,
    /// MilliCHIPs; none leaves the amount to the payer.
    pub units: Option<u64>,
    /// The payee's reference as JSON text, to be handed back unchanged in meaning.
    pub reference: Option<String>,
    /// What it is for. Unsigned text by a stranger.
    pub memo: Option<String>,
}

impl PayRequest {
    /// The link as the existing sites mean to write it, with everything escaped.
    #[must_use]
    pub fn link(&self) -> String {
        let mut link = format!("https://{HOST}/pay?chad={}%3A{}", encoded(&self.cuid), encoded(&self.agent));
        if let Some(units) = self.units {
            link.push_str(&format!("&units={units}"));
        }
        for (name, value) in [("ref", &self.reference), ("memo", &self.memo)] {
            if let Some(value) = value {
                link.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        link
    }
}

/// A request's fields as they came.
#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    chad: Option<Payee>,
    units: Option<Number>,
    #[serde(rename = "ref")]
    reference: Option<Value>,
    memo: Option<String>,
}

/// `CUID:AGENT` in links, an object in records.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Payee {
    Text(String),
    Fields { cuid: Option<String>, agent: Option<String> },
}

impl Payee {
    fn read(self) -> Result<(String, String), Reason> {
        let (cuid, agent) = match self {
            Self::Text(text) => {
                let (cuid, agent) = text.split_once(':').ok_or(Reason::Malformed("chad"))?;
                (Some(cuid.to_owned()), Some(agent.to_owned()))
            }
            Self::Fields { cuid, agent } => (cuid, agent),
        };
        match address::cuid_of(cuid) {
            Ok(cuid) if cuid == "undefined" => Err(Reason::PayeeMissing),
            Ok(cuid) => Ok((cuid, address::agent_of(agent)?)),
            Err(Reason::Missing(_)) => Err(Reason::PayeeMissing),
            Err(other) => Err(other),
        }
    }
}

impl Fields {
    pub(super) fn read(self) -> Result<PayRequest, Reason> {
        let (cuid, agent) = self.chad.ok_or(Reason::PayeeMissing)?.read()?;
        let units = match self.units {
            None => None,
            // What a template prints for a number that it does not have.
            Some(Number::Quoted(text)) if text == "undefined" => None,
            Some(number) => {
                let units = number.value().filter(|units| (1..=MOST_UNITS).contains(units));
                Some(units.ok_or(Reason::Malformed("units"))?)
            }
        };
        let reference =
            match self.reference.filter(|reference| !reference.is_null()).map(|value| value.to_string()) {
                Some(text) if text.len() > LONGEST_REF => return Err(Reason::Malformed("ref")),
                reference => reference,
            };
        let memo = match self.memo.filter(|memo| !memo.is_empty()) {
            Some(memo) => Some(plain(Some(memo), "memo", LONGEST_MEMO)?),
            None => None,
        };
        Ok(PayRequest { cuid, agent, units, reference, memo })
    }
}

pub(super) fn from_query(query: &Query<'_>) -> Result<Fields, Reason> {
    let chad = match query.value("chad") {
        Some(json) if json.starts_with('{') => Some(parse(json).map_err(|_| Reason::Malformed("chad"))?),
        chad => chad.map(|text| Payee::Text(text.to_owned())),
    };
    let reference = match query.value("ref") {
        None | Some("undefined") => None,
        Some(json) => Some(parse(json).map_err(|reason| match reason {
            Reason::TooDeep(_) => reason,
            _ => Reason::Malformed("ref"),
        })?),
    };
    Ok(Fields { chad, units: query.text("units").map(Number::Quoted), reference, memo: query.text("memo") })
}

//! Errands: what a partner must be told goes along with somebody who will meet them.

use hazel_core::errand::Verdict;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{ErrandNews, ErrandView, TallyView, Wallet};
use serde_json::{Value, json};

use super::exchange::change_words;
use crate::calendar::{minute, parse_span};
use crate::home::Home;
use crate::lettering::{BAD, FAINT, GOOD, PLAIN, WARN, count};
use crate::page::Page;
use crate::partner::{find, find_errand, name_of, short};
use crate::screen::Answer;
use crate::table::{Column, Table};
use crate::trouble::{Exit, Trouble};

/// Send something along with a partner who will meet the one it is for
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ErrandCommand {
    #[command(after_help = "Example:\n  hazel errand give Ben --by Carpenter --for 14d")]
    Give(Give),
    #[command(after_help = "Example:\n  hazel errand list")]
    List(List),
    #[command(after_help = "Examples:\n  hazel errand carry on\n  hazel errand carry off")]
    Carry(Carry),
    #[command(after_help = "Example:\n  hazel errand drop 1a2b3c4d")]
    Drop(Drop),
}

impl ErrandCommand {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        match self {
            Self::Give(give) => give.run(home),
            Self::List(list) => list.run(home),
            Self::Carry(carry) => carry.run(home),
            Self::Drop(drop) => drop.run(home),
        }
    }
}

/// Seal what one partner must be told, for another to carry; it goes along when you meet the carrier
#[derive(Debug, clap::Args)]
pub(crate) struct Give {
    /// Whom it is for
    to: String,
    /// Who carries it: somebody whom you will meet first, and who will meet the other
    #[arg(long, value_name = "PARTNER")]
    by: String,
    /// Carried for so long at most, such as 12h, 7d or 2w
    #[arg(long = "for", value_parser = parse_span, default_value = "7d", value_name = "TIME")]
    lasts: u64,
}

impl Give {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let (to, by) = (find(&wallet, &self.to)?, find(&wallet, &self.by)?);
        let given = wallet.give_errand(&to.id, &by.id, self.lasts)?;
        let mut page = Page::new();
        match &given {
            Some(errand) => {
                page.styled(
                    GOOD,
                    format!("An errand for {} is ready. ({})", name_of(&to), short(&errand.id)),
                );
                page.say(format!("{} takes it along when you meet: hazel meet", name_of(&by)));
                page.styled(
                    FAINT,
                    format!("It is sealed: {} sees how long it is, and no more.", name_of(&by)),
                );
            }
            None => {
                page.say(format!("There is nothing to tell {}.", name_of(&to)));
            }
        }
        Ok(Answer::new(json!({ "errand": given.as_ref().map(record) }), page))
    }
}

/// Which errands others carry for you, and which you carry
#[derive(Debug, clap::Args)]
pub(crate) struct List {}

impl List {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let wallet = home.open()?;
        let (errands, views, carries) = (wallet.errands()?, wallet.tallies()?, wallet.carries_errands()?);
        let mut page = Page::new();
        page.say(if carries {
            "This wallet takes errands along for your partners."
        } else {
            "This wallet takes no errands along: hazel errand carry on"
        });
        if !errands.is_empty() {
            page.table(table(&errands, &views));
        }
        let list: Vec<Value> = errands.iter().map(record).collect();
        Ok(Answer::new(json!({ "carries": carries, "errands": list }), page))
    }
}

/// Say whether this wallet takes errands along for your partners
#[derive(Debug, clap::Args)]
pub(crate) struct Carry {
    /// From now on, or no longer; what was promised is carried either way
    #[arg(value_enum)]
    carries: OnOff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OnOff {
    On,
    Off,
}

impl Carry {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let on = self.carries == OnOff::On;
        wallet.carry_errands(on)?;
        let mut page = Page::new();
        if on {
            page.styled(GOOD, "This wallet takes errands along for your partners: sealed letters, up to 64.");
            page.styled(FAINT, "You cannot read them. They go to whom they are for when you meet.");
        } else {
            page.say("This wallet takes no more errands along. Those it has it still hands over.");
        }
        Ok(Answer::new(json!({ "carries": on }), page))
    }
}

/// Forget an errand: yours is not given any more, another's is not carried any more
#[derive(Debug, clap::Args)]
pub(crate) struct Drop {
    /// The beginning of its id
    errand: String,
}

impl Drop {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let errand = find_errand(&wallet, &self.errand)?;
        if errand.addressee.is_some() && errand.said == Some(Verdict::Carried) {
            return Err(Trouble::new(Exit::Refused, "errand_gone", "This errand has gone along already.")
                .advise("It does no harm: what is in it is told only once."));
        }
        wallet.drop_errand(&errand.id)?;
        let mut page = Page::new();
        page.say(format!("Errand {} is forgotten.", short(&errand.id)));
        Ok(Answer::new(json!({ "errand": record(&errand) }), page))
    }
}

fn named(views: &[TallyView], id: &TallyId) -> String {
    views.iter().find(|view| view.id == *id).map_or_else(|| short(id), name_of)
}

fn table(errands: &[ErrandView], views: &[TallyView]) -> Table {
    let mut table = Table::new(&[
        ("errand", Column::Left),
        ("what it is", Column::Giving),
        ("bytes", Column::Right),
        ("until", Column::Left),
    ]);
    for errand in errands {
        let with = named(views, &errand.with);
        let what = match &errand.addressee {
            Some(to) => format!("for {}: {}", named(views, to), said_words(errand.said, &with)),
            None => format!("given by {with}: sealed"),
        };
        table.styled(PLAIN, [short(&errand.id), what, errand.bytes.to_string(), minute(errand.expires)]);
    }
    table
}

/// What a carrier has said to an errand of mine.
fn said_words(said: Option<Verdict>, with: &str) -> String {
    match said {
        None => format!("waits until you meet {with}"),
        Some(Verdict::Arrived) => format!("{with} has it"),
        Some(Verdict::Carried) => format!("{with} carries it"),
        Some(Verdict::NotCarrying) => format!("{with} takes no errands along"),
        Some(Verdict::Full) => format!("{with} carries all that goes"),
        Some(Verdict::FullForGiver) => format!("{with} carries eight of yours already"),
        Some(Verdict::TooLong) => "too long to be carried".to_owned(),
        Some(Verdict::Expired) => format!("its time was over by the clock of {with}"),
        Some(Verdict::TooFarAhead) => format!("too far ahead by the clock of {with}"),
        Some(Verdict::Spoilt) => "it arrived spoilt".to_owned(),
    }
}

fn record(errand: &ErrandView) -> Value {
    json!({
        "id": errand.id.to_string(), "with": errand.with.to_string(),
        "for": errand.addressee.map(|to| to.to_string()),
        "said": errand.said.map(Verdict::name), "expires": errand.expires, "bytes": errand.bytes,
    })
}

/// What happened to errands in a meeting, for the screen and for programs.
pub(super) fn told(
    wallet: &Wallet,
    name: &str,
    news: &[ErrandNews],
    page: &mut Page,
) -> Result<Vec<Value>, Trouble> {
    let mut list = Vec::new();
    let (mut taken, mut handed) = (0_usize, 0_usize);
    for news in news {
        match news {
            ErrandNews::OfMine(id, Verdict::Carried) => {
                page.under(GOOD, format!("{name} takes your errand {} along.", short(id)));
                list.push(json!({ "errand": id.to_string(), "said": Verdict::Carried.name() }));
            }
            ErrandNews::OfMine(id, verdict) => {
                page.under(WARN, format!("Errand {}: {}.", short(id), said_words(Some(*verdict), name)));
                list.push(json!({ "errand": id.to_string(), "said": verdict.name() }));
            }
            ErrandNews::OfPartner(_, Verdict::Carried) => taken = taken.saturating_add(1),
            ErrandNews::OfPartner(..) => {}
            ErrandNews::HandedOver(..) => handed = handed.saturating_add(1),
            ErrandNews::ForMe(delivery) => {
                let view = wallet.tally(&delivery.tally)?;
                let from = name_of(&view);
                page.under(GOOD, format!("{name} has brought you something from {from}."));
                for change in &delivery.changes {
                    let (style, words) = change_words(change, &view, &from);
                    page.under(style, words);
                }
                for rejected in &delivery.rejected {
                    page.under(BAD, format!("Not let in: {}.", rejected.refusal));
                }
                list.push(json!({ "from": view.name, "delivery": crate::record::delivery(delivery) }));
            }
        }
    }
    if taken > 0 {
        page.under(GOOD, format!("You take {} along for {name}.", count(taken, "errand", "errands")));
        list.push(json!({ "taken_along": taken }));
    }
    if handed > 0 {
        page.under(GOOD, format!("You have handed {} to {name}.", count(handed, "errand", "errands")));
        list.push(json!({ "handed_over": handed }));
    }
    Ok(list)
}

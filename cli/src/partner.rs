//! How a person names things: a tally by its partner or the beginning of its id, a payment or invoice by the beginning of its id.

use hazel_core::chit::ChitRef;
use hazel_core::invoice::{InvoiceId, InvoiceState};
use hazel_core::negotiation::TallyState;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{ChitView, ErrandView, Filter, InvoiceView, TallyView, Wallet};

use crate::trouble::Trouble;

/// Letters of an id that a screen shows.
const SHOWN: usize = 8;

/// The beginning of an id, enough to tell it from others.
pub(crate) fn short(id: &impl ToString) -> String {
    id.to_string().chars().take(SHOWN).collect()
}

/// What a tally is called on a screen.
pub(crate) fn name_of(view: &TallyView) -> String {
    if view.name.is_empty() { format!("(ticket {})", short(&view.id)) } else { view.name.clone() }
}

/// Finds the tally a person means.
pub(crate) fn find(wallet: &Wallet, wanted: &str) -> Result<TallyView, Trouble> {
    let all = wallet.tallies()?;
    let lower = wanted.to_lowercase();
    let by_id = |view: &&TallyView| lower.len() >= 4 && view.id.to_string().starts_with(&lower);
    let by_name = |view: &&TallyView| view.name.to_lowercase() == lower;
    let by_beginning = |view: &&TallyView| !lower.is_empty() && view.name.to_lowercase().starts_with(&lower);
    let mut found: Vec<&TallyView> = Vec::new();
    for matches in [&by_name as &dyn Fn(&&TallyView) -> bool, &by_id, &by_beginning] {
        found = all.iter().filter(|view| matches(view)).collect();
        if !found.is_empty() {
            break;
        }
    }
    // An old tally with the same partner does not get in the way of the present one.
    let living: Vec<&TallyView> = found.iter().copied().filter(|view| !is_over(view.state)).collect();
    let found = if living.is_empty() { found } else { living };
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Trouble::unknown(format!("No tally here is called “{wanted}”."))
            .advise("“hazel tally list” shows all; name one by its partner or the beginning of its id.")),
        many => {
            let ids: Vec<String> =
                many.iter().map(|view| format!("{} ({})", short(&view.id), view.state)).collect();
            Err(Trouble::unknown(format!("“{wanted}” can be any of {}.", ids.join(", ")))
                .advise("Name it by the beginning of its id."))
        }
    }
}

const fn is_over(state: TallyState) -> bool {
    matches!(state, TallyState::Refused | TallyState::Expired | TallyState::Closed)
}

/// Finds the invoice a person means, on one tally or on all.
pub(crate) fn find_invoice(
    wallet: &mut Wallet,
    on: Option<&TallyId>,
    wanted: &str,
) -> Result<InvoiceView, Trouble> {
    let tallies = match on {
        Some(tally) => vec![*tally],
        None => wallet.tallies()?.iter().map(|view| view.id).collect(),
    };
    let lower = wanted.to_lowercase();
    let mut found = Vec::new();
    for tally in tallies {
        found.extend(
            wallet.invoices(&tally)?.into_iter().filter(|invoice| invoice.id.to_string().starts_with(&lower)),
        );
    }
    one("invoice", wanted, found)
}

/// The open invoices that wait for me on a tally.
pub(crate) fn asked_of_me(wallet: &mut Wallet, tally: &TallyId) -> Result<Vec<InvoiceView>, Trouble> {
    let open = |invoice: &InvoiceView| !invoice.mine && invoice.state == InvoiceState::Issued;
    Ok(wallet.invoices(tally)?.into_iter().filter(open).collect())
}

/// Finds the chit a person means.
pub(crate) fn find_chit(wallet: &mut Wallet, tally: &TallyId, wanted: &str) -> Result<ChitView, Trouble> {
    let lower = wanted.to_lowercase();
    let all = wallet.history(tally, &Filter { most: usize::MAX, ..Filter::default() })?;
    one("payment", wanted, all.into_iter().filter(|view| chit_id(&view.chit).starts_with(&lower)).collect())
}

/// The id of a chit: its hash.
/// Finds the errand a person means, by the beginning of its id.
pub(crate) fn find_errand(wallet: &Wallet, wanted: &str) -> Result<ErrandView, Trouble> {
    let lower = wanted.to_lowercase();
    let found = wallet.errands()?.into_iter().filter(|errand| errand.id.to_string().starts_with(&lower));
    one("errand", wanted, found.collect())
        .map_err(|error| error.advise("“hazel errand list” shows their ids."))
}

pub(crate) fn chit_id(chit: &ChitRef) -> String {
    chit.hash.to_string()
}

pub(crate) fn invoice_id(id: &InvoiceId) -> String {
    id.to_string()
}

fn one<T>(what: &str, wanted: &str, mut found: Vec<T>) -> Result<T, Trouble> {
    match (found.pop(), found.is_empty(), wanted.len() >= 4) {
        (Some(one), true, true) => Ok(one),
        (Some(_), _, true) => Err(Trouble::unknown(format!(
            "More than one {what} begins with “{wanted}”; write more of its id."
        ))),
        (_, _, false) => Err(Trouble::unknown(format!("Write at least four letters of the {what}'s id."))),
        (None, ..) => Err(Trouble::unknown(format!("There is no {what} “{wanted}” here."))
            .advise("“hazel history” and “hazel attention” show their ids.")),
    }
}

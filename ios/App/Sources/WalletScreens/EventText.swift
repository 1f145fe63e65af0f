import HazelBridge

/// An event in words, for a notification or a line at the top of a screen.
public func text(of event: Event, partner: String) -> Phrase {
    let known: Set<String> = [
        "chain_forked", "chit_received", "held", "invoice_answered", "order_forked", "payment_asked", "reconciled", "tally_closed",
        "tally_closing", "tally_offered", "tally_opened", "tally_refused", "tally_requested",
    ]
    return known.contains(event.code) ? Phrase("event_" + event.code, partner) : Phrase("event_other", partner)
}

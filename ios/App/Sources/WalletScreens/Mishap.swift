import HazelBridge
import HazelWallet

/// What a person reads when something was not done: whose fault it is, and what to do, in their language.
public struct Mishap: Hashable, Sendable {
    public let text: Phrase
    /// An English line under it, only where the text cannot say it all: for a photo sent to whoever can help.
    public let detail: String?

    /// Codes that have a text of their own, `error_` and the code.
    public static let known: Set<String> = [
        "amount", "bad_host", "bad_link", "bad_peer", "bad_signature", "bad_ticket", "busy", "cancelled", "channel_lost", "closed",
        "closing", "codes_differ", "corrupt", "device_first", "disk_failed", "disk_full", "earlier_first", "expired", "invalidated",
        "invoice_over", "key_store_failed", "late", "link_lost", "locked_out", "needs_network", "newer", "no_root", "no_site",
        "no_site_ticket", "nobody_yet", "not_a_backup", "not_a_wallet", "not_enrolled", "not_for_us", "not_my_payment", "not_open",
        "offers_used_up", "other_tally", "out_of_place", "over_allowance", "over_limit", "own_hand_over", "reconciling", "revoked",
        "suspended", "terms_used_up", "too_long", "unknown", "unreachable", "unreachable_site", "unreadable", "unwelcome", "used",
        "words", "wrong_file", "wrong_passphrase",
    ]

    public init(_ trouble: Trouble) {
        let largest = trouble["largest"].flatMap { Int64($0) }.map(amount)
        let word = largest ?? trouble["host"] ?? trouble["place"] ?? trouble["from"]
        if Self.known.contains(trouble.code) {
            // Which of the words is mistyped is known only where the count was right.
            let key = trouble.code == "words" && trouble["place"] == nil ? "error_words_count" : "error_" + trouble.code
            text = word.map { Phrase(key, $0) } ?? Phrase(key)
            detail = nil
        } else {
            text = Phrase(Self.family(trouble.culprit))
            detail = "\(trouble.code): \(trouble.detail)"
        }
    }

    public init(_ error: any Error) {
        if let error = error as? HazelError {
            self.init(error.trouble)
        } else {
            self.init(text: Phrase("fault_machine"), detail: "\(error)")
        }
    }

    /// What a screen itself has to say.
    public init(text: Phrase, detail: String? = nil) {
        self.text = text
        self.detail = detail
    }

    private static func family(_ culprit: Culprit) -> String {
        switch culprit {
        case .you: "fault_you"
        case .sender: "fault_sender"
        case .partner: "fault_partner"
        case .machine: "fault_machine"
        case .us: "fault_us"
        case .nobody: "fault_nobody"
        }
    }
}
